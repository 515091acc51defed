using System.Text.Json;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Archiving;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Kubernetes.Reading;
using EtcdBackupAgent.Kubernetes.Workloads;
using Xunit;

namespace EtcdBackupAgent.Tests.Kubernetes.Workloads;

/// <summary>Compares the objects that are created for a policy and a restore with <c>golden/workloads</c>, byte by
/// byte: every change of them is visible there.</summary>
public sealed class WorkloadTemplateTests
{
    private const string Namespace = "kubedr-system";

    private static readonly PodImage Image = new("registry.example.com/etcd-backup-agent:1.2.3");
    private static readonly JsonSerializerOptions Readable = new()
    {
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static readonly string[] S3Keys =
    [
        "access_key",
        "secret_key",
        "restic_repo_password",
        "ca.crt",
        "client.crt",
        "client.key",
    ];

    private static readonly JsonObject S3 = Item("BackupLocation", "remote-minio", new JsonObject
    {
        ["url"] = "https://minio.example.com:9000",
        ["bucketName"] = "etcd-backups",
        ["credentials"] = "minio-creds",
    });

    private static readonly JsonObject Disk = Item("BackupLocation", "disk", new JsonObject
    {
        ["url"] = "file:///var/backups/etcd",
        ["encryption"] = "None",
    });

    [Fact]
    public async Task The_CronJob_of_kubedrs_policy()
    {
        JsonObject location = (JsonObject)S3.DeepClone();
        location["status"] = new JsonObject
        {
            ["initStatus"] = "Completed",
            ["pinned"] = new JsonObject
            {
                ["repositoryId"] = "0123456789abcdef0123456789abcdef",
                ["recipients"] = new JsonArray("age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"),
                ["pinnedAt"] = "2026-01-01T00:00:00Z",
            },
        };
        BoundPolicy bound = await BindAsync(location, new JsonObject
        {
            ["destination"] = "remote-minio",
            ["certsDir"] = "/etc/kubernetes/pki",
            ["etcdEndpoint"] = "https://127.0.0.1:2379",
            ["etcdCreds"] = "etcd-creds",
            ["schedule"] = "*/10 * * * *",
            ["retainNumBackups"] = 100,
        });

        Check("cronjob.json", WorkloadJob.CronJob(
            Namespace,
            bound.Document,
            new CronJobTiming("*/10 * * * *", TimeZone: null, Suspend: false),
            BackupPod.Labels("test-backup"),
            BackupPod.Template(bound, Image, isScheduled: true)).Json);
    }

    [Fact]
    public async Task The_CronJob_of_a_suspended_policy_that_verifies_with_a_time_zone_and_a_node_label()
    {
        BoundPolicy bound = await BindAsync(S3, new JsonObject
        {
            ["destination"] = "remote-minio",
            ["schedule"] = "0 2 * * *",
            ["timeZone"] = "Europe/Berlin",
            ["verify"] = "AfterBackup",
            ["suspend"] = true,
            ["options"] = new JsonObject { ["master-node-label-name"] = "example.com/control-plane" },
        });

        Check("cronjob-verifying.json", WorkloadJob.CronJob(
            Namespace,
            bound.Document,
            new CronJobTiming("0 2 * * *", "Europe/Berlin", Suspend: true),
            BackupPod.Labels("test-backup"),
            BackupPod.Template(bound, Image, isScheduled: true)).Json);
    }

    [Fact]
    public async Task The_CronJob_of_objects_runs_on_any_node()
    {
        BoundPolicy bound = await BindAsync(S3, new JsonObject
        {
            ["destination"] = "remote-minio",
            ["source"] = "Objects",
            ["objects"] = new JsonObject { ["namespaces"] = new JsonArray("team-*") },
            ["schedule"] = "0 2 * * *",
        });

        Check("cronjob-objects.json", WorkloadJob.CronJob(
            Namespace,
            bound.Document,
            new CronJobTiming("0 2 * * *", TimeZone: null, Suspend: false),
            BackupPod.Labels("test-backup"),
            BackupPod.Template(bound, Image, isScheduled: true)).Json);
    }

    [Fact]
    public async Task The_Deployment_of_a_change_log()
    {
        BoundPolicy bound = await BindAsync(S3, new JsonObject
        {
            ["destination"] = "remote-minio",
            ["certsDir"] = "/etc/kubernetes/pki",
            ["schedule"] = "0 2 * * *",
            ["changeLog"] = new JsonObject { ["closeEvery"] = "10s" },
        });

        Check("deployment.json", ChangeLog(bound).Json);
    }

    [Fact]
    public async Task The_pod_of_a_change_log_is_that_of_a_backup_with_another_verb()
    {
        BoundPolicy bound = await BindAsync(S3, new JsonObject
        {
            ["destination"] = "remote-minio",
            ["verify"] = "AfterBackup",
            ["changeLog"] = new JsonObject(),
            ["options"] = new JsonObject { ["master-node-label-name"] = "example.com/control-plane" },
        });
        JsonObject backup = (JsonObject)BackupPod.Template(bound, Image, isScheduled: true)["spec"]!;

        JsonObject pod = PodOf(ChangeLog(bound).Json);

        Assert.True(
            (long)pod["terminationGracePeriodSeconds"]! > ArchiveRun.StopTimeout.TotalSeconds,
            "The last segment must be stored before the pod is killed.");
        Assert.Equal("Always", (string?)pod["restartPolicy"]);
        JsonNode container = pod["containers"]![0]!;
        Assert.Equal(("changelog", "archive"), ((string?)container["name"], (string?)container["args"]![0]));
        pod.Remove("terminationGracePeriodSeconds");
        pod["restartPolicy"] = "Never";
        container["name"] = "backup";
        container["args"]![0] = "backup";
        Assert.Equal(backup.ToJsonString(), pod.ToJsonString());
    }

    [Fact]
    public async Task The_Job_of_one_backup_into_a_directory_without_TLS()
    {
        BoundPolicy bound = await BindAsync(
            Disk, new JsonObject { ["destination"] = "disk", ["etcdEndpoint"] = "http://127.0.0.1:2379" });

        Check("job-directory.json", WorkloadJob.Job(
            Namespace,
            "test-backup-backup-1f2e3d4c",
            WorkloadJob.Owner(ClusterKinds.Policy, bound.Document),
            BackupPod.Labels("test-backup"),
            BackupPod.Template(bound, Image, isScheduled: false)));
    }

    [Fact]
    public async Task The_Job_of_a_restore_from_a_bucket() => Check("restore.json", await RestoreAsync(S3));

    [Fact]
    public async Task The_Job_of_a_restore_from_a_directory() =>
        Check("restore-directory.json", await RestoreAsync(Disk));

    [Fact]
    public async Task The_Job_of_a_restore_of_objects() => Check("restore-objects.json", await RestoreAsync(
        Disk,
        new JsonObject
        {
            ["objects"] = new JsonObject
            {
                ["serviceAccountName"] = "object-restore",
                ["labelSelector"] = "$(ETCD_BACKUP_PASSPHRASE)",
                ["patches"] = new JsonObject { ["name"] = "changes", ["key"] = "modifiers.yaml" },
                ["encryptionConfig"] = new JsonObject { ["name"] = "encryption", ["key"] = "config.yaml" },
            },
        }));

    /// <summary>Kubernetes would expand a variable in an argument.</summary>
    [Fact]
    public async Task No_field_of_a_restore_of_objects_is_an_argument_of_its_pod()
    {
        JsonObject pod = PodOf(await RestoreAsync(S3, new JsonObject
        {
            ["objects"] = new JsonObject
            {
                ["serviceAccountName"] = "object-restore",
                ["resources"] = new JsonArray("$(ETCD_BACKUP_PASSPHRASE)"),
                ["namespaces"] = new JsonArray("$(ETCD_BACKUP_PASSPHRASE)"),
                ["labelSelector"] = "$(ETCD_BACKUP_PASSPHRASE)",
            },
        }));

        AssertJson("""["objects","restore","--restore","restore-test"]""", pod["containers"]![0]!["args"]);
        AssertJson("""{"drop":["ALL"]}""", pod["containers"]![0]!["securityContext"]!["capabilities"]);
        Assert.DoesNotContain("persistentVolumeClaim", pod.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_Job_of_a_restore_that_runs_as_the_user_of_the_volume()
    {
        JsonObject pod = PodOf(await RestoreAsync(S3, new JsonObject
        {
            ["securityContext"] = new JsonObject
            {
                ["runAsUser"] = 1000L,
                ["runAsGroup"] = 1001L,
                ["fsGroup"] = 1002L,
                ["supplementalGroups"] = new JsonArray(1003L),
            },
        }));

        AssertJson(
            """
            {"runAsUser":1000,"runAsGroup":1001,"fsGroup":1002,"supplementalGroups":[1003],"runAsNonRoot":true,
            "seccompProfile":{"type":"RuntimeDefault"}}
            """,
            pod["securityContext"]);
        // Only root can use capabilities.
        AssertJson("""{"drop":["ALL"]}""", pod["containers"]![0]!["securityContext"]!["capabilities"]);
    }

    [Fact]
    public async Task A_restore_with_a_group_for_the_volume_still_runs_as_root()
    {
        JsonObject pod = PodOf(await RestoreAsync(
            S3, new JsonObject { ["securityContext"] = new JsonObject { ["fsGroup"] = 2000L } }));

        AssertJson(
            """{"runAsUser":0,"fsGroup":2000,"seccompProfile":{"type":"RuntimeDefault"}}""", pod["securityContext"]);
        AssertJson(
            """{"drop":["ALL"],"add":["CHOWN","FOWNER"]}""",
            pod["containers"]![0]!["securityContext"]!["capabilities"]);
    }

    [Fact]
    public async Task A_restore_from_a_directory_runs_on_the_node_of_the_controller()
    {
        JsonObject pod = PodOf(await RestoreAsync(Disk, image: Image with { Node = "control-2" }));

        AssertJson(
            """[{"matchFields":[{"key":"metadata.name","operator":"In","values":["control-2"]}]}]""",
            pod["affinity"]!["nodeAffinity"]!["requiredDuringSchedulingIgnoredDuringExecution"]!["nodeSelectorTerms"]);
        Assert.Equal(
            PodOf(await RestoreAsync(S3)).ToJsonString(),
            PodOf(await RestoreAsync(S3, image: Image with { Node = "control-2" })).ToJsonString());
    }

    [Fact]
    public async Task A_restore_runs_on_the_nodes_that_it_names()
    {
        foreach (JsonObject location in new[] { S3, Disk })
        {
            JsonObject pod = PodOf(await RestoreAsync(
                location,
                new JsonObject { ["nodeSelector"] = new JsonObject { ["kubernetes.io/hostname"] = "control-3" } },
                Image with { Node = "control-2" }));

            AssertJson("""{"kubernetes.io/hostname":"control-3"}""", pod["nodeSelector"]);
            Assert.Null(pod["affinity"]);
            Assert.NotNull(pod["tolerations"]);
        }
    }

    [Fact]
    public async Task A_restore_uses_the_node_label_of_the_policy_that_made_the_backup()
    {
        JsonObject pod = PodOf(await RestoreAsync(Disk, label: "example.com/control-plane"));

        Assert.Contains("example.com/control-plane", pod["affinity"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.Contains("example.com/control-plane", pod["tolerations"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal("example.com/control-plane", PodPlacement.Label(new PolicyObject(Item(
            "MetadataBackupPolicy",
            "p",
            new JsonObject
            {
                ["options"] = new JsonObject { ["master-node-label-name"] = "example.com/control-plane" },
            }))));
        Assert.Equal(PodPlacement.LabelDefault, PodPlacement.Label((PolicyObject?)null));
    }

    [Fact]
    public async Task The_pods_use_the_proxies_of_the_controller_and_read_a_password_only_from_a_Secret()
    {
        PodImage image = Image with
        {
            Proxies = new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["HTTPS_PROXY"] = "http://me:hidden@proxy:3128",
                ["HTTP_PROXY"] = "http://proxy:3128",
                ["NO_PROXY"] = "10.0.0.0/8,.svc",
            },
        };
        BoundPolicy bound = await BindAsync(S3, new JsonObject { ["destination"] = "remote-minio" });
        foreach (JsonObject pod in new[]
        {
            (JsonObject)BackupPod.Template(bound, image, isScheduled: true)["spec"]!,
            PodOf(await RestoreAsync(S3, image: image)),
        })
        {
            JsonObject[] variables =
            [
                .. pod["containers"]![0]!["env"]!.AsArray().OfType<JsonObject>()
                    .Where(variable => ((string)variable["name"]!).EndsWith("_PROXY", StringComparison.Ordinal)),
            ];
            Assert.Equal(
                [
                    """{"name":"HTTPS_PROXY","valueFrom":{"secretKeyRef":{"name":"etcd-backup-agent-proxy","key":"HTTPS_PROXY"}}}""",
                    """{"name":"HTTP_PROXY","value":"http://proxy:3128"}""",
                    """{"name":"NO_PROXY","value":"10.0.0.0/8,.svc"}""",
                ],
                variables.Select(variable => variable.ToJsonString()));
            Assert.DoesNotContain("hidden", pod.ToJsonString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task No_template_contains_a_value_of_a_Secret()
    {
        string value = Convert.ToBase64String("of no value"u8);
        foreach (JsonObject location in new[] { S3, Disk })
        {
            BoundPolicy bound = await BindAsync(
                location,
                new JsonObject
                {
                    ["destination"] = (string)location["metadata"]!["name"]!,
                    ["verify"] = location == S3 ? "AfterBackup" : "Never",
                });
            foreach (
                JsonObject template in new[]
                {
                    BackupPod.Template(bound, Image, isScheduled: true),
                    await RestoreAsync(location),
                })
            {
                Assert.DoesNotContain(value, template.ToJsonString(), StringComparison.Ordinal);
                Assert.DoesNotContain("of no value", template.ToJsonString(), StringComparison.Ordinal);
            }
        }
    }

    private static DeploymentObject ChangeLog(BoundPolicy bound) => WorkloadJob.Deployment(
        Namespace,
        bound.Document,
        ClusterNames.ChangeLogOf(bound.Name.Name),
        ChangeLogPod.Labels(bound.Name.Name),
        ChangeLogPod.Template(bound, Image));

    private static JsonObject PodOf(JsonObject job) => (JsonObject)job["spec"]!["template"]!["spec"]!;

    private static void AssertJson(string expected, JsonNode? actual) =>
        Assert.Equal(JsonNode.Parse(expected)!.ToJsonString(), actual?.ToJsonString());

    private static async Task<JsonObject> RestoreAsync(
        JsonObject location, JsonObject? more = null, PodImage? image = null, string label = PodPlacement.LabelDefault)
    {
        JsonObject spec = more ?? [];
        if (spec["objects"] is null)
        {
            spec["pvcName"] = "restored";
        }

        ResourceSet resources = await new ClusterBinding(new GivenSecrets(S3Keys)).BindAsync(
            [new LocationObject(location)], [], CancellationToken.None);
        return WorkloadJob.Job(
            Namespace,
            "restore-test-restore-1f2e3d4c",
            WorkloadJob.Owner(ClusterKinds.Restore, new RestoreObject(Item("MetadataRestore", "restore-test", []))),
            RestorePod.Labels(),
            RestorePod.Template(
                new RestoreObject(Item("MetadataRestore", "restore-test", spec)),
                resources.Locations.Values.Single(),
                label,
                image ?? Image));
    }

    private static async Task<BoundPolicy> BindAsync(JsonObject location, JsonObject spec)
    {
        PolicyObject policy = new(Item("MetadataBackupPolicy", "test-backup", spec));
        BoundPolicy bound = new()
        {
            Document = policy,
            LocationDocument = new LocationObject(location),
            Resources = await new ClusterBinding(new GivenSecrets(S3Keys)).BindAsync(
                [new LocationObject(location)], [policy], CancellationToken.None),
        };
        Assert.Equal("", bound.Errors);
        return bound;
    }

    private static JsonObject Item(string kind, string name, JsonObject spec) => new()
    {
        ["apiVersion"] = "kubedr.catalogicsoftware.com/v1alpha1",
        ["kind"] = kind,
        ["metadata"] = new JsonObject
        {
            ["name"] = name,
            ["namespace"] = Namespace,
            ["uid"] = $"uid-of-{name}",
            ["generation"] = 1,
            ["resourceVersion"] = "42",
        },
        ["spec"] = spec,
    };

    /// <summary>
    /// Compares an object with the golden file. If they differ, writes the object beside the golden file.
    /// </summary>
    private static void Check(string file, JsonObject actual)
    {
        string text = actual.ToJsonString(Readable).ReplaceLineEndings("\n") + "\n";
        string golden = Path.Combine(AppContext.BaseDirectory, "golden", "workloads", file);
        string expected = File.Exists(golden) ? File.ReadAllText(golden) : "";
        if (text != expected)
        {
            File.WriteAllText($"{golden}.actual", text);
        }

        Assert.Equal(expected, text);
    }
}

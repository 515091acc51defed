using System.Text.Json.Nodes;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.KubernetesApi.Pods;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.KubernetesApi;

/// <summary>The pods of the scenes, with a script instead of the agent that prints what it receives.</summary>
[Collection(KubernetesApiTests.Name)]
public sealed class PodRunnerTests(KubernetesApiFixture fixture) : IAsyncLifetime, IDisposable
{
    private readonly TestDirectory _directory = new();
    private string _namespace = "";

    [Fact]
    public async Task A_pod_gets_what_its_template_specifies_and_no_capability()
    {
        await using PodRunner pods = Run("""
            echo "arguments $*"; echo "name $POD_NAME in $POD_NAMESPACE"; echo "secret $KEY"
            stat -c '%a %s' "$CREDS/ca.crt"; grep CapEff /proc/self/status; id -u; touch "$TMPDIR/written"
            test -f "$KUBECONFIG" && echo "has a token"
            """);
        await fixture.Server.KubectlAsync(
            "-n",
            _namespace,
            "create",
            "secret",
            "generic",
            "creds",
            "--from-literal=ca.crt=abc");
        await ApplyAsync("job-1", Template());

        PodRun run = await EndOfAsync(pods, "job-1");

        Assert.Equal(0, run.ExitCode);
        Assert.Equal(
            [
                $"arguments backup --etcd-creds-dir {run.Log.Split('\n')[0].Split(' ')[^1]}",
                $"name {run.Pod} in {_namespace}",
                "secret abc",
                "400 3",
                "CapEff:\t0000000000000000",
                "0",
                "has a token",
            ],
            run.Log.Split('\n'));
        JsonNode job = JsonNode.Parse(
            await fixture.Server.KubectlAsync("-n", _namespace, "get", "job", "job-1", "-o", "json"))!;
        Assert.Equal("Complete", (string?)job["status"]!["conditions"]![0]!["type"]);
        Assert.Equal(
            "Succeeded",
            await fixture.Server.KubectlAsync(
                "-n", _namespace, "get", "pod", run.Pod, "-o", "jsonpath={.status.phase}"));
    }

    [Fact]
    public async Task A_pod_that_fails_fails_its_Job()
    {
        await using PodRunner pods = Run("echo oh no; exit 5");
        await fixture.Server.KubectlAsync(
            "-n",
            _namespace,
            "create",
            "secret",
            "generic",
            "creds",
            "--from-literal=ca.crt=abc");
        await ApplyAsync("job-2", Template());

        PodRun run = await EndOfAsync(pods, "job-2");

        Assert.Equal((5, "oh no"), (run.ExitCode, run.Log));
        Assert.Equal(
            "Failed",
            await fixture.Server.KubectlAsync(
                "-n",
                _namespace,
                "get",
                "job",
                "job-2",
                "-o",
                "jsonpath={.status.conditions[0].type}"));
    }

    [Fact]
    public async Task A_pod_waits_for_a_Secret_that_is_missing()
    {
        await using PodRunner pods = Run("true");
        await ApplyAsync("job-3", Template());
        await TestDeadline.UntilAsync("the event about the missing Secret", async () =>
            (await fixture.Server.KubectlAsync("-n", _namespace, "get", "events", "-o", "yaml"))
                .Contains("secret \"creds\" not found", StringComparison.Ordinal));

        await fixture.Server.KubectlAsync(
            "-n",
            _namespace,
            "create",
            "secret",
            "generic",
            "creds",
            "--from-literal=ca.crt=abc");

        Assert.Equal(0, (await EndOfAsync(pods, "job-3")).ExitCode);
    }

    [Theory]
    [InlineData("shareProcessNamespace", "true", "spec.template.spec.shareProcessNamespace is a field that")]
    [InlineData("restartPolicy", "\"OnFailure\"", "spec.template.spec.restartPolicy is OnFailure, expected Never.")]
    [InlineData(
        "securityContext",
        "{\"runAsUser\":0}",
        "spec.template.spec.securityContext.seccompProfile is missing.")]
    public async Task A_template_with_an_unknown_field_is_refused(string field, string value, string message)
    {
        await using PodRunner pods = Run("true");
        JsonObject template = Template();
        template["spec"]![field] = JsonNode.Parse(value);
        await ApplyAsync("job-4", template);

        await TestDeadline.UntilAsync("the refusal", () => Task.FromResult(pods.Failure is not null));

        Assert.StartsWith(message, Assert.IsType<PodTemplateException>(pods.Failure).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_CronJob_fires_on_request_but_not_while_it_is_suspended_or_running()
    {
        await using PodRunner pods = Run("true");
        using CronJobRunner cronJobs = new(fixture.Server, _namespace);
        JsonObject cronJob = new()
        {
            ["apiVersion"] = "batch/v1",
            ["kind"] = "CronJob",
            ["metadata"] = new JsonObject { ["name"] = "often" },
            ["spec"] = new JsonObject
            {
                ["schedule"] = "* * * * *",
                ["concurrencyPolicy"] = "Forbid",
                ["suspend"] = true,
                ["jobTemplate"] = new JsonObject
                {
                    ["spec"] = new JsonObject { ["backoffLimit"] = 0, ["template"] = Template() },
                },
            },
        };
        await fixture.Server.ApplyAsync(cronJob.ToJsonString(), "-n", _namespace);
        Assert.Null(await cronJobs.FireAsync("often"));

        cronJob["spec"]!["suspend"] = false;
        await fixture.Server.ApplyAsync(cronJob.ToJsonString(), "-n", _namespace);
        string? job = await cronJobs.FireAsync("often");
        Assert.NotNull(job);
        // Its pod waits for the Secret.
        Assert.Null(await cronJobs.FireAsync("often"));

        await fixture.Server.KubectlAsync(
            "-n",
            _namespace,
            "create",
            "secret",
            "generic",
            "creds",
            "--from-literal=ca.crt=abc");
        await EndOfAsync(pods, job);
        Assert.NotNull(await cronJobs.FireAsync("often"));
    }

    public async Task InitializeAsync() => _namespace = await fixture.Server.CreateNamespaceAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose() => _directory.Dispose();

    private static async Task<PodRun> EndOfAsync(PodRunner pods, string job)
    {
        await TestDeadline.UntilAsync($"the end of {job}", () => Task.FromResult(
            pods.Failure is { } failure ? throw new InvalidOperationException("A template was refused.", failure)
                : pods.Ended.Any(run => run.Job == job)));
        return pods.Ended.Single(run => run.Job == job);
    }

    private PodRunner Run(string script)
    {
        string program = _directory.Write(
            "agent",
            $"#!/bin/sh\n{script}\n",
            TestTree.WorldReadable | UnixFileMode.UserExecute | UnixFileMode.OtherExecute);
        return new PodRunner(
            new PodRunnerOptions
            {
                Server = fixture.Server,
                ApiUrl = fixture.Server.Url,
                Namespace = _namespace,
                Agent = program,
                Environment = new Dictionary<string, string?>(StringComparer.Ordinal),
            });
    }

    private Task ApplyAsync(string name, JsonObject template) => fixture.Server.ApplyAsync(
        new JsonObject
        {
            ["apiVersion"] = "batch/v1",
            ["kind"] = "Job",
            ["metadata"] = new JsonObject { ["name"] = name },
            ["spec"] = new JsonObject { ["backoffLimit"] = 0, ["template"] = template },
        }.ToJsonString(),
        "-n",
        _namespace);

    private static JsonObject Template() => (JsonObject)JsonNode.Parse("""
        {
          "spec": {
            "restartPolicy": "Never",
            "serviceAccountName": "etcd-backup-agent-backup",
            "securityContext": {"runAsUser": 0, "seccompProfile": {"type": "RuntimeDefault"}},
            "tolerations": [{"key": "node-role.kubernetes.io/control-plane", "operator": "Exists", "effect": "NoSchedule"}],
            "containers": [{
              "name": "backup",
              "image": "etcd-backup-agent",
              "command": ["etcd-backup-agent"],
              "args": ["backup", "--etcd-creds-dir", "/var/run/creds"],
              "env": [
                {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
                {"name": "POD_NAMESPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}},
                {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "creds", "key": "ca.crt"}}},
                {"name": "CREDS", "value": "/var/run/creds"},
                {"name": "TMPDIR", "value": "/tmp"}
              ],
              "securityContext": {
                "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": {"drop": ["ALL"]}
              },
              "volumeMounts": [
                {"name": "creds", "mountPath": "/var/run/creds", "readOnly": true}, {"name": "tmp", "mountPath": "/tmp"}
              ]
            }],
            "volumes": [
              {"name": "creds", "secret": {"secretName": "creds", "defaultMode": 256}},
              {"name": "tmp", "emptyDir": {"medium": "Memory"}}
            ]
          }
        }
        """)!;
}

using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.KubernetesApi;
using EtcdBackupAgent.Testing.KubernetesApi.Pods;
using EtcdBackupAgent.Testing.KubernetesApi.Recording;
using EtcdBackupAgent.Testing.Processes;
using EtcdBackupAgent.Testing.Storage;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Kubernetes;

/// <summary>
/// A cluster with one control-plane node: a real API server with the shipped definitions, and the built agent as the
/// controller and in the pods, with only the rights of the shipped roles. In addition, an etcd to back up and a bucket.
/// </summary>
internal sealed class ClusterScene : IAsyncDisposable
{
    public const string Namespace = "kubedr-system";
    public const string Group = "kubedr.catalogicsoftware.com";
    public const string Passphrase = "a passphrase for a cluster";

    /// <summary>Creates the first bucket of each S3 server. It takes long, because the server creates its pools then,
    /// and must not count toward the deadline of a scene.</summary>
    private static readonly ConcurrentDictionary<RgwServer, Lazy<Task>> FirstBucket = new();

    private readonly TestDirectory _directory = new();
    private readonly List<PeerProcess> _controllers = [];
    private readonly List<string> _controllersStopped = [];
    private readonly List<IObjectStore> _stores = [];

    private ClusterScene(KubernetesApiServer server, RecordingProxy proxy, EtcdServer etcd, RgwServer s3)
    {
        Server = server;
        Proxy = proxy;
        Etcd = etcd;
        S3 = s3;
        Objects = new ClusterObjects(server);
        CronJobs = new CronJobRunner(server, Namespace);
        Deployments = new DeploymentRunner(server, Namespace);
        Pods = new PodRunner(new PodRunnerOptions
        {
            Server = server,
            ApiUrl = proxy.Url,
            Namespace = Namespace,
            Agent = Agent.Path,
            Environment = Agent.Environment(null),
        });
        CertsDirectory = _directory.WritePki("pki");
    }

    public KubernetesApiServer Server { get; }

    /// <summary>The proxy between <see cref="Server"/> and the controller and pods; kubectl does not use it.</summary>
    public RecordingProxy Proxy { get; }

    public ClusterObjects Objects { get; }

    public PodRunner Pods { get; }

    public CronJobRunner CronJobs { get; }

    public DeploymentRunner Deployments { get; }

    /// <summary>The etcd that is backed up, unless a policy names another one.</summary>
    public EtcdServer Etcd { get; }

    public RgwServer S3 { get; }

    /// <summary>The certificates directory of the node.</summary>
    public string CertsDirectory { get; }

    /// <summary>The rights that the shipped roles grant.</summary>
    public IReadOnlyList<Grant> Grants { get; private set; } = [];

    /// <summary>The rights that a user has granted, and the shipped ones.</summary>
    private IReadOnlyList<Grant> UserGrants { get; set; } = [];

    /// <summary>1. The server with the definitions and the namespace. 2. The roles. 3. The credentials.</summary>
    public static async Task<ClusterScene> StartAsync()
    {
        // 1
        Task<EtcdServer> etcd = SharedServers.EtcdAsync("3.5");
        Task<RgwServer> s3 = SharedServers.S3Async();
        KubernetesApiServer server = await KubernetesApiServer.StartAsync();
        ClusterScene scene = new(server, await RecordingProxy.StartAsync(server), await etcd, await s3);
        await scene.InstallDefinitionsAsync();
        await server.KubectlAsync("create", "namespace", Namespace);

        // 2
        scene.Grants = await RoleRules.ReadAsync(server, Directory.GetFiles(Manifest("base/rbac")));
        scene.Proxy.Grants = request =>
            scene.Grants.Concat(scene.UserGrants).Any(grant => grant.Covers(request, Namespace))
            // Every cluster grants this to every user.
            || request is { Verb: "create", Resource: "selfsubjectaccessreviews" };

        // 3
        await scene.CreateEtcdCredentialsAsync();
        await FirstBucket.GetOrAdd(await s3, used => new Lazy<Task>(async () =>
            _ = (await scene.RunWithoutClusterAsync(scene.NewBucket(), "init", "--unencrypted")).Output)).Value;
        return scene;
    }

    /// <summary>Returns the options that name a bucket for every verb of the program, without a cluster.</summary>
    public IReadOnlyList<string> RepositoryOptions(SceneBucket bucket)
    {
        string file = _directory["s3-ca.crt"];
        File.WriteAllText(file, S3.CaCertificatePem);
        return
        [
            "--repository",
            $"s3://{bucket.Name}",
            "--s3-endpoint",
            S3.HttpsEndpoint.AbsoluteUri,
            "--s3-ca-file",
            file,
        ];
    }

    /// <summary>Runs a verb of the program on a bucket, without access to the cluster.</summary>
    public Task<ToolResult> RunWithoutClusterAsync(SceneBucket bucket, params IEnumerable<string> verb) =>
        Agent.RunAsync(
            [.. verb, .. RepositoryOptions(bucket)],
            new Dictionary<string, string?>(
                TestRepository.Credentials(S3.AccessKey, S3.SecretKey), StringComparer.Ordinal)
            {
                ["ETCD_BACKUP_PASSPHRASE"] = Passphrase,
            });

    /// <summary>Returns the path of a file or folder of the shipped manifests.</summary>
    public static string Manifest(string path) => Path.Combine(AppContext.BaseDirectory, "manifests", path);

    public async Task InstallDefinitionsAsync()
    {
        await Server.KubectlAsync("apply", "-k", Manifest("crd"));
        await Server.UntilDefinitionsServedAsync();
    }

    /// <summary>Applies manifests that have roles and bindings for any accounts. They may bind the shipped
    /// roles.</summary>
    public async Task GrantAsync(string manifests)
    {
        string file = _directory.Write($"grants-{UserGrants.Count}.yaml", manifests);
        await Server.ApplyAsync(manifests);
        IReadOnlyList<Grant> all = await RoleRules.ReadAsync(
            Server, [.. Directory.GetFiles(Manifest("base/rbac")), file]);
        UserGrants = [.. UserGrants, .. all];
    }

    /// <summary>Runs stock kubectl in the namespace.</summary>
    /// <returns>Its standard output.</returns>
    public Task<string> KubectlAsync(params string[] arguments) => Server.KubectlAsync(["-n", Namespace, .. arguments]);

    public Task<string> ApplyAsync(string manifests) => Server.ApplyAsync(manifests, "-n", Namespace);

    public Task CreateEtcdCredentialsAsync() => KubectlAsync(
        "create", "secret", "generic", "etcd-creds",
        $"--from-file=ca.crt={Etcd.CaFile}",
        $"--from-file=client.crt={Etcd.ClientFiles!.Certificate}",
        $"--from-file=client.key={Etcd.ClientFiles.Key}");

    /// <summary>Creates the Secret of a location; all its values have the same line end.</summary>
    public Task CreateCredentialsAsync(
        string name, string? accessKey = null, string? secretKey = null, string lineEnd = "") => KubectlAsync(
        "create", "secret", "generic", name,
        $"--from-literal=access_key={accessKey ?? S3.AccessKey}{lineEnd}",
        $"--from-literal=secret_key={secretKey ?? S3.SecretKey}{lineEnd}",
        $"--from-literal=restic_repo_password={Passphrase}{lineEnd}");

    /// <summary>Returns the manifest of a location in the S3 server.</summary>
    public string Location(string name, string bucket, string credentials = "minio", Uri? url = null) =>
        new JsonObject
        {
            ["apiVersion"] = $"{Group}/v1alpha1",
            ["kind"] = "BackupLocation",
            ["metadata"] = new JsonObject { ["name"] = name },
            ["spec"] = new JsonObject
            {
                ["url"] = (url ?? S3.HttpsEndpoint).GetLeftPart(UriPartial.Authority),
                ["bucketName"] = bucket,
                ["credentials"] = credentials,
                ["caCertificate"] = S3.CaCertificatePem,
            },
        }.ToJsonString();

    /// <summary>Returns the manifest of a policy, with further fields of its spec.</summary>
    public string Policy(string name, string destination, Action<JsonObject>? more = null)
    {
        JsonObject spec = new()
        {
            ["destination"] = destination,
            ["etcdEndpoint"] = Etcd.EndpointList,
            ["schedule"] = "*/10 * * * *",
        };
        more?.Invoke(spec);
        return new JsonObject
        {
            ["apiVersion"] = $"{Group}/v1alpha1",
            ["kind"] = "MetadataBackupPolicy",
            ["metadata"] = new JsonObject { ["name"] = name },
            ["spec"] = spec,
        }.ToJsonString();
    }

    /// <summary>Creates a Secret, a location with its own bucket and a policy; waits until they are ready.</summary>
    /// <returns>The bucket.</returns>
    public async Task<SceneBucket> CreatePolicyAsync(string name, Action<JsonObject>? more = null)
    {
        SceneBucket bucket = NewBucket();
        await CreateCredentialsAsync($"{name}-credentials");
        await ApplyAsync(Location(name, bucket.Name, $"{name}-credentials"));
        await ApplyAsync(Policy(name, name, more));
        await UntilReadyAsync("metadatabackuppolicies", name);
        return bucket;
    }

    public SceneBucket NewBucket()
    {
        string name = TestRepository.NewBucketName();
        IObjectStore store = TestRepository.StoreOf(S3, name, "");
        _stores.Add(store);
        return new SceneBucket(name, store);
    }

    /// <summary>Starts the agent as a controller.</summary>
    public PeerProcess StartController(params string[] arguments)
    {
        string name = $"etcd-backup-agent-controller-{_controllers.Count + _controllersStopped.Count}";
        string kubeconfig = _directory[$"{name}.kubeconfig"];
        File.WriteAllText(kubeconfig, Server.Kubeconfig(
            $"token: {KubernetesApiServer.TokenOf("etcd-backup-agent-controller")}", Proxy.Url, Namespace));
        PeerProcess controller = Agent.Start(
            [
                "run",
                "--kubernetes",
                "--namespace",
                Namespace,
                "--image",
                "etcd-backup-agent:test",
                "--sync-period",
                "10s",
                .. arguments,
            ],
            new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["KUBECONFIG"] = kubeconfig,
                ["POD_NAME"] = name,
                ["POD_NAMESPACE"] = Namespace,
            });
        _controllers.Add(controller);
        return controller;
    }

    /// <summary>Stops a controller with a signal, as Kubernetes does.</summary>
    public async Task StopAsync(PeerProcess controller)
    {
        controller.Terminate();
        int exitCode = await controller.WaitForExitAsync();
        Assert.True(exitCode == 0, $"The controller ended with {exitCode}:\n{controller.Output}");
        _controllers.Remove(controller);
        _controllersStopped.Add(controller.Output);
        await controller.DisposeAsync();
    }

    /// <summary>Returns an object of the namespace, of one of the agent's kinds or of a built-in kind.</summary>
    public Task<JsonObject?> FindAsync(string plural, string name) => Objects.FindAsync($"{PathOf(plural)}/{name}");

    public Task<IReadOnlyList<JsonObject>> ListAsync(string plural) => Objects.ListAsync(PathOf(plural));

    /// <summary>Waits until an object exists and meets a condition.</summary>
    public async Task<JsonObject> UntilAsync(string plural, string name, string what, Func<JsonObject, bool> condition)
    {
        JsonObject? found = null;
        await WaitAsync(
            $"{plural}/{name}: {what}",
            async () => (found = await FindAsync(plural, name)) is not null && condition(found),
            () => found?.ToJsonString() ?? "It does not exist.");
        return found!;
    }

    public Task<JsonObject> UntilReadyAsync(string plural, string name) => UntilAsync(
        plural, name, "Ready", item => Condition(item, "Ready") == "True"
            && (long?)item["status"]!["observedGeneration"] == (long?)item["metadata"]!["generation"]);

    public Task UntilGoneAsync(string plural, string name)
    {
        JsonObject? found = null;
        return WaitAsync(
            $"{plural}/{name} to be gone",
            async () => (found = await FindAsync(plural, name)) is null,
            () => found?.ToJsonString() ?? "");
    }

    /// <summary>Waits for a condition. If it is not met in time, the message contains the output of all
    /// processes.</summary>
    public async Task WaitAsync(string what, Func<Task<bool>> condition, Func<string>? seen = null)
    {
        try
        {
            await TestDeadline.UntilAsync(what, async () =>
            {
                if (_controllers.Count > 0 && !_controllers.Exists(controller => controller.IsRunning))
                {
                    throw new InvalidOperationException("No controller is running while waiting for "
                        + $"{what}.\n{Diagnostics()}");
                }

                try
                {
                    return await condition();
                }
                catch (HttpRequestException)
                {
                    // The API server does not run, as some tests require.
                    return false;
                }
            });
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}\n{seen?.Invoke()}\n{Diagnostics()}", e);
        }
    }

    /// <summary>The status of a condition: <c>True</c>, <c>False</c>, or null if there is none.</summary>
    public static string? Condition(JsonObject item, string type) =>
        (item["status"]?["conditions"] as JsonArray ?? [])
            .OfType<JsonObject>()
            .Where(condition => (string?)condition["type"] == type)
            .Select(condition => (string?)condition["status"])
            .FirstOrDefault();

    /// <summary>The reason and the message of each event about an object, oldest first.</summary>
    public async Task<IReadOnlyList<(string Type, string Reason, string Message)>> EventsAsync(string about) =>
    [
        .. (await Objects.ListAsync($"api/v1/namespaces/{Namespace}/events"))
            .Where(item => (string?)item["involvedObject"]!["name"] == about)
            .OrderBy(item => (string?)item["metadata"]!["creationTimestamp"], StringComparer.Ordinal)
            .Select(item => ((string)item["type"]!, (string)item["reason"]!, (string)item["message"]!)),
    ];

    public async Task UntilEventAsync(string about, string reason, string text = "")
    {
        IReadOnlyList<(string Type, string Reason, string Message)> events = [];
        await WaitAsync(
            $"the event {reason} about {about}",
            async () => (events = await EventsAsync(about)).Any(
                recorded => recorded.Reason == reason && recorded.Message.Contains(text, StringComparison.Ordinal)),
            () => string.Join('\n', events));
    }

    /// <summary>Fires a policy's CronJob, and waits for the end of its pod.</summary>
    public async Task<PodRun> FireAsync(string policy)
    {
        string? job = await CronJobs.FireAsync($"{policy}-backup-cronjob");
        Assert.True(job is not null, $"The CronJob of {policy} created no Job.");
        return await UntilEndedAsync(job);
    }

    /// <summary>Waits for the end of the pod of a Job.</summary>
    public async Task<PodRun> UntilEndedAsync(string job)
    {
        PodRun? run = null;
        await WaitAsync(
            $"the pod of {job} to end",
            () => Task.FromResult(
                Pods.Failure is { } failure
                    ? throw new InvalidOperationException($"A pod could not be run: {failure}", failure)
                    : (run = Pods.Ended.FirstOrDefault(ended => ended.Job == job)) is not null));
        return run!;
    }

    /// <summary>Makes a backup with the policy's CronJob, and waits until it is published.</summary>
    /// <returns>The snapshot's ID.</returns>
    public async Task<string> BackUpAsync(string policy)
    {
        PodRun run = await FireAsync(policy);
        Assert.True(run.ExitCode == 0, $"The pod of {policy} ended with {run.ExitCode}:\n{run.Log}");
        JsonObject after = await UntilAsync(
            "metadatabackuppolicies",
            policy,
            "updated with its backup",
            item =>
                (string?)item["status"]?["backupPod"] == run.Pod
                && (string?)item["status"]!["backupStatus"] == "Completed");
        string id = (string)after["status"]!["snapshotId"]!;
        await UntilAsync("metadatabackuprecords", $"mbr-{id}", "created", _ => true);
        return id;
    }

    /// <summary>The output of all processes so far, for the message of a failure.</summary>
    public string Diagnostics() => string.Join('\n',
    [
        .. _controllersStopped.Concat(_controllers.Select(controller => controller.Output))
            .Select((output, i) => $"--- controller {i}\n{output}"),
        .. Pods.Ended.Select(pod => $"--- {pod.Pod} ended with {pod.ExitCode}\n{pod.Log}"),
        $"--- not granted\n{string.Join('\n', Proxy.Refusals.Distinct(StringComparer.Ordinal))}",
        $"--- pod that could not be run\n{Pods.Failure}",
    ]);

    /// <summary>
    /// Asserts that every request was granted by the roles, and that every pod could run as its template specifies.
    /// </summary>
    public void AssertNoRefusals() => Assert.True(Proxy.Refusals.Count == 0 && Pods.Failure is null, Diagnostics());

    public async ValueTask DisposeAsync()
    {
        foreach (PeerProcess controller in _controllers)
        {
            await controller.DisposeAsync();
        }

        await Pods.DisposeAsync();
        await Proxy.DisposeAsync();
        await Server.DisposeAsync();
        CronJobs.Dispose();
        Deployments.Dispose();
        Objects.Dispose();
        _stores.ForEach(store => store.Dispose());
        _directory.Dispose();
    }

    private static string PathOf(string plural) => plural switch
    {
        "cronjobs" or "jobs" => $"apis/batch/v1/namespaces/{Namespace}/{plural}",
        "deployments" => $"apis/apps/v1/namespaces/{Namespace}/{plural}",
        "leases" => $"apis/coordination.k8s.io/v1/namespaces/{Namespace}/{plural}",
        "secrets" or "pods" or "persistentvolumeclaims" => $"api/v1/namespaces/{Namespace}/{plural}",
        _ => $"apis/{Group}/v1alpha1/namespaces/{Namespace}/{plural}",
    };
}

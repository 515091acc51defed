using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Testing.Processes;

namespace EtcdBackupAgent.Testing.KubernetesApi.Pods;

/// <summary>Runs one Job with one pod, and writes the statuses that kubelet and the Job controller write.</summary>
internal sealed class JobRun(PodRunnerOptions options, ClusterObjects objects, ClaimDirectories claims, JsonObject job)
    : IDisposable
{
    private const string Program = "etcd-backup-agent";
    private const int MessageLengthMax = 2048;

    private readonly CancellationTokenSource _deleted = new();
    private readonly string _name = (string)job["metadata"]!["name"]!;

    public string Uid { get; } = (string)job["metadata"]!["uid"]!;

    /// <summary>Whether the pod is evicted before it does anything.</summary>
    public bool IsEvicted { get; init; }

    private string Jobs => $"apis/batch/v1/namespaces/{options.Namespace}/jobs";

    private string Pods => $"api/v1/namespaces/{options.Namespace}/pods";

    /// <summary>Reports that the Job was deleted: its pod gets SIGTERM and is deleted too.</summary>
    public void End() => _deleted.Cancel();

    public void Dispose() => _deleted.Dispose();

    /// <summary>
    /// 1. Read the template. 2. Create the pod, when its account exists. 3. Wait for a node and for the objects that
    /// the pod names. 4. Run the pod. 5. Write the result.
    /// </summary>
    /// <returns>Null if the Job was deleted before the pod ran.</returns>
    /// <exception cref="PodTemplateException">The template is invalid for a pod of the agent.</exception>
    public async Task<PodRun?> RunAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(
            _deleted.Token,
            cancellationToken);
        // 1
        CheckJob(new TemplateFields((JsonObject)job["spec"]!, "spec"));
        JsonObject template = (JsonObject)job["spec"]!["template"]!;
        PodTemplate pod = PodTemplate.Read((JsonObject)template["spec"]!);

        // 2
        string podName = $"{_name}-{RandomNumberGenerator.GetHexString(5, lowercase: true)}";
        try
        {
            await UntilAccountExistsAsync(pod.ServiceAccount, either.Token);
            await WriteAsync(() => objects.CreateAsync(Pods, PodObject(podName, template)), either.Token);
            await WriteJobAsync(new JsonObject { ["active"] = 1, ["startTime"] = Now() }, either.Token);

            // 3
            using PodMounts mounts = await UntilStartableAsync(podName, pod, either.Token);
            IReadOnlyDictionary<string, string?> environment = await EnvironmentAsync(
                podName,
                pod,
                mounts,
                either.Token);

            // 4
            await WritePodAsync(podName, RunningStatus(pod), either.Token);
            await WriteJobAsync(new JsonObject { ["ready"] = 1 }, either.Token);
            if (IsEvicted)
            {
                await WritePodAsync(podName, EvictedStatus(), either.Token);
                await WriteJobEndAsync(succeeded: false, either.Token);
                return new PodRun
                {
                    Job = _name,
                    Pod = podName,
                    Arguments = [],
                    ExitCode = PodRunner.Evicted,
                    Log = "",
                };
            }

            await using PeerProcess process = PeerProcess.Start(
                Peers.Setpriv, [.. Privileges(pod), .. pod.Command.Skip(1).Select(mounts.ToHostPath)], environment);
            using CancellationTokenRegistration end = _deleted.Token.Register(process.Terminate);
            int exitCode = await process.WaitForExitAsync(cancellationToken);

            // 5
            if (!_deleted.IsCancellationRequested)
            {
                await WriteEndAsync(podName, pod, exitCode, process.Output, cancellationToken);
            }

            return new PodRun
            {
                Job = _name,
                Pod = podName,
                Arguments = [.. pod.Command.Skip(1)],
                ExitCode = exitCode,
                Log = process.Output,
            };
        }
        catch (OperationCanceledException) when (_deleted.IsCancellationRequested)
        {
            return null;
        }
        finally
        {
            if (_deleted.IsCancellationRequested)
            {
                await WriteAsync(
                    async () =>
                    {
                        await objects.DeleteAsync($"{Pods}/{podName}", cancellationToken);
                        return [];
                    },
                    cancellationToken);
            }
        }
    }

    /// <summary>Requires one pod and one attempt. A default value that the server adds counts as absent.</summary>
    private static void CheckJob(TemplateFields specification)
    {
        specification.Only("backoffLimit", "0");
        specification.Only("parallelism", null, "1");
        specification.Only("completions", null, "1");
        specification.Only("completionMode", null, "NonIndexed");
        specification.Only("podReplacementPolicy", null, "TerminatingOrFailed");
        specification.Only("suspend", null, "false");
        specification.Only("manualSelector", null, "false");
        specification.Part("selector");
        specification.Part("template");
        specification.Number("activeDeadlineSeconds");
        specification.Number("ttlSecondsAfterFinished");
        specification.RequireAllRead();
    }

    private static string Now() =>
        TimeProvider
            .System.GetUtcNow()
            .UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Returns the setpriv arguments for the pod: its user, and only the capabilities that it keeps.</summary>
    private IEnumerable<string> Privileges(PodTemplate pod)
    {
        if (pod.Command[0] != Program)
        {
            throw new PodTemplateException(
                $"The command is '{pod.Command[0]}', but the image contains only '{Program}'.");
        }

        return
        [
            $"--reuid={pod.User}",
            $"--regid={pod.Group}",
            pod.Groups.Count > 0 ? $"--groups={string.Join(',', pod.Groups)}" : "--clear-groups",
            "--inh-caps=-all",
            "--bounding-set="
                + string.Join(",+", pod.Capabilities.Select(name => name.ToLowerInvariant()).Prepend("-all")),
            "--no-new-privs",
            // A change of the user clears the flag that Launch has set.
            "--pdeathsig", "KILL",
            "--",
            options.Agent,
        ];
    }

    /// <summary>
    /// Waits until the service account exists. Admission refuses the pod before that, and the Job controller reports
    /// it. The agent's own accounts come with its manifests, which a scene does not apply.
    /// </summary>
    private async Task UntilAccountExistsAsync(string account, CancellationToken cancellationToken)
    {
        using PeriodicTimer timer = new(PodRunner.PollInterval);
        bool isReported = false;
        while (!KubernetesApiServer.ServiceAccounts.Contains(account)
            && await objects.FindAsync(
                $"api/v1/namespaces/{options.Namespace}/serviceaccounts/{account}", cancellationToken) is null)
        {
            if (!isReported)
            {
                isReported = true;
                // The words are those of the Job controller and of the admission plugin ServiceAccount.
                await WriteAsync(
                    () => EventAsync(
                        $"{Jobs}/{_name}",
                        "FailedCreate",
                        $"Error creating: pods \"{_name}-\" is forbidden: error looking up service account "
                        + $"{options.Namespace}/{account}: serviceaccount \"{account}\" not found"),
                    cancellationToken);
            }

            await timer.WaitForNextTickAsync(cancellationToken);
        }
    }

    /// <summary>Waits until the pod can start. Meanwhile its status shows why it waits.</summary>
    private async Task<PodMounts> UntilStartableAsync(
        string podName, PodTemplate pod, CancellationToken cancellationToken)
    {
        using PeriodicTimer timer = new(PodRunner.PollInterval);
        string? reported = null;
        while (true)
        {
            try
            {
                if (!options.Nodes.Any(pod.Node.Admits))
                {
                    throw new PodWaitsException(
                        PodWait.Node, "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.");
                }

                PodMounts mounts = await PodMounts.MakeAsync(
                    pod,
                    volume => FilesAsync(volume, cancellationToken),
                    name => claims.FindAsync(name, cancellationToken));
                try
                {
                    _ = await EnvironmentAsync(podName, pod, mounts, cancellationToken);
                    return mounts;
                }
                catch
                {
                    mounts.Dispose();
                    throw;
                }
            }
            catch (HttpRequestException)
            {
                // The server is down.
            }
            catch (PodWaitsException e) when (e.Message != reported)
            {
                reported = e.Message;
                await WriteWaitingAsync(podName, pod, e, cancellationToken);
            }
            catch (PodWaitsException)
            {
                // This reason is already in the status.
            }

            await timer.WaitForNextTickAsync(cancellationToken);
        }
    }

    private async Task<IReadOnlyDictionary<string, string?>> EnvironmentAsync(
        string podName, PodTemplate pod, PodMounts mounts, CancellationToken cancellationToken)
    {
        Dictionary<string, string?> environment = new(options.Environment, StringComparer.Ordinal)
        {
            ["KUBECONFIG"] = null,
        };
        if (pod.HasToken)
        {
            environment["KUBECONFIG"] = claims.KubeconfigOf(pod.ServiceAccount);
        }

        foreach (EnvironmentVariable variable in pod.Environment)
        {
            string? value = variable.Source switch
            {
                EnvironmentSource.Field => variable.Value == "metadata.name" ? podName : options.Namespace,
                EnvironmentSource.Secret => (string?)
                    (await SecretAsync(variable.Object, cancellationToken))[variable.Value]
                    is { } data
                    ? Encoding.UTF8.GetString(Convert.FromBase64String(data))
                    : null,
                EnvironmentSource.ConfigMap => (string?)
                    (
                        await objects.FindAsync(
                            $"api/v1/namespaces/{options.Namespace}/configmaps/{variable.Object}",
                            cancellationToken))
                        ?["data"]
                        ?[variable.Value],
                _ => mounts.ToHostPath(variable.Value),
            };
            if (value is null && !variable.IsOptional)
            {
                throw new PodWaitsException(
                    PodWait.Container, $"couldn't find key {variable.Value} in {variable.Object}");
            }

            environment[variable.Name] = value;
        }

        return environment;
    }

    private async Task<IReadOnlyDictionary<string, byte[]>> FilesAsync(
        PodVolume volume, CancellationToken cancellationToken)
    {
        if (volume.Kind == PodVolumeKind.Secret)
        {
            return (await SecretAsync(volume.Source, cancellationToken)).ToDictionary(
                pair => pair.Key, pair => Convert.FromBase64String((string)pair.Value!), StringComparer.Ordinal);
        }

        JsonObject map =
            await objects.FindAsync(
                $"api/v1/namespaces/{options.Namespace}/configmaps/{volume.Source}", cancellationToken)
            ?? throw new PodWaitsException(PodWait.Container, $"configmap \"{volume.Source}\" not found");
        return (map["data"] as JsonObject ?? []).ToDictionary(
            pair => pair.Key, pair => Encoding.UTF8.GetBytes((string)pair.Value!), StringComparer.Ordinal);
    }

    private async Task<JsonObject> SecretAsync(string name, CancellationToken cancellationToken)
    {
        JsonObject secret =
            await objects.FindAsync($"api/v1/namespaces/{options.Namespace}/secrets/{name}", cancellationToken)
            ?? throw new PodWaitsException(PodWait.Container, $"secret \"{name}\" not found");
        return secret["data"] as JsonObject ?? [];
    }

    private JsonObject PodObject(string podName, JsonObject template)
    {
        JsonObject labels = template["metadata"]?["labels"]?.DeepClone() as JsonObject ?? [];
        labels["batch.kubernetes.io/job-name"] = _name;
        labels["job-name"] = _name;
        labels["batch.kubernetes.io/controller-uid"] = Uid;
        JsonObject specification = (JsonObject)template["spec"]!.DeepClone();
        return new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Pod",
            ["metadata"] = new JsonObject
            {
                ["name"] = podName,
                ["labels"] = labels,
                ["ownerReferences"] = new JsonArray(Owner.Of("batch/v1", "Job", job)),
            },
            ["spec"] = specification,
        };
    }

    /// <summary>Writes the status and the event that a cluster writes for a pod that cannot start.</summary>
    private async Task WriteWaitingAsync(
        string podName, PodTemplate pod, PodWaitsException wait, CancellationToken cancellationToken)
    {
        bool hasNode = wait.Kind != PodWait.Node;
        JsonObject status = new()
        {
            ["phase"] = "Pending",
            ["conditions"] = new JsonArray(Scheduled(hasNode ? null : wait.Message)),
        };
        if (hasNode)
        {
            bool isMount = wait.Kind == PodWait.Mount;
            status["containerStatuses"] = new JsonArray(ContainerStatus(pod, new JsonObject
            {
                ["waiting"] = isMount
                    ? new JsonObject { ["reason"] = "ContainerCreating" }
                    : new JsonObject { ["reason"] = "CreateContainerConfigError", ["message"] = wait.Message },
            }));
            if (isMount)
            {
                await WriteAsync(() => EventAsync($"{Pods}/{podName}", "FailedMount", wait.Message), cancellationToken);
            }
        }

        await WritePodAsync(podName, status, cancellationToken);
    }

    private async Task<JsonObject> EventAsync(string path, string reason, string message)
    {
        JsonObject? about = await objects.FindAsync(path);
        return about is null ? [] : await objects.CreateAsync(
            $"api/v1/namespaces/{options.Namespace}/events",
            new JsonObject
            {
                ["apiVersion"] = "v1",
                ["kind"] = "Event",
                ["metadata"] = new JsonObject
                {
                    ["name"] =
                        $"{about["metadata"]!["name"]}.{RandomNumberGenerator.GetHexString(16, lowercase: true)}",
                },
                ["involvedObject"] = new JsonObject
                {
                    ["apiVersion"] = about["apiVersion"]!.DeepClone(),
                    ["kind"] = about["kind"]!.DeepClone(),
                    ["namespace"] = options.Namespace,
                    ["name"] = about["metadata"]!["name"]!.DeepClone(),
                    ["uid"] = about["metadata"]!["uid"]!.DeepClone(),
                },
                ["type"] = "Warning",
                ["reason"] = reason,
                ["message"] = message,
                ["firstTimestamp"] = Now(),
                ["lastTimestamp"] = Now(),
                ["count"] = 1,
                ["source"] = new JsonObject { ["component"] = "kubelet" },
            });
    }

    private static JsonObject RunningStatus(PodTemplate pod) => new()
    {
        ["phase"] = "Running",
        ["startTime"] = Now(),
        ["conditions"] = new JsonArray(Scheduled(problem: null)),
        ["containerStatuses"] = new JsonArray(
            ContainerStatus(pod, new JsonObject { ["running"] = new JsonObject { ["startedAt"] = Now() } })),
    };

    private static JsonObject Scheduled(string? problem)
    {
        JsonObject condition = new() { ["type"] = "PodScheduled", ["status"] = problem is null ? "True" : "False" };
        if (problem is not null)
        {
            condition["reason"] = "Unschedulable";
            condition["message"] = problem;
        }

        return condition;
    }

    private static JsonObject EvictedStatus() => new()
    {
        ["phase"] = "Failed",
        ["reason"] = "Evicted",
        ["message"] = "The node was low on resource: memory.",
    };

    private static JsonObject ContainerStatus(PodTemplate pod, JsonObject state) => new()
    {
        ["name"] = pod.Container,
        ["image"] = "",
        ["imageID"] = "",
        ["ready"] = false,
        ["restartCount"] = 0,
        ["state"] = state,
    };

    private async Task WriteEndAsync(
        string podName, PodTemplate pod, int exitCode, string log, CancellationToken cancellationToken)
    {
        bool succeeded = exitCode == 0;
        JsonObject terminated = new()
        {
            ["exitCode"] = exitCode,
            ["reason"] = succeeded ? "Completed" : "Error",
            ["finishedAt"] = Now(),
        };
        if (!succeeded && pod.LogIsMessage)
        {
            terminated["message"] = log[Math.Max(0, log.Length - MessageLengthMax)..];
        }

        await WritePodAsync(
            podName,
            new JsonObject
            {
                ["phase"] = succeeded ? "Succeeded" : "Failed",
                ["containerStatuses"] = new JsonArray(
                    ContainerStatus(pod, new JsonObject { ["terminated"] = terminated })),
            },
            cancellationToken);
        await WriteJobEndAsync(succeeded, cancellationToken);
    }

    private async Task WriteJobEndAsync(bool succeeded, CancellationToken cancellationToken)
    {
        JsonObject status = new()
        {
            ["active"] = 0,
            ["ready"] = 0,
            [succeeded ? "succeeded" : "failed"] = 1,
            ["conditions"] = new JsonArray(
                new JsonObject
                {
                    ["type"] = succeeded ? "Complete" : "Failed",
                    ["status"] = "True",
                    ["reason"] = succeeded ? "CompletionsReached" : "BackoffLimitExceeded",
                    ["message"] = succeeded
                        ? "Reached expected number of succeeded pods"
                        : "Job has reached the specified backoff limit",
                    ["lastProbeTime"] = Now(),
                    ["lastTransitionTime"] = Now(),
                }),
        };
        if (succeeded)
        {
            status["completionTime"] = Now();
        }

        await WriteJobAsync(status, cancellationToken);
    }

    private Task WritePodAsync(string podName, JsonObject status, CancellationToken cancellationToken) =>
        WriteAsync(
            () => objects.PatchAsync($"{Pods}/{podName}/status", new JsonObject { ["status"] = status.DeepClone() }),
            cancellationToken);

    private Task WriteJobAsync(JsonObject status, CancellationToken cancellationToken) =>
        WriteAsync(
            () => objects.PatchAsync($"{Jobs}/{_name}/status", new JsonObject { ["status"] = status.DeepClone() }),
            cancellationToken);

    /// <summary>
    /// Writes as soon as the server responds. A write to a deleted object is skipped.
    /// </summary>
    private static async Task WriteAsync(Func<Task<JsonObject>> write, CancellationToken cancellationToken)
    {
        using PeriodicTimer timer = new(PodRunner.PollInterval);
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                await write();
                return;
            }
            catch (HttpRequestException e) when (e.StatusCode == System.Net.HttpStatusCode.NotFound)
            {
                return;
            }
            catch (HttpRequestException e)
                when (e.StatusCode
                        is null
                            or System.Net.HttpStatusCode.TooManyRequests
                            or >= System.Net.HttpStatusCode.InternalServerError)
            {
                await timer.WaitForNextTickAsync(cancellationToken);
            }
        }
    }
}

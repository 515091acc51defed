using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Testing.KubernetesApi.Pods;

/// <summary>
/// The part of a Job's pod template that <see cref="PodRunner"/> implements. It cannot enforce a read-only root file
/// system, seccomp and limits, but it checks that the template sets them as the agent's pods must have them.
/// </summary>
internal sealed record PodTemplate
{
    public required string Container { get; init; }

    public required IReadOnlyList<string> Command { get; init; }

    public required IReadOnlyList<EnvironmentVariable> Environment { get; init; }

    public required IReadOnlyList<PodVolume> Volumes { get; init; }

    /// <summary>The mount paths in the container, longest first, and their volumes.</summary>
    public required IReadOnlyList<(string Path, string Volume, bool IsReadOnly)> Mounts { get; init; }

    public required string ServiceAccount { get; init; }

    /// <summary>Whether the pod gets a token for the API server.</summary>
    public required bool HasToken { get; init; }

    public required long User { get; init; }

    public required long Group { get; init; }

    /// <summary>The kept capabilities without <c>CAP_</c>; all others are dropped.</summary>
    public required IReadOnlyList<string> Capabilities { get; init; }

    /// <summary>The group that may write to the volumes of the pod; null if the template sets none.</summary>
    public required long? VolumeGroup { get; init; }

    /// <summary>The groups in addition to <see cref="Group"/>.</summary>
    public required IReadOnlyList<long> Groups { get; init; }

    public required NodeDemand Node { get; init; }

    public required bool LogIsMessage { get; init; }

    /// <exception cref="PodTemplateException">The template has an unknown field or value.</exception>
    public static PodTemplate Read(JsonObject spec)
    {
        TemplateFields pod = new(spec, "spec.template.spec");
        pod.Only("restartPolicy", "Never");
        pod.Only("dnsPolicy", null, "ClusterFirst", "ClusterFirstWithHostNet");
        pod.Only("hostNetwork", null, "true");
        pod.Only("enableServiceLinks", null, "false");
        pod.Only("schedulerName", null, "default-scheduler");
        pod.Only("priorityClassName", null, "system-cluster-critical", "system-node-critical");
        pod.Number("terminationGracePeriodSeconds");
        string account = pod.Required("serviceAccountName");
        pod.Only("serviceAccount", null, account);
        bool hasToken = pod.Flag("automountServiceAccountToken", defaultValue: true);
        NodeDemand node = NodeDemand.Read(pod);
        IReadOnlyList<PodVolume> volumes = [.. pod.Parts("volumes").Select(PodVolume.Read)];
        SecurityContext inPod = SecurityContext.OfPod(pod);
        IReadOnlyList<TemplateFields> containers = pod.Parts("containers");
        if (containers.Count != 1)
        {
            throw pod.Invalid("containers", $"has {containers.Count} entries, but the pod runner supports one");
        }

        pod.RequireAllRead();
        return ReadContainer(containers[0], inPod) with
        {
            ServiceAccount = account,
            HasToken = hasToken,
            Node = node,
            Volumes = volumes,
            VolumeGroup = inPod.VolumeGroup,
            Groups = [.. inPod.Groups.Concat(inPod.VolumeGroup is { } group ? [group] : (IEnumerable<long>)[])],
        };
    }

    private static PodTemplate ReadContainer(TemplateFields container, SecurityContext inPod)
    {
        string name = container.Required("name");
        _ = container.Required("image");
        container.Only("imagePullPolicy", null, "IfNotPresent", "Always");
        container.Only("terminationMessagePath", null, "/dev/termination-log");
        container.Only("terminationMessagePolicy", null, "File", "FallbackToLogsOnError");
        bool logIsMessage = container.Text("terminationMessagePolicy") == "FallbackToLogsOnError";
        IReadOnlyList<string> command = [.. container.Texts("command"), .. container.Texts("args")];
        if (command.FirstOrDefault(part => part.Contains("$(", StringComparison.Ordinal)) is { } expanded)
        {
            throw container.Invalid("command", $"has '{expanded}', which Kubernetes expands");
        }

        IReadOnlyList<EnvironmentVariable> environment = [.. container.Parts("env").Select(EnvironmentVariable.Read)];
        List<(string Path, string Volume, bool IsReadOnly)> mounts = [];
        foreach (TemplateFields mount in container.Parts("volumeMounts"))
        {
            mounts.Add((mount.Required("mountPath").TrimEnd('/'), mount.Required("name"), mount.Flag("readOnly")));
            mount.RequireAllRead();
        }

        if (container.Part("resources") is { } resources)
        {
            resources.Map("requests");
            resources.Map("limits");
            resources.RequireAllRead();
        }

        SecurityContext inContainer = SecurityContext.OfContainer(container, inPod);
        container.RequireAllRead();
        return new PodTemplate
        {
            Container = name,
            Command = command,
            Environment = environment,
            Mounts = [.. mounts.OrderByDescending(mount => mount.Path.Length)],
            User = inContainer.User ?? 0,
            Group = inContainer.Group ?? 0,
            Capabilities = inContainer.Capabilities,
            LogIsMessage = logIsMessage,
            ServiceAccount = "",
            HasToken = false,
            Node = NodeDemand.None,
            Volumes = [],
            VolumeGroup = null,
            Groups = [],
        };
    }
}

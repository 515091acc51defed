using System.CommandLine;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Kubernetes.Api;

namespace EtcdBackupAgent.Commands;

/// <summary>
/// The options that make a verb work in a Kubernetes cluster, and select the cluster; the same for every verb that has
/// them.
/// </summary>
/// <param name="time">The clock of the client.</param>
internal sealed class KubernetesOptions(TimeProvider time)
{
    private readonly Option<bool> _kubernetes = new("--kubernetes")
    {
        Description = "Work with the policies and locations of a Kubernetes cluster.",
    };

    private readonly Option<string?> _namespace = new("--namespace")
    {
        Description = "Namespace of the policies and locations (default: the pod's own, or that of the kubeconfig's "
            + "context).",
        HelpName = "NAMESPACE",
    };

    private readonly KubeconfigOptions _cluster = new(time);

    private Option[] ClusterOptions => [_namespace, .. _cluster.All];

    public void AddTo(Command verb)
    {
        verb.Add(_kubernetes);
        foreach (Option option in ClusterOptions)
        {
            verb.Add(option);
        }
    }

    /// <summary>The options that select the cluster.</summary>
    public KubeconfigOptions Cluster => _cluster;

    /// <summary>Whether <c>--kubernetes</c> is given.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="clusterIsUsed">Whether the options that select the cluster are used without it too.</param>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/>: another of these options is given without it.
    /// </exception>
    public bool IsChosen(ParseResult parsed, bool clusterIsUsed = false)
    {
        bool isChosen = parsed.GetValue(_kubernetes);
        Option[] needing = clusterIsUsed ? [_namespace] : ClusterOptions;
        return isChosen
            || needing.FirstOrDefault(o => parsed.GetResult(o) is { Implicit: false }) is not { } option
            ? isChosen
            : throw KubernetesRequired(option);
    }

    /// <summary>The failure of an option that requires <c>--kubernetes</c>.</summary>
    public static BackupException KubernetesRequired(Option option) =>
        new(FailureReason.InvalidInput, $"{option.Name} needs --kubernetes.")
        {
            Hint = $"Add --kubernetes, or remove {option.Name}.",
        };

    /// <summary>Reads which cluster the options select. This does not connect to it yet.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>.</exception>
    public async Task<ConnectedCluster> ConnectAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        KubernetesConnection connection = await _cluster.ReadAsync(parsed, cancellationToken);
        return new ConnectedCluster(
            new KubernetesClient(connection, time), parsed.GetValue(_namespace) ?? connection.Namespace);
    }
}

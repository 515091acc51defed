using System.CommandLine;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Api.Access;

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

    private readonly Option<string?> _kubeconfig = new("--kubeconfig")
    {
        Description = "The kubeconfig file (default: the files of KUBECONFIG, then the cluster of the pod, then "
            + "~/.kube/config).",
        HelpName = "FILE",
    };

    private readonly Option<string?> _context = new("--context")
    {
        Description = "The context of the kubeconfig (default: its current context).",
        HelpName = "NAME",
    };

    private Option[] ClusterOptions => [_namespace, _kubeconfig, _context];

    public void AddTo(Command verb)
    {
        verb.Add(_kubernetes);
        foreach (Option option in ClusterOptions)
        {
            verb.Add(option);
        }
    }

    /// <summary>Whether <c>--kubernetes</c> is given.</summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/>: another of these options is given without it.
    /// </exception>
    public bool IsChosen(ParseResult parsed)
    {
        bool isChosen = parsed.GetValue(_kubernetes);
        return isChosen
            || ClusterOptions.FirstOrDefault(o => parsed.GetResult(o) is { Implicit: false }) is not { } option
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
        KubernetesConnection connection = await ApiAccess.LoadAsync(
            parsed.GetValue(_kubeconfig),
            parsed.GetValue(_context),
            Environment.GetEnvironmentVariable,
            time,
            cancellationToken);
        return new ConnectedCluster(
            new KubernetesClient(connection, time), parsed.GetValue(_namespace) ?? connection.Namespace);
    }
}

using System.CommandLine;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Api.Access;

namespace EtcdBackupAgent.Commands;

/// <summary>The options that say that a verb works in a Kubernetes cluster, and in which; the same for every verb that
/// can.</summary>
/// <param name="time">The clock of the client.</param>
internal sealed class KubernetesOptions(TimeProvider time)
{
    private readonly Option<bool> _kubernetes = new("--kubernetes")
    {
        Description = "Work with the policies and locations of a Kubernetes cluster.",
    };

    private readonly Option<string?> _namespace = new("--namespace")
    {
        Description = "The namespace of them (default: the pod's own, or the one of the kubeconfig's context).",
        HelpName = "NAMESPACE",
    };

    private readonly Option<string?> _kubeconfig = new("--kubeconfig")
    {
        Description = "The kubeconfig file (default: those of KUBECONFIG, else the cluster of the pod, else ~/.kube/config).",
        HelpName = "FILE",
    };

    private readonly Option<string?> _context = new("--context")
    {
        Description = "The context of the kubeconfig (default: its current one).",
        HelpName = "NAME",
    };

    private Option[] Details => [_namespace, _kubeconfig, _context];

    public void AddTo(Command verb)
    {
        verb.Add(_kubernetes);
        foreach (Option option in Details)
        {
            verb.Add(option);
        }
    }

    /// <summary>Whether the verb is to work in a cluster.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>: details without it.</exception>
    public bool IsChosen(ParseResult parsed)
    {
        bool chosen = parsed.GetValue(_kubernetes);
        return chosen || Details.FirstOrDefault(o => parsed.GetResult(o) is { Implicit: false }) is not { } detail
            ? chosen
            : throw Needed(detail);
    }

    /// <summary>What is said of an option that means nothing without <c>--kubernetes</c>.</summary>
    public static BackupException Needed(Option detail) =>
        new(FailureReason.InvalidInput, $"{detail.Name} needs --kubernetes.") { Hint = "Add --kubernetes, or leave it out." };

    /// <summary>The cluster that is meant; it is not connected to yet.</summary>
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

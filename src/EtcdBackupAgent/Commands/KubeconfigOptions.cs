using System.CommandLine;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Api.Access;

namespace EtcdBackupAgent.Commands;

/// <summary>The options that select a Kubernetes cluster.</summary>
/// <param name="time">The clock of the client.</param>
internal sealed class KubeconfigOptions(TimeProvider time)
{
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

    /// <summary>The options.</summary>
    public Option[] All => [_kubeconfig, _context];

    public void AddTo(Command verb)
    {
        foreach (Option option in All)
        {
            verb.Add(option);
        }
    }

    /// <summary>Reads which cluster the options select. This does not connect to it yet.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>.</exception>
    public async Task<KubernetesConnection> ReadAsync(ParseResult parsed, CancellationToken cancellationToken) =>
        await ApiAccess.LoadAsync(
            parsed.GetValue(_kubeconfig),
            parsed.GetValue(_context),
            Environment.GetEnvironmentVariable,
            time,
            cancellationToken);
}

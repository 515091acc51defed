using System.CommandLine;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Kubernetes.Api;

namespace EtcdBackupAgent.Commands.Objects;

/// <summary>The options that make a running cluster the new side of a comparison.</summary>
/// <param name="time">The clock of the client.</param>
internal sealed class LiveOptions(TimeProvider time)
{
    private readonly KubeconfigOptions _cluster = new(time);

    private readonly Option<bool> _live = new("--live")
    {
        Description = "Compare with the objects of a running cluster, which is the new side: leave B out.",
    };

    public void AddTo(Command verb)
    {
        verb.Add(_live);
        _cluster.AddTo(verb);
    }

    /// <summary>Whether the new side is a cluster.</summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/>: a cluster is named without <c>--live</c>.
    /// </exception>
    public bool IsChosen(ParseResult parsed)
    {
        bool isChosen = parsed.GetValue(_live);
        Option? given = Array.Find(_cluster.All, option => parsed.GetResult(option) is { Implicit: false });
        return isChosen || given is null
            ? isChosen
            : throw new BackupException(FailureReason.InvalidInput, $"{given.Name} needs --live.")
            {
                Hint = $"Add --live, or remove {given.Name}.",
            };
    }

    /// <summary>Returns a client of the cluster. This does not connect to it yet.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>.</exception>
    public async Task<KubernetesClient> OpenAsync(ParseResult parsed, CancellationToken cancellationToken) =>
        new(await _cluster.ReadAsync(parsed, cancellationToken), time);
}

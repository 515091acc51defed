using System.CommandLine;
using System.Globalization;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.RestorePoints;

namespace EtcdBackupAgent.Commands;

/// <summary>The options that select another state of etcd than that of a snapshot: a moment or a revision.</summary>
internal sealed class PointOptions
{
    private const string TimeHint =
        "Give a time in UTC such as 2026-11-29T10:15:00Z, or with an offset such as 2026-11-29T11:15:00+01:00.";

    private readonly Option<string?> _at = new("--at")
    {
        Description = "The moment to go back to, such as 2026-11-29T10:15:00Z: the change log of the policy must have "
            + "it ('list --windows' shows from when to when).",
        HelpName = "TIME",
    };

    private readonly Option<long?> _revision = new("--revision")
    {
        Description = "The revision of etcd to go back to. With an ID: the snapshot must still have it (default: its "
            + "restore point, if it has one). Without: the change log of the policy.",
        HelpName = "N",
    };

    public void AddTo(Command verb)
    {
        verb.Add(_at);
        verb.Add(_revision);
    }

    /// <summary>Whether a moment or a revision is given, so that no snapshot needs to be named.</summary>
    public bool IsGiven(ParseResult parsed) =>
        parsed.GetValue(_at) is not null || parsed.GetValue(_revision) is not null;

    /// <summary>Reads the options together with the snapshot and the policy.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="id">The snapshot; null if none is given.</param>
    /// <param name="repository">The options of the repository, which name the policy.</param>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>.</exception>
    public RestoreSelection Read(ParseResult parsed, string? id, RepositoryOptions repository)
    {
        string? at = parsed.GetValue(_at);
        long? revision = parsed.GetValue(_revision);
        if (at is not null && revision is not null)
        {
            throw InvalidInput("Both --at and --revision are given.", "Give one of them.");
        }

        if (at is not null && id is not null)
        {
            throw InvalidInput(
                $"Both the snapshot {id} and --at are given.",
                "Remove the ID: the agent finds the snapshot for a moment itself.");
        }

        SnapshotAt? snapshot = id is null ? null : SnapshotAt.Parse(id);
        if (snapshot?.Revision is not null && revision is not null)
        {
            throw InvalidInput($"Both {id} and --revision are given.", "Give the revision once.");
        }

        if (revision is < 1)
        {
            throw InvalidInput($"--revision {revision} is not valid.", "The first revision of etcd is 1.");
        }

        return new RestoreSelection
        {
            SnapshotId = snapshot?.Id,
            Revision = revision ?? snapshot?.Revision,
            Time = at is null ? null : ParseTime("--at", at),
            Policy = repository.ReadPolicyName(parsed),
        };
    }

    /// <summary>Refuses the options for a source that is not a repository.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>.</exception>
    public void RejectWith(ParseResult parsed, string option)
    {
        if (IsGiven(parsed))
        {
            throw InvalidInput(
                $"--at and --revision cannot be used with {option}.", "They need a repository.");
        }
    }

    /// <summary>Reads a time with a date and an offset.</summary>
    /// <param name="name">What the text is, for messages.</param>
    /// <param name="text">The text.</param>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>.</exception>
    public static DateTimeOffset ParseTime(string name, string text) =>
        // A time without a date would be one of today, and one without an offset one of this machine's zone.
        text.Length > "2026-11-29".Length
        && (text.EndsWith('Z') || text.LastIndexOfAny(['+', '-']) > "2026-11-29".Length)
        && DateTimeOffset.TryParse(
            text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time)
            ? time
            : throw InvalidInput($"{name} '{text}' is not a time with a date and an offset.", TimeHint);

    private static BackupException InvalidInput(string message, string hint) =>
        new(FailureReason.InvalidInput, message) { Hint = hint };
}

using System.CommandLine;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Commands;

/// <summary>The options that mark a snapshot, so that it is found later.</summary>
internal sealed class OccasionOptions
{
    private readonly Option<string[]> _labels = new("--label")
    {
        Description = "Label of the snapshot, in the form of Kubernetes; can be repeated. 'list -l' selects by it.",
        HelpName = "KEY=VALUE",
    };

    private readonly Option<string?> _reason = new("--reason")
    {
        Description = "Why the backup is made, such as 'before the upgrade to 1.37'. 'show' prints it.",
        HelpName = "TEXT",
    };

    private readonly Option<string?> _nameSuffix = new("--name-suffix")
    {
        Description = "Give the snapshot the name POLICY-SUFFIX, by which 'restore' and all others find it too.",
        HelpName = "SUFFIX",
    };

    private readonly Option<string?> _expiresIn = new("--expires-in")
    {
        Description = "Age at which retention removes the snapshot even if it would keep it, such as 30d or 36h.",
        HelpName = "DURATION",
    };

    private readonly Option<long?> _restorePoint = new("--restore-point")
    {
        Description = "The revision of etcd that a restore of the snapshot goes to, such as that before a change. If "
            + "etcd has compacted it already, the backup is made without one and warns.",
        HelpName = "REVISION",
    };

    public void AddTo(Command verb)
    {
        AddMarksTo(verb);
        verb.Add(_restorePoint);
    }

    /// <summary>
    /// Adds the options of a snapshot that is not made now, so that no restore point can be requested.
    /// </summary>
    public void AddMarksTo(Command verb)
    {
        verb.Add(_labels);
        verb.Add(_reason);
        verb.Add(_nameSuffix);
        verb.Add(_expiresIn);
    }

    /// <summary>The option of the restore point if it is given; null if not.</summary>
    public string? FirstOfEtcd(ParseResult parsed) =>
        parsed.GetValue(_restorePoint) is null ? null : _restorePoint.Name;

    /// <summary>Reads the marks of a backup.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="why">What made the agent back up.</param>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>.</exception>
    public BackupOccasion Read(ParseResult parsed, BackupReason why)
    {
        BackupOccasion occasion = new()
        {
            Reason = why,
            Note = parsed.GetValue(_reason),
            NameSuffix = parsed.GetValue(_nameSuffix),
            ExpiresIn = parsed.ReadDuration(_expiresIn, PolicyRetention.AgeMin, TimeSpan.MaxValue),
            RestorePoint = parsed.GetValue(_restorePoint),
            Labels = BackupOccasion.ParseLabels(parsed.GetValue(_labels) ?? []),
        };
        occasion.Validate();
        return occasion;
    }
}

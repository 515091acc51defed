using System.CommandLine;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Commands;

/// <summary>
/// The options for the objects that a verb stores on an S3 server. A BackupLocation has fields with the same meaning.
/// </summary>
internal sealed class ObjectOptions
{
    private readonly Option<string?> _encryption = new("--s3-sse")
    {
        Description = "Server-side encryption of the stored objects, for buckets that require it: AES256 or aws:kms.",
        HelpName = "METHOD",
    };

    private readonly Option<string?> _kmsKeyId = new("--s3-sse-kms-key-id")
    {
        Description = "With --s3-sse aws:kms: the key, as ID, ARN or alias (default: the account's own key).",
        HelpName = "KEY",
    };

    private readonly Option<string?> _storageClass = new("--s3-storage-class")
    {
        Description = "Storage class of the stored objects, such as STANDARD_IA; not an archive class, whose objects "
            + "must be restored before they can be read.",
        HelpName = "CLASS",
    };

    private readonly Option<string[]> _tags = new("--s3-tag")
    {
        Description = "Tag of the stored objects; can be repeated.",
        HelpName = "KEY=VALUE",
    };

    private readonly Option<ObjectLockMode?> _lockMode = new("--object-lock")
    {
        Description = "Lock the stored objects, so that nobody can remove or overwrite them: Compliance, or "
            + "Governance, which a user with full rights can lift. The bucket must have Object Lock; without this "
            + "option its own default applies.",
        HelpName = "MODE",
    };

    private readonly Option<int?> _lockDays = new("--object-lock-days")
    {
        Description = "With --object-lock: for how many days from the start of a backup, 1 to 36500.",
        HelpName = "N",
    };

    public IEnumerable<Option> All => [_encryption, _kmsKeyId, _storageClass, _tags, _lockMode, _lockDays];

    /// <returns>How the objects are locked; null for what the bucket does by itself.</returns>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>, naming the option.</exception>
    public LockRule? ReadLock(ParseResult parsed) => (parsed.GetValue(_lockMode), parsed.GetValue(_lockDays)) switch
    {
        (null, null) => null,
        ({ } mode, { } days) => LockRule.ProblemOf(days) is { } problem
            ? throw InvalidInput($"{_lockDays.Name}: {problem}.")
            : LockRule.OfDays(mode, days),
        (null, _) => throw InvalidInput($"{_lockDays.Name} needs {_lockMode.Name}."),
        _ => throw InvalidInput($"{_lockMode.Name} needs {_lockDays.Name}."),
    };

    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>, naming the option.</exception>
    public ObjectSettings Read(ParseResult parsed)
    {
        ObjectSettings settings = new()
        {
            ServerSideEncryption = parsed.GetValue(_encryption),
            KmsKeyId = parsed.GetValue(_kmsKeyId),
            StorageClass = parsed.GetValue(_storageClass),
            Tags = ParseTags(parsed.GetValue(_tags) ?? []),
        };
        foreach ((string field, string problem) in settings.Problems())
        {
            throw InvalidInput($"{OptionOf(field).Name}: {problem}.".Replace(
                "serverSideEncryption: ", $"{_encryption.Name} ", StringComparison.Ordinal));
        }

        return settings;
    }

    private Option OptionOf(string field) => field switch
    {
        "serverSideEncryption" => _encryption,
        "kmsKeyId" => _kmsKeyId,
        "storageClass" => _storageClass,
        _ => _tags,
    };

    private Dictionary<string, string> ParseTags(IEnumerable<string> texts)
    {
        Dictionary<string, string> tags = new(StringComparer.Ordinal);
        foreach (string text in texts)
        {
            string[] parts = text.Split('=', 2);
            if (parts.Length != 2)
            {
                throw InvalidInput($"{_tags.Name} '{text}' is not KEY=VALUE.");
            }

            if (!tags.TryAdd(parts[0], parts[1]))
            {
                throw InvalidInput($"{_tags.Name}: the tag '{parts[0]}' is given twice.");
            }
        }

        return tags;
    }

    private static BackupException InvalidInput(string message) => new(FailureReason.InvalidInput, message);
}

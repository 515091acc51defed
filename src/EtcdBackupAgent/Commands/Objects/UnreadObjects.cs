using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Objects.CustomResources;
using EtcdBackupAgent.Objects.Encryption;
using EtcdBackupAgent.Objects.Querying;
using EtcdBackupAgent.Objects.Reading;

namespace EtcdBackupAgent.Commands.Objects;

/// <summary>
/// Counts the objects that could not be read, or not as an API server shows them, so that none is missing silently.
/// </summary>
internal sealed class UnreadObjects
{
    private const string KeysHint = "The API server encrypts what it stores: give the file of its "
        + "--encryption-provider-config with --encryption-config.";

    private readonly SortedDictionary<string, int> _unread = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, int> _inPart = new(StringComparer.Ordinal);
    private bool _needsKeys;

    /// <summary>How many objects could not be read, by the reason.</summary>
    public IReadOnlyDictionary<string, int> Unread => _unread;

    /// <summary>How many objects are not shown as an API server shows them, by the reason.</summary>
    public IReadOnlyDictionary<string, int> InPart => _inPart;

    /// <summary>Whether an object has content. Counts it otherwise.</summary>
    public bool IsReadable(FoundObject item)
    {
        StoredObject content = item.Content;
        string? doubt = content.Outcome == ReadOutcome.ReadInPart
            ? "have fields of a newer version of Kubernetes, which are left out"
            : content.CustomResourceForm switch
            {
                CustomResourceForm.NeedsWebhook =>
                    "are shown in their stored version, because a webhook of the cluster converts them",
                CustomResourceForm.WithoutDefinition =>
                    "are shown as they are stored, because their definition is missing",
                _ => null,
            };
        if (doubt is not null)
        {
            Count(_inPart, $"{item.Place.Resource} {doubt}");
        }

        if (!content.Json.IsEmpty)
        {
            return true;
        }

        _needsKeys |= content.Decryption is DecryptionOutcome.KeyMissing;
        Count(_unread, $"{item.Place.Resource}: {content.Problem}");
        return false;
    }

    /// <summary>Returns the failure for an object that is needed and has no content.</summary>
    public static BackupException Failure(FoundObject item)
    {
        bool isEncrypted = item.Content.Outcome == ReadOutcome.Encrypted;
        return new BackupException(
            isEncrypted ? FailureReason.KeyRefused : FailureReason.DataDamaged,
            $"{item.Place} cannot be read: {item.Content.Problem}.")
        {
            Hint = isEncrypted ? KeysHint : null,
        };
    }

    /// <summary>Writes warnings about what was counted.</summary>
    public void Warn()
    {
        foreach ((string what, int count) in _unread)
        {
            FailureText.WriteWarning($"{count} objects could not be read: {what}.");
        }

        if (_needsKeys)
        {
            FailureText.WriteWarning(KeysHint);
        }

        foreach ((string what, int count) in _inPart)
        {
            FailureText.WriteWarning($"{count} {what}.");
        }
    }

    private static void Count(SortedDictionary<string, int> counts, string what) =>
        counts[what] = counts.GetValueOrDefault(what) + 1;
}

using System.Globalization;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary><c>status.pinned</c> of a location: which repository it is and to whom it encrypts. Fields:
/// <c>docs/kubernetes.md</c>.</summary>
internal static class LocationPin
{
    private const string Field = "pinned";

    /// <summary>The pin in a location's status; null if there is none.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>: there is one that makes no sense,
    /// which never counts as none.</exception>
    public static PinnedRecipients? Read(JsonObject location)
    {
        if (location["status"]?[Field] is not { } pinned)
        {
            return null;
        }

        JsonArray listed = (pinned as JsonObject)?["recipients"] as JsonArray ?? [];
        string?[] recipients = [.. listed.Select(item => ObjectMetadata.Find(item))];
        if (ObjectMetadata.Find(pinned, "repositoryId") is { Length: > 0 } id
            && DateTimeOffset.TryParse(
                ObjectMetadata.Find(pinned, "pinnedAt"), CultureInfo.InvariantCulture, out DateTimeOffset at)
            && recipients.All(recipient => AgeRecipient.TryParse(recipient, out _)))
        {
            return new PinnedRecipients { RepositoryId = id, Recipients = [.. recipients.OfType<string>()], PinnedAt = at };
        }

        throw new BackupException(
            FailureReason.InvalidInput,
            $"status.{Field} of BackupLocation {ObjectMetadata.Namespace(location)}/{ObjectMetadata.Name(location)} makes no "
            + "sense: it must have repositoryId, recipients (age1…) and pinnedAt.")
        {
            Hint = "Compare the recipients that 'etcd-backup-agent key list' shows with those you expect; if they are "
                + $"right, remove status.{Field}, and the controller pins them anew.",
        };
    }

    /// <summary>Sets the pin in a location's status.</summary>
    public static void Set(JsonObject status, PinnedRecipients pin) => status[Field] = new JsonObject
    {
        ["repositoryId"] = pin.RepositoryId,
        ["recipients"] = new JsonArray([.. pin.Recipients.Select(recipient => JsonValue.Create(recipient))]),
        ["pinnedAt"] = StatusTime.Text(pin.PinnedAt),
    };
}

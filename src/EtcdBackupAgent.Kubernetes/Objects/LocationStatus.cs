using System.Text.Json.Nodes;
using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Archive.Signatures;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Resources.Binding;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>The status of a BackupLocation: kubedr's fields and the agent's own, as documented in
/// <c>docs/kubernetes.md</c>.</summary>
/// <remarks>
/// There are three parts: whether the repository can be used (<c>initStatus</c>, <c>initTime</c>,
/// <c>initErrorMessage</c>, condition <c>Ready</c>); the identity of the repository and its recipients (<c>pinned</c>);
/// and what the last sync found in it.
/// </remarks>
/// <param name="status">The status, which the setters change.</param>
internal sealed class LocationStatus(JsonObject status)
{
    private const string InitState = "initStatus";
    private const string InitTime = "initTime";
    private const string ErrorMessage = "initErrorMessage";
    private const string ObservedGeneration = "observedGeneration";
    private const string Pinned = "pinned";
    private const string PinnedRepository = "repositoryId";
    private const string PinnedTo = "recipients";
    private const string PinnedSigners = "signers";
    private const string PinnedTime = "pinnedAt";

    private const string Completed = "Completed";
    private const string Failed = "Failed";

    public StatusConditions Conditions => new(status);

    /// <summary>The pin as one text, to detect a change of it; null if there is none.</summary>
    public string? PinText => status[Pinned]?.ToJsonString();

    /// <summary>Whether the status reports, for this generation of the location, that its repository can be
    /// used.</summary>
    public bool IsReady(long generation) =>
        IsObserved(generation)
        && ObjectFields.Text(status, InitState) == Completed
        && Conditions.IsTrue(StatusConditions.Ready);

    /// <summary>Whether the status reports this failure for this generation of the location.</summary>
    public bool IsFailed(string message, long generation) =>
        IsObserved(generation)
        && ObjectFields.Text(status, InitState) == Failed
        && ObjectFields.Text(status, ErrorMessage) == message;

    /// <summary>Reports that the repository can be used.</summary>
    public void SetReady(string address, long generation, DateTimeOffset now)
    {
        SetInit(Completed, generation, now);
        status.Remove(ErrorMessage);
        Conditions.Set(
            StatusConditions.Ready,
            isTrue: true,
            "RepositoryUsable",
            $"The repository at {address} can be used.",
            generation,
            now);
    }

    /// <summary>Reports that the repository cannot be used.</summary>
    public void SetFailed(BackupException failure, long generation, DateTimeOffset now)
    {
        SetInit(Failed, generation, now);
        string message = failure.MessageWithHint(SettingFields.NameOf);
        status[ErrorMessage] = message;
        Conditions.Set(StatusConditions.Ready, isTrue: false, $"{failure.Reason}", message, generation, now);
    }

    /// <summary>Reports that a sync has compared the records with the repository.</summary>
    public void SetSynced(Inventory inventory, DateTimeOffset now)
    {
        Snapshot[] complete = [.. inventory.Snapshots.Where(s => s.IsComplete)];
        status["snapshots"] = complete.Length;
        status["storedBytes"] = complete.Sum(s => s.Manifest.StoredBytes);
        status["futureSnapshots"] = inventory.FromFuture.Count();
        status["lastSyncTime"] = StatusTime.Text(now);
    }

    /// <summary>Returns the pinned repository and its recipients; null if nothing is pinned yet.</summary>
    /// <param name="location">The name of the location, for the message.</param>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>: the pin is invalid; an invalid pin
    /// never counts as a missing one.</exception>
    public PinnedRecipients? ReadPin(ResourceName location)
    {
        if (status[Pinned] is not { } pinned)
        {
            return null;
        }

        JsonArray listed = (pinned as JsonObject)?[PinnedTo] as JsonArray ?? [];
        JsonArray signed = (pinned as JsonObject)?[PinnedSigners] as JsonArray ?? [];
        string?[] signers = [.. signed.Select(item => ObjectFields.Text(item))];
        string?[] recipients = [.. listed.Select(item => ObjectFields.Text(item))];
        if (ObjectFields.Text(pinned, PinnedRepository) is { Length: > 0 } id
            && ObjectFields.Time(pinned, PinnedTime) is { } at
            && recipients.All(recipient => AgeRecipient.TryParse(recipient, out _))
            && signers.All(signer => signer is not null && SshPublicKey.TryParse(signer, out _)))
        {
            return new PinnedRecipients
            {
                RepositoryId = id,
                Recipients = [.. recipients.OfType<string>()],
                Signers = [.. signers.OfType<string>()],
                PinnedAt = at,
            };
        }

        throw new BackupException(
            FailureReason.InvalidInput,
            $"status.{Pinned} of BackupLocation {location} is invalid: expected {PinnedRepository}, {PinnedTo} (age1…) "
            + $"and {PinnedTime}.")
        {
            Hint = "Compare the recipients that 'etcd-backup-agent key list' shows with those you expect; if they are "
                + $"correct, remove status.{Pinned}, and the controller pins them again.",
        };
    }

    /// <summary>Pins the repository and its recipients.</summary>
    public void SetPin(PinnedRecipients pin) => status[Pinned] = new JsonObject
    {
        [PinnedRepository] = pin.RepositoryId,
        [PinnedTo] = new JsonArray([.. pin.Recipients.Select(recipient => JsonValue.Create(recipient))]),
        [PinnedSigners] = new JsonArray([.. pin.Signers.Select(signer => JsonValue.Create(signer))]),
        [PinnedTime] = StatusTime.Text(pin.PinnedAt),
    };

    /// <summary>Returns a status with only the pin; null if there is no pin.</summary>
    public JsonObject? PinOnly() =>
        status[Pinned] is { } pinned ? new JsonObject { [Pinned] = pinned.DeepClone() } : null;

    private void SetInit(string state, long generation, DateTimeOffset now)
    {
        status[InitState] = state;
        status[InitTime] = StatusTime.Text(now);
        status[ObservedGeneration] = generation;
    }

    private bool IsObserved(long generation) => ObjectFields.Number(status, ObservedGeneration) == generation;
}

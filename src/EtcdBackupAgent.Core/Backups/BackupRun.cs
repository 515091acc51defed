using System.Diagnostics;
using EtcdBackupAgent.Archive.Spilling;
using EtcdBackupAgent.Core.Artifacts;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.ObjectLines;
using EtcdBackupAgent.Core.Places;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Retention;
using EtcdBackupAgent.Core.Transfers;
using EtcdBackupAgent.Core.Verification;

namespace EtcdBackupAgent.Core.Backups;

/// <summary>Makes one backup: the main job of the product.</summary>
/// <remarks>
/// <para>
/// 0. Refuse directories that contain each other (<see cref="SeparatePlaces"/>), and a repository with signers for
/// which there is no signing key.
/// 1. Choose the folder: the time and a free ID.
/// 2. If increments are wanted, choose the base among the snapshots of the repository (<see cref="BaseChoice"/>).
/// 3. Choose an etcd member and store its database, as changes since the base or as a whole
/// (<see cref="DatabaseStep"/>). Until the member's stream has ended, etcd keeps a read transaction open. If a restore
/// point is requested, ask the member whether it is still there (<see cref="PointCheck"/>). Or store the objects that
/// an API server lists (<see cref="ObjectsStep"/>); then steps 2, 5 and 6 do nothing.
/// 4. Stream the certificates directory into the repository, if there is one.
/// 5. Request HashKV from the member that was read, if it is due (<see cref="HashKvStep"/>).
/// 6. Require that the base still exists: another agent may have removed it meanwhile.
/// 7. Describe the backup in its manifest. If the repository has signers, give it its place in its chain.
/// 8. Sign and write the manifest. Before this step no backup exists; after it the backup exists.
/// 9. Verify the backup deeply, if that is requested.
/// 10. Prune the snapshots that the policy no longer keeps, if the request contains a number; not after a failed
/// verification.
/// </para>
/// <para>
/// Up to step 8, memory is bounded for every database size. Only sealed bytes are written to a local disk, in a file
/// without a name, when the store is too slow (<see cref="ScratchSpace"/>). A failure or a cancellation before step 8
/// removes the stored objects. A crash leaves objects that no manifest names; prune removes them.
/// </para>
/// </remarks>
public sealed class BackupRun(
    BackupRepository repository, IBackupSource source, string agentVersion, TimeProvider time)
{
    /// <summary>
    /// A backup that delays etcd for at least this long reports a warning: an open read transaction lets etcd's
    /// database grow.
    /// </summary>
    private static readonly TimeSpan DelayWarningThreshold = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The place for bytes that the store does not accept in time. Without such a place, etcd is delayed.
    /// </summary>
    public ScratchSpace Scratch { get; init; } = ScratchSpace.None;

    /// <summary>
    /// Verifies the snapshot with this ID deeply, as <see cref="DeepVerifyRun"/> does; null to skip the verification.
    /// </summary>
    public Func<SnapshotId, IProgress<TransferProgress>, CancellationToken, Task<DeepVerifyOutcome>>? VerifyAfter
    {
        get;
        init;
    }

    /// <exception cref="BackupException">With the reason why the backup failed.</exception>
    public async Task<BackupOutcome> ExecuteAsync(
        BackupRequest request, IProgress<TransferProgress> progress, CancellationToken cancellationToken)
    {
        DateTimeOffset startedAt = time.GetUtcNow();
        request.Occasion.Validate();

        // 0. the places and the key
        RequirePossible(request);

        // 1. the folder
        SnapshotFolder folder = await repository.NewFolderAsync(startedAt, cancellationToken);

        ArtifactWriter writer = new(repository, folder, Scratch, progress, time);
        List<string> warnings = [];
        List<ArtifactManifest> artifacts = [];
        StoredState? stored = null;
        SnapshotManifest manifest;
        try
        {
            // 2., 3. the base and the state
            stored = await StoreStateAsync(request, startedAt, writer, warnings.Add, cancellationToken);
            artifacts.Add(stored.Artifact);
            warnings.AddRange(CostToEtcd(writer.Spill));

            // 4. the certificates
            if (request.CertsDirectory is not null)
            {
                artifacts.Add(await CertificatesStep.StoreAsync(
                    writer, request.CertsDirectory, warnings.Add, cancellationToken));
            }

            // 5. the hash
            EtcdMember? member =
                await RequestHashAsync(request, startedAt, stored.Snapshot, warnings.Add, cancellationToken);

            // 6. the base
            await RequireBaseAsync(stored.Base, cancellationToken);

            // 7. the manifest, and its place in its chain
            manifest = await repository.SealAsync(
                folder, Describe(request, folder, startedAt, stored, member, artifacts), cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
        }
        catch (Exception e) when (writer.HasStarted)
        {
            await UncommittedObjects.RemoveAsync(repository, folder, e, time);
            throw;
        }
        finally
        {
            await (stored?.Snapshot?.DisposeAsync() ?? ValueTask.CompletedTask);
        }

        // 8. the commit point. Nothing is removed after this point: if the store does not respond, the manifest may or
        // may not exist, and both states are consistent. For the same reason a cancellation no longer has an effect.
        await CommitAsync(folder, manifest);
        BackupOutcome outcome = Outcome(folder, manifest, stored, warnings);

        // 9. the proof
        if (VerifyAfter is not null)
        {
            outcome = await VerifyAsync(outcome, VerifyAfter, progress, cancellationToken);
            if (outcome.VerifyFailure is not null)
            {
                return outcome;
            }
        }

        // 10. the retention
        return request.Retention is { } retention
            ? await PruneAsync(outcome, retention, cancellationToken)
            : outcome;
    }

    /// <summary>Step 0.</summary>
    private void RequirePossible(BackupRequest request)
    {
        repository.Signed.RequireKey("make a backup");
        string? scratch = Scratch.OptionsFor(repository.Document.Encryption.Kind).Directory;
        SeparatePlaces.RequireForBackup(repository.Store, request.CertsDirectory, scratch);
    }

    /// <summary>Steps 2 and 3.</summary>
    private Task<StoredState> StoreStateAsync(
        BackupRequest request,
        DateTimeOffset startedAt,
        ArtifactWriter writer,
        Action<string> warn,
        CancellationToken cancellationToken) => source switch
        {
            ISnapshotSource etcd => StoreDatabaseAsync(etcd, request, startedAt, writer, warn, cancellationToken),
            IObjectSource objects => new ObjectsStep(objects, writer).StoreAsync(warn, cancellationToken),
            _ => throw new InvalidOperationException($"{source.GetType()} is not a known source of backups."),
        };

    private async Task<StoredState> StoreDatabaseAsync(
        ISnapshotSource etcd,
        BackupRequest request,
        DateTimeOffset startedAt,
        ArtifactWriter writer,
        Action<string> warn,
        CancellationToken cancellationToken)
    {
        PointCheck point = new(etcd, request.Occasion);
        StoredState stored = await StoreDatabaseAsync(
            new DatabaseStep(point, writer, Scratch, time), request, startedAt, cancellationToken);
        if (point.Warning is { } warning)
        {
            warn(warning);
        }

        return stored with { RestorePoint = point.Found, PointWarning = point.Warning };
    }

    private async Task<StoredState> StoreDatabaseAsync(
        DatabaseStep database, BackupRequest request, DateTimeOffset startedAt, CancellationToken cancellationToken)
    {
        if (request.Increments is not { } increments)
        {
            return await database.StoreFullAsync(kindReason: null, cancellationToken);
        }

        Inventory inventory = await repository.TakeInventoryAsync(cancellationToken);
        BaseChoice choice = BaseChoice.Among(inventory, request, increments, startedAt);
        return choice.Base is { } needed
            ? await database.StoreChangesAsync(needed, increments.SizeMaxPercent, cancellationToken)
            : await database.StoreFullAsync(choice.Reason, cancellationToken);
    }

    /// <summary>Step 5. Returns the member with its hash; null if etcd was not read.</summary>
    private async Task<EtcdMember?> RequestHashAsync(
        BackupRequest request,
        DateTimeOffset startedAt,
        EtcdSnapshot? read,
        Action<string> warn,
        CancellationToken cancellationToken) => read is null
            ? null
            : await new HashKvStep(repository, request, startedAt).ExecuteAsync(read, warn, cancellationToken);

    /// <summary>
    /// Returns the warning about the delay of etcd: an open read transaction lets etcd's database grow.
    /// </summary>
    private static IEnumerable<string> CostToEtcd(SpillReport? spill)
    {
        if (spill is { DelayReason: { } delayReason } && spill.Delay >= DelayWarningThreshold)
        {
            yield return "The repository is slower than etcd, which had to keep its snapshot open for "
                + $"{spill.Delay.TotalSeconds:0} s longer: {delayReason}.";
        }
    }

    private static async Task<BackupOutcome> VerifyAsync(
        BackupOutcome outcome,
        Func<SnapshotId, IProgress<TransferProgress>, CancellationToken, Task<DeepVerifyOutcome>> verifyAfter,
        IProgress<TransferProgress> progress,
        CancellationToken cancellationToken)
    {
        using Activity? span = BackupTrace.Start("verify");
        SnapshotId id = outcome.Folder.Id;
        try
        {
            DeepVerifyOutcome verified = await verifyAfter(id, progress, cancellationToken);
            return outcome with { Verified = verified, VerifyFailure = verified.Failure };
        }
        catch (BackupException e)
        {
            return outcome with
            {
                VerifyFailure = e.WithMessage($"Snapshot {id} exists, but verifying it failed: {e.Message}"),
            };
        }
        catch (OperationCanceledException e)
        {
            return outcome with
            {
                VerifyFailure = new BackupException(
                    FailureReason.Cancelled, $"Snapshot {id} exists, but verifying it was cancelled.", e),
            };
        }
    }

    private async Task<BackupOutcome> PruneAsync(
        BackupOutcome outcome, PolicyRetention retention, CancellationToken cancellationToken)
    {
        using Activity? span = BackupTrace.Start("prune");
        RetentionRule rule = RetentionRule.After(outcome.Manifest, retention);
        try
        {
            PruneReport report =
                await new PruneRun(repository, agentVersion, time).ExecuteAsync(rule, dryRun: false, cancellationToken);
            return outcome with { Pruned = report, Warnings = [.. outcome.Warnings, .. report.Warnings] };
        }
        catch (BackupException e)
        {
            return outcome with { PruneFailure = e };
        }
        catch (OperationCanceledException e)
        {
            return outcome with
            {
                PruneFailure = new BackupException(FailureReason.Cancelled, "Pruning was cancelled.", e),
            };
        }
    }

    private SnapshotManifest Describe(
        BackupRequest request,
        SnapshotFolder folder,
        DateTimeOffset startedAt,
        StoredState stored,
        EtcdMember? member,
        IReadOnlyList<ArtifactManifest> artifacts) =>
        new()
        {
            FormatVersion = stored.Cluster is not null ? RepositoryJson.ObjectsFormatVersion
                : stored.Kind == SnapshotKind.Incremental ? RepositoryJson.IncrementalFormatVersion
                : RepositoryJson.FormatVersion,
            Id = folder.Id,
            StartedAt = startedAt,
            CompletedAt = time.GetUtcNow(),
            AgentVersion = agentVersion,
            Policy = request.Policy,
            Reason = request.Occasion.Reason,
            StoredKind = request.Increments is null ? null : stored.Kind,
            KindReason = stored.KindReason,
            Base = stored.Base is { } needed ? SnapshotBase.Of(needed.Manifest) : null,
            ChangeLog = request.ChangeLog,
            Name = request.Occasion.NameOf(request.Policy),
            Note = request.Occasion.Note,
            ExpiresAt = startedAt + (request.Occasion.ExpiresIn ?? request.Retention?.Ttl),
            RestorePoint = stored.RestorePoint,
            Labels = new SortedDictionary<string, string>(
                request.Labels.Concat(request.Occasion.Labels).ToDictionary(StringComparer.Ordinal),
                StringComparer.Ordinal),
            Cluster = stored.Cluster,
            Etcd = stored.Changes is { } changes
                ? member! with
                {
                    LastRevision = changes.LastRevision,
                    CompactRevision = changes.ComputedHashKv.CompactRevision,
                    ComputedHashKv = changes.ComputedHashKv,
                }
                : member,
            Artifacts = artifacts,
        };

    private BackupOutcome Outcome(
        SnapshotFolder folder, SnapshotManifest manifest, StoredState stored, IReadOnlyList<string> warnings) => new()
        {
            Folder = folder,
            Manifest = manifest,
            Address = repository.Store.Address,
            Warnings = warnings,
            PointWarning = stored.PointWarning,
        };

    private async Task CommitAsync(SnapshotFolder folder, SnapshotManifest manifest)
    {
        using Activity? span = BackupTrace.Start("commit");
        await repository.CommitAsync(folder, manifest, CancellationToken.None);
    }

    /// <summary>
    /// Requires that the base of an incremental snapshot is still complete. It costs one listing, and is the last check
    /// before the commit: a backup whose base is lost must fail now and not at its restore.
    /// </summary>
    private async Task RequireBaseAsync(Snapshot? needed, CancellationToken cancellationToken)
    {
        if (needed is not null && !await repository.IsCompleteAsync(needed, cancellationToken))
        {
            throw new BackupException(
                FailureReason.SnapshotNotFound,
                $"Snapshot {needed.Id}, on which this backup stands, was removed while the backup was made. Nothing "
                + "was stored.")
            {
                Hint = "Make the backup again; without a base it is a full one.",
            };
        }
    }
}

using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Objects.Json;
using EtcdBackupAgent.Objects.Keys;

namespace EtcdBackupAgent.Objects.Restoring;

/// <summary>Carries a plan out: the last steps of <see cref="ObjectRestore"/>.</summary>
/// <remarks>
/// 1. Write the objects in their order. Before the first object after the definitions, wait until the cluster serves
///    what they define.
/// 2. Try again what was refused, a few times: a webhook, or a definition, may have needed an object that came later.
/// 3. Report every object.
/// </remarks>
internal sealed class RestoreExecution(
    IObjectTarget target, ObjectRestorePlan plan, TimeProvider time, IProgress<RestoreProgress>? progress)
{
    /// <summary>How often refused writes are tried again.</summary>
    private const int RetriesMax = 5;

    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan PollDelay = TimeSpan.FromMilliseconds(200);

    /// <summary>How long a new definition has to be established. Usually it takes less than a second.</summary>
    private static readonly TimeSpan EstablishTimeout = TimeSpan.FromSeconds(30);

    private readonly Dictionary<PlannedObject, RestoredObject> _results = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<StorageKey, string> _uids = [];
    private readonly List<PlannedObject> _definitions = [];
    private readonly HashSet<PlannedObject> _retried = new(ReferenceEqualityComparer.Instance);

    public async Task<ObjectRestoreReport> ExecuteAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await WriteAllAsync(cancellationToken);
        }
        catch (BackupException e)
        {
            int written = _results.Values.Count(result => result.Outcome != RestoreOutcome.Failed);
            throw new BackupException(
                e.Reason, $"The restore ended after {written} of {plan.Writes} objects: {e.Message}", e)
            {
                Hint = "Start it again: what it has written is equal by then, and is skipped.",
            };
        }
    }

    private async Task<ObjectRestoreReport> WriteAllAsync(CancellationToken cancellationToken)
    {
        // 1
        foreach (PlannedObject planned in plan.Objects.Where(one => one.IsWrite))
        {
            if (!IsDefinition(planned))
            {
                await WaitForDefinitionsAsync(cancellationToken);
            }

            // An object whose owner was refused waits for it, and is written with the others that were.
            _results[planned] = planned.Owners.Any(IsOwnerMissing)
                ? new RestoredObject(planned, RestoreOutcome.Failed, "its owner was not restored")
                : await WriteAsync(planned, cancellationToken);
            Report();
        }

        await WaitForDefinitionsAsync(cancellationToken);

        // 2
        for (int retry = 0; retry < RetriesMax && Refused().Any(IsRetried); retry++)
        {
            if (retry > 0)
            {
                await Task.Delay(RetryDelay, time, cancellationToken);
            }

            foreach (PlannedObject planned in Refused().Where(IsRetried).ToArray())
            {
                _retried.Add(planned);
                _results[planned] = await WriteAsync(planned, cancellationToken);
                Report();
            }
        }

        // 3
        return new ObjectRestoreReport([.. plan.Objects.Select(planned => _results.GetValueOrDefault(planned)
            ?? new RestoredObject(
                planned,
                planned.Action == PlannedAction.Cannot ? RestoreOutcome.NotPossible : RestoreOutcome.Skipped,
                planned.Reason))]);
    }

    private async Task<RestoredObject> WriteAsync(PlannedObject planned, CancellationToken cancellationToken)
    {
        (WriteMethod method, RestoreOutcome outcome) = planned.Action switch
        {
            PlannedAction.Create => (WriteMethod.Create, RestoreOutcome.Created),
            PlannedAction.Update => (WriteMethod.Apply, RestoreOutcome.Updated),
            _ => (WriteMethod.Replace, RestoreOutcome.Replaced),
        };
        try
        {
            JsonObject written = await target.WriteAsync(
                planned.WriteOf(method, _uids.GetValueOrDefault), isDryRun: false, cancellationToken);
            _uids[planned.Item.Target] = ObjectFields.Uid(written);
            if (IsDefinition(planned))
            {
                _definitions.Add(planned);
            }

            string[] dropped =
            [
                .. planned.Owners.Where(IsOwnerMissing).Select(owner =>
                    $"its owner {owner.Reference.Text("kind")} {owner.Reference.Text("name")} was not restored: the "
                    + "reference is dropped"),
            ];
            return new RestoredObject(planned, outcome, Reason: null) { Notes = [.. planned.Notes, .. dropped] };
        }
        catch (TargetRefusedException e) when (
            e.Refusal == TargetRefusal.Exists && method == WriteMethod.Create)
        {
            return new RestoredObject(
                planned, RestoreOutcome.Skipped, "it did not exist when the plan was made, and exists now");
        }
        catch (TargetRefusedException e)
        {
            return new RestoredObject(planned, RestoreOutcome.Failed, e.Message)
            {
                MissingRight = e.MissingRight,
                IsPermanent = e.Refusal is TargetRefusal.RightMissing or TargetRefusal.Invalid
                    or TargetRefusal.Conflict,
            };
        }
    }

    private bool IsOwnerMissing(PlannedOwner owner) =>
        owner.Restored is { } place && !_uids.ContainsKey(place);

    private IEnumerable<PlannedObject> Refused() => plan.Objects.Where(
        planned => _results.TryGetValue(planned, out RestoredObject? result)
            && result.Outcome == RestoreOutcome.Failed);

    /// <summary>Everything is tried twice; after that, what the cluster would refuse again is not.</summary>
    private bool IsRetried(PlannedObject planned) =>
        !_retried.Contains(planned) || !_results[planned].IsPermanent;

    private async Task WaitForDefinitionsAsync(CancellationToken cancellationToken)
    {
        long start = time.GetTimestamp();
        foreach (PlannedObject definition in _definitions)
        {
            while (!await IsEstablishedAsync(definition, cancellationToken)
                && time.GetElapsedTime(start) < EstablishTimeout)
            {
                await Task.Delay(PollDelay, time, cancellationToken);
            }
        }

        _definitions.Clear();
    }

    private async Task<bool> IsEstablishedAsync(PlannedObject definition, CancellationToken cancellationToken)
    {
        JsonObject? live;
        try
        {
            live = await target.FindAsync(
                definition.Resource!, ns: null, definition.Item.Target.Name, cancellationToken);
        }
        catch (TargetRefusedException)
        {
            // Without the right to read it there is nothing to wait for: its objects are tried again at the end.
            return true;
        }

        return (live?.Inner("status")?.Items("conditions") ?? []).OfType<JsonObject>().Any(condition =>
            condition.Text("type") == "Established" && condition.Text("status") == "True");
    }

    private static bool IsDefinition(PlannedObject planned) =>
        planned.Item.Kind is { Group: "apiextensions.k8s.io", Kind: "CustomResourceDefinition" };

    private void Report()
    {
        int failed = _results.Values.Count(result => result.Outcome == RestoreOutcome.Failed);
        progress?.Report(new RestoreProgress(_results.Count - failed, failed, plan.Writes - _results.Count));
    }
}

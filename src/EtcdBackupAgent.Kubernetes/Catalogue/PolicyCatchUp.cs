using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Publishing;
using EtcdBackupAgent.Kubernetes.Resources;

namespace EtcdBackupAgent.Kubernetes.Catalogue;

/// <summary>What a policy's status has missed: backups whose pod could not reach the API server, or that were made
/// before the cluster was restored to an older state.</summary>
internal static class PolicyCatchUp
{
    /// <summary>Puts what the repository knows better into a policy's status.</summary>
    /// <param name="status">The status, which is changed.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="snapshots">All of the repository.</param>
    public static void Apply(JsonObject status, JsonObject policy, IReadOnlyList<Snapshot> snapshots)
    {
        Snapshot[] own = [.. snapshots.Where(s => OwnSnapshots.IsOf(policy, s.Manifest))];
        if (own.Where(s => Counts(s, policy)).MaxBy(s => s.Manifest.CompletedAt) is { Manifest: var newest }
            && (StatusTime.Find(status, PolicyStatus.LastSuccessTime) is not { } known
                || known < StatusTime.Rounded(newest.CompletedAt)))
        {
            PolicyStatus.SetSucceeded(status, newest, pod: null, ObjectMetadata.Generation(policy));
        }

        PolicyStatus.SetVerified(
            status,
            own.Where(s => s.IsProved).Select(s => s.Verification).MaxBy(verification => verification!.CompletedAt));
    }

    /// <summary>Whether the run that made it has succeeded, as far as the repository tells.</summary>
    private static bool Counts(Snapshot snapshot, JsonObject policy) =>
        ObjectMetadata.Find(policy, "spec", PolicyBinding.VerifyField) == $"{PolicyVerification.AfterBackup}"
            ? snapshot.IsProved
            : snapshot.IsGood;
}

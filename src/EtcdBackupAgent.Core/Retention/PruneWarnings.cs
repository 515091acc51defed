using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Repository;

namespace EtcdBackupAgent.Core.Retention;

/// <summary>What a person should know of a repository before relying on what retention does in it.</summary>
internal static class PruneWarnings
{
    public static IEnumerable<string> Of(Inventory inventory)
    {
        if (FutureSnapshots.Describe([.. inventory.FromFuture]) is { } future)
        {
            yield return future;
        }

        foreach (BackupException note in inventory.UnreadableNotes)
        {
            yield return $"{note.Message} It counts for nothing.";
        }
    }
}

using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Repository;

namespace EtcdBackupAgent.Core.Retention;

/// <summary>Facts about a repository that affect its retention and that a person should know.</summary>
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
            yield return $"{note.Message} It is ignored.";
        }
    }
}

using System.Security.Cryptography;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Core.Retention;

/// <summary>
/// The time by the clock that dates the objects of a store. Ages of objects are computed with it, because the local
/// clock may be ahead by days.
/// </summary>
/// <param name="AtLeast">The store's time is this or later.</param>
/// <param name="Problem">Why a more exact time could not be found; null if it was found, or was not necessary.</param>
internal sealed record StoreClock(DateTimeOffset AtLeast, BackupException? Problem)
{
    /// <summary>
    /// The prefix of an object that is stored only to read its date. It is not part of the repository.
    /// </summary>
    private const string ProbeRoot = "clock/";

    /// <remarks>
    /// 1. The newest stored object was stored in the past. After a backup this is enough.
    /// 2. Otherwise store a small object, read its date, and remove it.
    /// </remarks>
    /// <param name="store">The store.</param>
    /// <param name="inventory">The inventory of the store.</param>
    /// <param name="wanted">If the store's time is later than this, no more exact time is needed.</param>
    /// <param name="cancellationToken">A cancelled call may leave the small object behind.</param>
    public static async Task<StoreClock> ReadAsync(
        IObjectStore store, Inventory inventory, DateTimeOffset wanted, CancellationToken cancellationToken)
    {
        // 1
        DateTimeOffset seen = inventory.Snapshots.Select(s => s.StoredAt).Max()
            is { } stored ? stored : DateTimeOffset.UnixEpoch;
        foreach (StoredObject one in inventory.Unreferenced.Values.SelectMany(objects => objects))
        {
            seen = one.ModifiedAt > seen ? one.ModifiedAt : seen;
        }

        if (seen > wanted)
        {
            return new StoreClock(seen, Problem: null);
        }

        // 2
        try
        {
            DateTimeOffset probed = await ProbeAsync(store, cancellationToken);
            return new StoreClock(probed > seen ? probed : seen, Problem: null);
        }
        catch (BackupException e)
        {
            return new StoreClock(seen, e);
        }
    }

    private static async Task<DateTimeOffset> ProbeAsync(IObjectStore store, CancellationToken cancellationToken)
    {
        ObjectKey key = new($"{ProbeRoot}{RandomNumberGenerator.GetHexString(32, lowercase: true)}");
        await store.TryCreateAsync(key, "now"u8.ToArray(), cancellationToken);
        try
        {
            StoredObject? probe = await store.ListAsync(key.Value, cancellationToken)
                .FirstOrDefaultAsync(found => found.Key == key, cancellationToken);
            return probe?.ModifiedAt ?? throw new BackupException(
                FailureReason.StoreFailed,
                $"'{key}' was stored in {store.Address}, but its listing does not contain it.");
        }
        finally
        {
            await store.DeleteAsync([key], cancellationToken);
        }
    }
}

using System.Security.Cryptography;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Core.Retention;

/// <summary>
/// The time by the clock that dates the objects of a store. Ages of objects are judged by it: the clock here may be
/// ahead by days.
/// </summary>
/// <param name="AtLeast">It is this late, or later.</param>
/// <param name="Problem">Why it could not be found out better; null if that was not necessary, or if it was.</param>
internal sealed record StoreClock(DateTimeOffset AtLeast, BackupException? Problem)
{
    /// <summary>What an object is called that is made to see its date. It is no part of the repository.</summary>
    private const string ProbeRoot = "clock/";

    /// <remarks>
    /// 1. What was stored last was stored in the past. After a backup that is enough.
    /// 2. Otherwise store a small object, see when that was, and remove it.
    /// </remarks>
    /// <param name="store">The store.</param>
    /// <param name="inventory">What is in it.</param>
    /// <param name="wanted">If it is as late as that, it need not be known better.</param>
    /// <param name="cancellationToken">Ends it.</param>
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
                FailureReason.StoreFailed, $"'{key}' was stored in {store.Address} and is not in its listing.");
        }
        finally
        {
            await store.DeleteAsync([key], cancellationToken);
        }
    }
}

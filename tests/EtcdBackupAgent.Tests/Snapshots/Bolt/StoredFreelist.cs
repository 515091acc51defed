using System.Buffers.Binary;
using EtcdBackupAgent.Snapshots.Bolt;

namespace EtcdBackupAgent.Tests.Snapshots.Bolt;

/// <summary>Freelists as bbolt stores them by default; etcd disables this.</summary>
internal static class StoredFreelist
{
    /// <summary>Returns the unreachable pages, in order.</summary>
    public static ulong[] FreePages(BoltDatabase database)
    {
        PageMap pages = new(database.Meta.HighWaterMark);
        pages.TryUse(0);
        pages.TryUse(1);
        new BoltTreeCheck(database, pages, new BoltProblems(0), CancellationToken.None).Run();
        return [.. Enumerable.Range(0, (int)pages.Pages).Select(id => (ulong)id).Where(id => !pages.IsUsed(id))];
    }

    /// <summary>Returns the page of the freelist, with its overflow.</summary>
    /// <param name="id">The page number.</param>
    /// <param name="pageSizeBytes">The page size of the database.</param>
    /// <param name="listed">The free pages. If there are 65535 or more, their number precedes them.</param>
    public static byte[] Page(ulong id, int pageSizeBytes, ReadOnlySpan<ulong> listed)
    {
        bool isLong = listed.Length >= BoltFormat.FreelistCountOverflow;
        int start = BoltFormat.PageHeaderBytes + (isLong ? sizeof(ulong) : 0);
        int pages = (start + (listed.Length * sizeof(ulong)) + pageSizeBytes - 1) / pageSizeBytes;
        byte[] page = new byte[pages * pageSizeBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(page, id);
        BinaryPrimitives.WriteUInt16LittleEndian(page.AsSpan(8), (ushort)BoltPageKinds.Freelist);
        BinaryPrimitives.WriteUInt16LittleEndian(page.AsSpan(10), isLong ? ushort.MaxValue : (ushort)listed.Length);
        BinaryPrimitives.WriteInt32LittleEndian(page.AsSpan(12), pages - 1);
        if (isLong)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(page.AsSpan(BoltFormat.PageHeaderBytes), (ulong)listed.Length);
        }

        for (int i = 0; i < listed.Length; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(page.AsSpan(start + (i * sizeof(ulong))), listed[i]);
        }

        return page;
    }
}

using EtcdBackupAgent.IntegrationTests.Etcd;
using EtcdBackupAgent.IntegrationTests.Snapshots;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Archiving;

/// <summary>What a live server returns for one revision.</summary>
internal sealed record LiveMoment(long Revision, IReadOnlyList<StoredRecord> Keys)
{
    public static async Task<LiveMoment> ReadAsync(IndependentClient etcd) => new(
        etcd.Revision, [.. (await etcd.KeysAsync(etcd.Revision)).Select(StoredRecord.Of)]);

    /// <summary>Compares with the newest record of each key in a restored file.</summary>
    public void AssertEqual(string path)
    {
        IReadOnlyList<StoredRecord> records = StoredRecord.Of(path);
        Assert.DoesNotContain(records, record => record.Main > Revision);
        StoredRecord[] live =
        [
            .. records
                .GroupBy(record => record.Key, StringComparer.Ordinal)
                .Select(ofKey => ofKey.Last() with { Sub = 0 })
                .Where(record => record.Value is not null)
                .OrderBy(record => record.Key, StringComparer.Ordinal),
        ];
        Assert.Equal(Keys, live);
    }
}

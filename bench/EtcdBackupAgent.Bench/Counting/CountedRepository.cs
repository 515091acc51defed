using System.Globalization;
using EtcdBackupAgent.Bench.Comparing;
using EtcdBackupAgent.Bench.Performance;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Bench.Counting;

/// <summary>A repository with a number of snapshots, and the commands for it.</summary>
internal sealed record CountedRepository(string Place, int Count, string Url, string Options, Func<IObjectStore> Open)
{
    private const string DirectoryPlace = "directory";

    public bool IsDirectory => Place == DirectoryPlace;

    /// <summary>Lists all snapshots.</summary>
    public Candidate List => new("`etcd-backup-agent list`", "", $"etcd-backup-agent list {Repository} > /dev/null");

    /// <summary>The variable that the commands use.</summary>
    public IReadOnlyDictionary<string, string?> Variables =>
        new Dictionary<string, string?>(StringComparer.Ordinal) { ["REPOSITORY"] = Url };

    private string Repository => $"--repository $REPOSITORY{Options}";

    /// <summary>
    /// Prunes to all but this number of the initial snapshots. Each call uses one more than the last.
    /// </summary>
    public Candidate Prune(int removed) => new(
        "`etcd-backup-agent prune` of one",
        "",
        string.Create(
            CultureInfo.InvariantCulture,
            $"etcd-backup-agent prune {Repository} --policy {SnapshotSeries.Policy} "
            + $"--retain {Count - removed} > /dev/null"));

    public static CountedRepository InDirectory(BenchScene scene, int count)
    {
        string directory = scene.Directory[string.Create(CultureInfo.InvariantCulture, $"repository-of-{count}")];
        return new CountedRepository(
            DirectoryPlace,
            count,
            $"file://{directory}",
            "",
            () => new Storage.FileSystem.DirectoryObjectStore(directory, TimeProvider.System));
    }

    public static CountedRepository InBucket(BenchS3 s3, int count)
    {
        string bucket = string.Create(CultureInfo.InvariantCulture, $"bench-of-{count}");
        return new CountedRepository(
            "S3",
            count,
            $"s3://{bucket}",
            $" {BenchS3.AgentOptions}",
            () => new Storage.S3.S3ObjectStore(s3.Options(bucket), TimeProvider.System));
    }
}

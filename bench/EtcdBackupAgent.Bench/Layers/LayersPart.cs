using System.Globalization;
using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Archive.Hashing;
using EtcdBackupAgent.Archive.Zstd;
using EtcdBackupAgent.Bench.Comparing;
using EtcdBackupAgent.Bench.Performance;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Etcd;
using EtcdBackupAgent.Storage.FileSystem;
using EtcdBackupAgent.Storage.S3;
using EtcdBackupAgent.Testing.Directories;
using static EtcdBackupAgent.Bench.Comparing.ComparisonTable;

namespace EtcdBackupAgent.Bench.Layers;

/// <summary>Measures each layer of a backup alone, with the same bytes, in this process.</summary>
internal sealed class LayersPart : IPart
{
    private static readonly ObjectKey Key = new("layers/etcd.db.zst.age");

    public string Name => "layers";

    /// <remarks>
    /// 1. Write the input of each layer to files, which stay in the page cache. 2. In each round, pass each file
    /// through its layer, one layer after another. 3. Compare.
    /// </remarks>
    public async Task<Section> RunAsync(BenchScene scene, int rounds, CancellationToken cancellationToken)
    {
        // 1
        FilledEtcd etcd = await scene.EtcdAsync(cancellationToken);
        EtcdConnection connection = await etcd.ConnectionAsync(cancellationToken);
        using TestDirectory files = new();
        (string plain, string compressed, string stored) = (files["plain"], files["compressed"], files["stored"]);
        await using (FileStream file = File.Create(plain))
        {
            await SnapshotReading.CopyAsync(connection, file, cancellationToken);
        }

        await CopyAsync(plain, Compression, compressed, cancellationToken);
        await CopyAsync(compressed, Encryption, stored, cancellationToken);

        // 2
        using S3ObjectStore bucket = new(
            (await scene.S3Async(cancellationToken)).Options("bench-layers"),
            TimeProvider.System);
        await bucket.EnsureCreatedAsync(cancellationToken);
        using DirectoryObjectStore directory = new(files.Create("repository"), TimeProvider.System);
        Layer[] layers =
        [
            new(
                "HTTP/2 and TLS, with etcd's SHA-256",
                plain,
                () => SnapshotReading.CopyAsync(connection, Stream.Null, cancellationToken)),
            new(
                "SHA-256 of the plain bytes",
                plain,
                () => DiscardAsync(plain, file => new DigestingStream(file))),
            new("zstd", plain, () => DiscardAsync(plain, Compression)),
            new("age", compressed, () => DiscardAsync(compressed, Encryption)),
            new(
                "SHA-256 of the stored bytes",
                stored,
                () => DiscardAsync(stored, file => new DigestingStream(file))),
            new("S3, multipart over HTTPS", stored, () => PutAsync(bucket)),
            new("or a directory", stored, () => PutAsync(directory)),
        ];
        for (int round = 0; round <= rounds; round++)
        {
            foreach (Layer layer in layers)
            {
                Effort effort = await Effort.OfAsync(layer.Work);
                if (round > 0)
                {
                    layer.Efforts.Add(effort);
                }
            }
        }

        // 3
        return new Section(Table(rounds, new FileInfo(plain).Length, layers), []);

        AgeEncryptionStream Encryption(Stream source) => new(source, [scene.Recipient]);

        Task DiscardAsync(string from, Func<Stream, Stream> layer) =>
            CopyAsync(from, layer, "/dev/null", cancellationToken);

        async Task PutAsync(IObjectStore store)
        {
            await using FileStream content = Open(stored);
            await store.PutAsync(Key, content, cancellationToken);
        }
    }

    private static string Table(int rounds, long plainBytes, IReadOnlyList<Layer> layers) => $"""
        Each layer alone, in one process; medians of {rounds} rounds after one to warm up. The rate is that of the database: how fast a backup would
        be if there were only this layer.

        | layer | bytes in | wall | CPU | rate of the database |
        |---|---|---|---|---|
        {string.Join('\n', layers.Select(layer => Row(layer, plainBytes)))}
        """;

    private static string Row(Layer layer, long plainBytes)
    {
        double wall = Median.Of(layer.Efforts, effort => effort.WallSeconds);
        double cpu = Median.Of(layer.Efforts, effort => effort.CpuSeconds);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"| {layer.Name} | {Megabytes(layer.BytesIn)} | {Seconds(wall)} | {Seconds(cpu)} | "
            + $"{plainBytes / 1e6 / wall:N0} MB/s |"
        );
    }

    private static FileStream Open(string file) =>
        new(file, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, useAsync: true);

    private static ZstdCompressionStream Compression(Stream source) => new(source, new ZstdCompressionOptions());

    private static async Task CopyAsync(
        string from, Func<Stream, Stream> layer, string to, CancellationToken cancellationToken)
    {
        await using FileStream source = Open(from);
        await using Stream layered = layer(source);
        await using FileStream file = new(to, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
        await layered.CopyToAsync(file, cancellationToken);
    }

    private sealed record Layer(string Name, string File, Func<Task> Work)
    {
        public List<Effort> Efforts { get; } = [];

        public long BytesIn { get; } = new FileInfo(File).Length;
    }
}

using System.Security.Cryptography;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.RestorePoints;
using EtcdBackupAgent.Core.Restores;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Core.Verification;
using EtcdBackupAgent.Storage.S3;
using EtcdBackupAgent.Tests.Core;
using Minio;
using Minio.DataModel;
using Minio.DataModel.Args;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Storage;

/// <summary>
/// Uses MinIO's client for .NET as an independent check: it lists and reads a repository of the agent in a bucket of a
/// real server, and writes a repository that the agent reads.
/// </summary>
[Collection(RgwTests.Name)]
public sealed class MinioClientTests(RgwFixture fixture) : IAsyncLifetime, IDisposable
{
    private const string Prefix = "clusters/one/";

    /// <summary>Two parts of an upload of the agent, and three of MinIO's client, whose parts have 5 MiB.</summary>
    private const int DatabaseBytes = 11 << 20;

    private static readonly CancellationToken None = CancellationToken.None;

    private readonly S3Options _options = fixture.Options() with { Prefix = Prefix };
    private readonly UseCaseFixture _files = new();
    private readonly byte[] _database = SnapshotBytes.Create(DatabaseBytes);
    private readonly IMinioClient _minio = new MinioClient()
        .WithEndpoint(fixture.Server.HttpEndpoint.Authority)
        .WithSSL(false)
        .WithCredentials(fixture.Server.AccessKey, fixture.Server.SecretKey)
        .Build();

    private SnapshotManifest Manifest { get; set; } = null!;

    private S3ObjectStore Store { get; set; } = null!;

    public async Task InitializeAsync()
    {
        Store = new S3ObjectStore(_options, TimeProvider.System);
        BackupRepository repository = await BackupRepository.InitAsync(
            Store, new Unprotected(), TimeProvider.System, None);
        Manifest = (await _files.BackUpAsync(repository, _database)).Manifest;
    }

    public Task DisposeAsync()
    {
        Store.Dispose();
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        _minio.Dispose();
        _files.Dispose();
    }

    [Fact]
    public async Task Another_client_lists_the_objects_of_the_repository_with_their_sizes()
    {
        IReadOnlyList<Item> listed = await ListAsync(_options.BucketName);
        List<StoredObject> stored = await Store.ListAsync("", None).ToListAsync();

        Assert.Equal(
            stored.Select(item => $"{Prefix}{item.Key.Value} {item.SizeBytes}").Order(StringComparer.Ordinal),
            listed.Select(item => $"{item.Key} {item.Size}").Order(StringComparer.Ordinal));
        SnapshotFolder folder = new(Manifest.StartedAt, Manifest.Id);
        Assert.Equal(
            [
                "repository.json",
                .. Manifest.Artifacts.Select(artifact => artifact.Key.Value).Append(folder.Key("manifest.json").Value)
                    .Order(StringComparer.Ordinal),
            ],
            listed.Select(item => item.Key[Prefix.Length..]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_bytes_that_another_client_reads_have_the_digests_of_the_manifest()
    {
        Assert.Equal(2, Manifest.Artifacts.Count);
        foreach (ArtifactManifest artifact in Manifest.Artifacts)
        {
            byte[] read = await ReadAsync(_options.BucketName, Prefix + artifact.Key.Value);

            Assert.Equal(artifact.StoredBytes, read.Length);
            Assert.Equal($"{artifact.StoredSha256}", Convert.ToHexStringLower(SHA256.HashData(read)));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_repository_that_another_client_copied_object_by_object_verifies_and_restores(bool byTheServer)
    {
        S3Options copy = await CopyAsync(byTheServer);
        using S3ObjectStore store = new(copy, TimeProvider.System);
        BackupRepository repository = await BackupRepository.OpenAsync(store, None);

        VerifyOutcome verified = await new VerifyRun(repository, [])
            .VerifyAsync("latest", UseCaseFixture.NoProgress, None);
        await new RestoreRun(repository).ExecuteAsync(
            RestoreSelection.Of(Manifest.Id.Value),
            [],
            _files["restored"],
            overwrite: false,
            UseCaseFixture.NoProgress,
            None);

        Assert.True(verified.IsSound);
        Assert.Equal(Manifest.Id, verified.Manifest!.Id);
        Snapshot listed = Assert.Single((await repository.TakeInventoryAsync(None)).Snapshots);
        Assert.True(listed.IsComplete);
        byte[] restored = await File.ReadAllBytesAsync(Path.Combine(_files["restored"], "etcd-snapshot.db"));
        Assert.True(_database.AsSpan().SequenceEqual(restored));
    }

    [Fact]
    public async Task A_byte_that_another_client_changed_is_found()
    {
        ArtifactManifest artifact = Manifest.Artifacts.Single(a => a.Kind == ArtifactKind.Etcd);
        string key = Prefix + artifact.Key.Value;
        byte[] bytes = await ReadAsync(_options.BucketName, key);
        bytes[bytes.Length / 2] ^= 1;
        await WriteAsync(_options.BucketName, key, bytes);

        VerifyOutcome verified = await new VerifyRun(await BackupRepository.OpenAsync(Store, None), [])
            .VerifyAsync("latest", UseCaseFixture.NoProgress, None);

        Assert.Contains(artifact.Key.Value, Assert.Single(verified.Problems).Message, StringComparison.Ordinal);
    }

    private async Task<S3Options> CopyAsync(bool byTheServer)
    {
        S3Options copy = fixture.Options() with { Prefix = Prefix };
        await _minio.MakeBucketAsync(new MakeBucketArgs().WithBucket(copy.BucketName), None);
        foreach (Item item in await ListAsync(_options.BucketName))
        {
            if (byTheServer)
            {
                CopySourceObjectArgs source = new CopySourceObjectArgs()
                    .WithBucket(_options.BucketName)
                    .WithObject(item.Key);
                await _minio.CopyObjectAsync(
                    new CopyObjectArgs().WithBucket(copy.BucketName).WithObject(item.Key).WithCopyObjectSource(source),
                    None);
            }
            else
            {
                await WriteAsync(copy.BucketName, item.Key, await ReadAsync(_options.BucketName, item.Key));
            }
        }

        return copy;
    }

    private async Task<IReadOnlyList<Item>> ListAsync(string bucket) => await _minio
        .ListObjectsEnumAsync(new ListObjectsArgs().WithBucket(bucket).WithRecursive(true), None)
        .ToListAsync();

    private async Task<byte[]> ReadAsync(string bucket, string key)
    {
        using MemoryStream bytes = new();
        await _minio.GetObjectAsync(
            new GetObjectArgs().WithBucket(bucket).WithObject(key)
                .WithCallbackStream((content, cancellationToken) => content.CopyToAsync(bytes, cancellationToken)),
            None);
        return bytes.ToArray();
    }

    private async Task WriteAsync(string bucket, string key, byte[] bytes)
    {
        using MemoryStream content = new(bytes);
        await _minio.PutObjectAsync(
            new PutObjectArgs().WithBucket(bucket).WithObject(key).WithStreamData(content).WithObjectSize(bytes.Length),
            None);
    }
}

using System.Globalization;
using System.Text.Json;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Storage.FileSystem;
using EtcdBackupAgent.Storage.S3;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Processes;
using EtcdBackupAgent.Testing.Storage;

namespace EtcdBackupAgent.EndToEndTests.Fixtures;

public enum StoreKind
{
    Directory,

    /// <summary>The shared S3 server, over HTTPS.</summary>
    S3,
}

/// <summary>
/// A place of a test's own for a repository, empty yet: how to name it to the program, and what is in it as others see
/// it.
/// </summary>
internal sealed class TestRepository : IDisposable
{
    private const string Prefix = "clusters/one";
    private static int _bucketsTaken;

    private readonly TestDirectory _files;

    private TestRepository(TestDirectory files) => _files = files;

    /// <summary>The options that name it to every verb.</summary>
    public required IReadOnlyList<string> Options { get; init; }

    /// <summary>The credentials that go with them.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; private init; } =
        new Dictionary<string, string?>(StringComparer.Ordinal);

    /// <summary>What is stored in it, read without the program.</summary>
    public required IObjectStore Store { get; init; }

    /// <summary>A directory repository's directory; empty for a bucket.</summary>
    public string DirectoryPath { get; private init; } = "";

    /// <summary>An S3 repository's bucket; null for a directory.</summary>
    public string? BucketName { get; private init; }

    /// <summary>A directory that is not there yet, or a prefix in a bucket that is not there yet.</summary>
    public static async Task<TestRepository> NewAsync(StoreKind kind) =>
        kind == StoreKind.Directory ? InDirectory() : InBucket(await SharedServers.S3Async());

    /// <summary>A directory, in a place of its own or in one that the test chose.</summary>
    public static TestRepository InDirectory(string? parent = null)
    {
        TestDirectory files = new();
        string path = Path.Combine(parent ?? files.Path, "repository");
        return new TestRepository(files)
        {
            DirectoryPath = path,
            Options = ["--repository", $"file://{path}"],
            Store = new DirectoryObjectStore(path, TimeProvider.System),
        };
    }

    public static TestRepository InBucket(RgwServer server)
    {
        TestDirectory files = new();
        File.WriteAllText(files["ca.crt"], server.CaCertificatePem);
        string bucket = NewBucketName();
        return new TestRepository(files)
        {
            BucketName = bucket,
            Options =
            [
                "--repository", $"s3://{bucket}/{Prefix}",
                "--s3-endpoint", server.HttpsEndpoint.AbsoluteUri,
                "--s3-ca-file", files["ca.crt"],
            ],
            Environment = Credentials(server.AccessKey, server.SecretKey),
            Store = StoreOf(server, bucket, Prefix),
        };
    }

    /// <summary>A name that no other test uses.</summary>
    public static string NewBucketName() =>
        string.Create(CultureInfo.InvariantCulture, $"bucket-{Interlocked.Increment(ref _bucketsTaken)}");

    /// <summary>A way into a bucket past the program.</summary>
    public static IObjectStore StoreOf(RgwServer server, string bucket, string prefix) => new S3ObjectStore(
        new S3Options
        {
            BucketName = bucket,
            Prefix = prefix,
            Endpoint = server.HttpsEndpoint,
            CaCertificatePem = server.CaCertificatePem,
            Credentials = new S3Credentials { AccessKey = server.AccessKey, SecretKey = server.SecretKey },
        },
        TimeProvider.System);

    public static IReadOnlyDictionary<string, string?> Credentials(string accessKey, string secretKey) =>
        new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["AWS_ACCESS_KEY_ID"] = accessKey,
            ["AWS_SECRET_ACCESS_KEY"] = secretKey,
        };

    /// <summary>A repository that is made, with one snapshot of the shared etcd 3.5.</summary>
    public static async Task<TestRepository> WithSnapshotAsync()
    {
        TestRepository repository = InDirectory();
        _ = (await repository.RunAsync("init", "--unencrypted")).Output;
        _ = await repository.BackUpAsync(await SharedServers.EtcdAsync("3.5"));
        return repository;
    }

    /// <summary>Backs up an etcd.</summary>
    /// <returns>The snapshot's ID.</returns>
    public async Task<string> BackUpAsync(EtcdServer etcd, params IEnumerable<string> options)
    {
        string said = (await RunAsync(["backup", "--output", "json", .. options, .. EtcdArguments.Of(etcd)])).Output;
        using JsonDocument manifest = JsonDocument.Parse(said);
        return manifest.RootElement.GetProperty("id").GetString()!;
    }

    /// <summary>Runs a verb on this repository.</summary>
    public Task<ToolResult> RunAsync(params IEnumerable<string> verb) =>
        Agent.RunAsync([.. verb, .. Options], Environment);

    /// <summary>The keys of all that is stored, in ordinal order.</summary>
    public async Task<string[]> KeysAsync()
    {
        List<string> keys = [];
        await foreach (StoredObject found in Store.ListAsync("", CancellationToken.None))
        {
            keys.Add(found.Key.Value);
        }

        return [.. keys.Order(StringComparer.Ordinal)];
    }

    /// <summary>An object's bytes as they are stored.</summary>
    public async Task<byte[]> ReadAsync(string key)
    {
        await using Stream content = await Store.OpenReadAsync(new ObjectKey(key), range: null, CancellationToken.None);
        using MemoryStream bytes = new();
        await content.CopyToAsync(bytes);
        return bytes.ToArray();
    }

    public void Dispose()
    {
        Store.Dispose();
        _files.Dispose();
    }
}

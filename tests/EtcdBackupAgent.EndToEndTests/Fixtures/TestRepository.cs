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
/// The place for a repository of one test, empty at first: its options for the program, and access to its objects
/// without the program.
/// </summary>
internal sealed class TestRepository : IDisposable
{
    private const string Prefix = "clusters/one";
    private static int _bucketsTaken;

    private readonly TestDirectory _files;

    private TestRepository(TestDirectory files) => _files = files;

    /// <summary>The options that name the repository to a verb.</summary>
    public required IReadOnlyList<string> Options { get; init; }

    /// <summary>The environment variables with the credentials.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; private init; } =
        new Dictionary<string, string?>(StringComparer.Ordinal);

    /// <summary>The store of the repository, accessed without the program.</summary>
    public required IObjectStore Store { get; init; }

    /// <summary>The directory of a directory repository; empty for a bucket.</summary>
    public string DirectoryPath { get; private init; } = "";

    /// <summary>The bucket of an S3 repository; null for a directory.</summary>
    public string? BucketName { get; private init; }

    /// <summary>Returns a directory, or a prefix in a bucket, that does not exist yet.</summary>
    public static async Task<TestRepository> NewAsync(StoreKind kind) =>
        kind == StoreKind.Directory ? InDirectory() : InBucket(await SharedServers.S3Async());

    /// <summary>Returns a directory, in its own parent directory or in the given one.</summary>
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

    /// <summary>Returns a name that no other test uses.</summary>
    public static string NewBucketName() =>
        string.Create(CultureInfo.InvariantCulture, $"bucket-{Interlocked.Increment(ref _bucketsTaken)}");

    /// <summary>Opens a bucket without the program.</summary>
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

    /// <summary>Creates a repository with one snapshot of the shared etcd 3.5.</summary>
    public static async Task<TestRepository> WithSnapshotAsync()
    {
        TestRepository repository = InDirectory();
        _ = (await repository.RunAsync("init", "--unencrypted")).Output;
        _ = await repository.BackUpAsync(await SharedServers.EtcdAsync("3.5"));
        return repository;
    }

    /// <summary>Backs up an etcd.</summary>
    /// <returns>The ID of the snapshot.</returns>
    public async Task<string> BackUpAsync(EtcdServer etcd, params IEnumerable<string> options)
    {
        string output = (await RunAsync(["backup", "--output", "json", .. options, .. EtcdArguments.Of(etcd)])).Output;
        using JsonDocument manifest = JsonDocument.Parse(output);
        return manifest.RootElement.GetProperty("id").GetString()!;
    }

    /// <summary>Runs a verb on this repository.</summary>
    public Task<ToolResult> RunAsync(params IEnumerable<string> verb) =>
        Agent.RunAsync([.. verb, .. Options], Environment);

    /// <summary>Returns the keys of all stored objects in ordinal order.</summary>
    public async Task<string[]> KeysAsync()
    {
        List<string> keys = [];
        await foreach (StoredObject found in Store.ListAsync("", CancellationToken.None))
        {
            keys.Add(found.Key.Value);
        }

        return [.. keys.Order(StringComparer.Ordinal)];
    }

    /// <summary>Returns the stored bytes of an object.</summary>
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

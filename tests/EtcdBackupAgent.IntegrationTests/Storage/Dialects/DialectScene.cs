using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.IntegrationTests.Etcd;
using EtcdBackupAgent.Storage.S3;
using EtcdBackupAgent.Testing.Storage;

namespace EtcdBackupAgent.IntegrationTests.Storage.Dialects;

/// <summary>A bucket on the real server, behind a proxy that responds to some calls as another server would.</summary>
internal sealed class DialectScene : IAsyncDisposable
{
    private DialectScene(S3Options options, FaultyS3Proxy proxy)
    {
        Proxy = proxy;
        Options = options with { Endpoint = proxy.Endpoint, CaCertificatePem = null };
        Direct = new S3ObjectStore(options, TimeProvider.System);
        Store = new S3ObjectStore(Options, TimeProvider.System, Log);
    }

    public FaultyS3Proxy Proxy { get; }

    /// <summary>The options of <see cref="Store"/>.</summary>
    public S3Options Options { get; }

    /// <summary>A store without the proxy.</summary>
    public S3ObjectStore Direct { get; }

    /// <summary>A store behind the proxy.</summary>
    public S3ObjectStore Store { get; }

    /// <summary>The log of <see cref="Store"/>.</summary>
    public RecordingLogger Log { get; } = new();

    public static async Task<DialectScene> CreateAsync(RgwFixture fixture)
    {
        DialectScene scene = new(fixture.Options(), await FaultyS3Proxy.StartAsync(fixture.Server.HttpEndpoint));
        await scene.Direct.EnsureCreatedAsync(CancellationToken.None);
        return scene;
    }

    /// <summary>Sets the response to this call.</summary>
    public void Refuse(S3Call call, S3Answer answer) => Proxy.Answer =
        request => Task.FromResult(S3Calls.Of(request) == call ? answer : null);

    /// <summary>Stores objects with these names; the content of each is its name.</summary>
    public async Task<ObjectKey[]> FillAsync(params string[] names)
    {
        foreach (string name in names)
        {
            await Direct.PutAsync(new ObjectKey(name), new PatternStream(name.Length), CancellationToken.None);
        }

        return [.. names.Select(name => new ObjectKey(name))];
    }

    public async Task<string[]> KeysAsync() =>
        [.. await Direct.ListAsync("", CancellationToken.None).Select(found => found.Key.Value).ToListAsync()];

    public async Task<byte[]> ReadAsync(ObjectKey key)
    {
        await using Stream stream = await Direct.OpenReadAsync(key, range: null, CancellationToken.None);
        using MemoryStream bytes = new();
        await stream.CopyToAsync(bytes);
        return bytes.ToArray();
    }

    public async ValueTask DisposeAsync()
    {
        Store.Dispose();
        Direct.Dispose();
        await Proxy.DisposeAsync();
    }
}

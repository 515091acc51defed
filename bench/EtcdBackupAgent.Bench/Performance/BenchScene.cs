using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Bench.Comparing;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Directories;

namespace EtcdBackupAgent.Bench.Performance;

/// <summary>
/// What the parts share: the programs, the keys, one etcd and one S3 server, each started when a part first asks for
/// it, and kept.
/// </summary>
internal sealed class BenchScene : IAsyncDisposable
{
    /// <summary>More than any part fills; etcd's own default is 2 GB.</summary>
    public const long QuotaBytes = 16L << 30;

    private readonly long _databaseBytes;
    private FilledEtcd? _etcd;
    private BenchS3? _s3;

    /// <param name="agent">The file of the program.</param>
    /// <param name="databaseBytes">The size of the database that <see cref="EtcdAsync"/> gives.</param>
    /// <param name="output">For people.</param>
    public BenchScene(string agent, long databaseBytes, TextWriter output)
    {
        _databaseBytes = databaseBytes;
        Output = output;
        Workplace = new Workplace(Directory, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["etcd-backup-agent"] = agent,
            ["etcdctl"] = Peers.Etcd35.Etcdctl,
            ["etcdutl"] = Peers.Etcd35.Etcdutl,
            ["restic"] = Peers.Restic,
            ["age"] = Peers.Age13.Age,
            ["zstd"] = Peers.Zstd,
        });

        using AgeIdentity owner = AgeIdentity.Generate();
        Recipient = owner.Recipient;
        File.WriteAllBytes(Directory["identity"], AgeIdentityFile.Format(owner, TimeProvider.System.GetUtcNow()));
        File.WriteAllText(Directory["password"], "a password of the measurements");
        Keys = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["RECIPIENT"] = Recipient.ToString(),
            ["IDENTITY"] = Directory["identity"],
            ["PASSWORD"] = Directory["password"],
            ["RESTIC_PASSWORD_FILE"] = Directory["password"],
        };
    }

    public TextWriter Output { get; }

    public TestDirectory Directory { get; } = new();

    public Workplace Workplace { get; }

    public AgeRecipient Recipient { get; }

    /// <summary>Whom the agent and age encrypt to, the file of that identity, and a password.</summary>
    public IReadOnlyDictionary<string, string?> Keys { get; }

    /// <summary>The etcd that is filled once, for all parts that need one database.</summary>
    public async Task<FilledEtcd> EtcdAsync(CancellationToken cancellationToken)
    {
        if (_etcd is null)
        {
            _etcd = await FilledEtcd.StartAsync(QuotaBytes, cancellationToken);
            await Output.WriteLineAsync($"filling etcd to {ComparisonTable.Megabytes(_databaseBytes)}");
            await _etcd.FillAsync(_databaseBytes, cancellationToken);
        }

        return _etcd;
    }

    public async Task<BenchS3> S3Async(CancellationToken cancellationToken) =>
        _s3 ??= await BenchS3.StartAsync(Directory, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (_etcd is not null)
        {
            await _etcd.DisposeAsync();
        }

        if (_s3 is not null)
        {
            await _s3.DisposeAsync();
        }

        Directory.Dispose();
    }
}

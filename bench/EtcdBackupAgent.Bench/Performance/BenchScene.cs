using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Bench.Comparing;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Directories;

namespace EtcdBackupAgent.Bench.Performance;

/// <summary>
/// The state that the parts share: the programs, the keys, one etcd and one S3 server. Each server starts when a part
/// first uses it.
/// </summary>
internal sealed class BenchScene : IAsyncDisposable
{
    /// <summary>More than any part fills; etcd's default is 2 GB.</summary>
    public const long QuotaBytes = 16L << 30;

    private readonly long _databaseBytes;
    private FilledEtcd? _etcd;
    private BenchS3? _s3;

    /// <param name="agent">The path of the program.</param>
    /// <param name="databaseBytes">The size of the database of <see cref="EtcdAsync"/>.</param>
    /// <param name="output">The output for the user.</param>
    public BenchScene(string agent, long databaseBytes, TextWriter output)
    {
        _databaseBytes = databaseBytes;
        Output = output;
        Workspace = new Workspace(Directory, new Dictionary<string, string>(StringComparer.Ordinal)
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

    public Workspace Workspace { get; }

    public AgeRecipient Recipient { get; }

    /// <summary>The recipient for the agent and age, the file with its identity, and a password.</summary>
    public IReadOnlyDictionary<string, string?> Keys { get; }

    /// <summary>Returns the etcd that is filled once for all parts that need one database.</summary>
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

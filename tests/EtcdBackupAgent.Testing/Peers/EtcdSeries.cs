namespace EtcdBackupAgent.Testing;

/// <summary>The programs of one series of etcd. All have the same version.</summary>
public sealed class EtcdSeries
{
    private readonly string _programs;

    private EtcdSeries(string programs, string version)
    {
        _programs = programs;
        Version = version;
    }

    /// <summary>The major and minor version, such as <c>3.5</c>.</summary>
    public string Version { get; }

    /// <summary>The server.</summary>
    /// <exception cref="FileNotFoundException">Not installed; the message names <c>eng/peers</c>.</exception>
    public string Etcd => Program("etcd");

    /// <summary>The client.</summary>
    /// <exception cref="FileNotFoundException">Not installed; the message names <c>eng/peers</c>.</exception>
    public string Etcdctl => Program("etcdctl");

    /// <summary>The tool for snapshot files and data directories; it exists since 3.5.</summary>
    /// <exception cref="FileNotFoundException">It is not installed, or this series does not have it.</exception>
    public string Etcdutl => Program("etcdutl");

    /// <summary>The program with <c>snapshot status</c> and <c>snapshot restore</c> in this series.</summary>
    public string SnapshotTool => Version == "3.4" ? Etcdctl : Etcdutl;

    /// <summary>The version, which makes the cases of a theory distinguishable.</summary>
    public override string ToString() => $"etcd {Version}";

    internal static EtcdSeries In(string cache, string version) =>
        new(Path.Combine(cache, $"etcd-{version}", "usr", "bin"), version);

    /// <summary>Uses the programs in a folder that <c>eng/peers</c> does not manage as those of a series.</summary>
    internal static EtcdSeries At(string programs, string version) => new(programs, version);

    private string Program(string name) => Peers.Present(Path.Combine(_programs, name));
}

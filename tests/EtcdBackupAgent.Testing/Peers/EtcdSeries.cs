namespace EtcdBackupAgent.Testing;

/// <summary>The programs of one series of etcd, all of the same version.</summary>
public sealed class EtcdSeries
{
    private readonly string _programs;

    private EtcdSeries(string programs, string version)
    {
        _programs = programs;
        Version = version;
    }

    /// <summary>Major and minor, such as <c>3.5</c>.</summary>
    public string Version { get; }

    /// <summary>The server.</summary>
    /// <exception cref="FileNotFoundException">Not installed; the message says to run <c>eng/peers</c>.</exception>
    public string Etcd => Program("etcd");

    /// <summary>The client.</summary>
    /// <exception cref="FileNotFoundException">Not installed; the message says to run <c>eng/peers</c>.</exception>
    public string Etcdctl => Program("etcdctl");

    /// <summary>Since 3.5 the tool for files without a server.</summary>
    /// <exception cref="FileNotFoundException">It is not installed, or this series has none.</exception>
    public string Etcdutl => Program("etcdutl");

    /// <summary>The program that does <c>snapshot status</c> and <c>snapshot restore</c> in this series.</summary>
    public string SnapshotTool => Version == "3.4" ? Etcdctl : Etcdutl;

    /// <summary>The version, so that a theory's cases can be told apart.</summary>
    public override string ToString() => $"etcd {Version}";

    internal static EtcdSeries In(string cache, string version) =>
        new(Path.Combine(cache, $"etcd-{version}", "usr", "bin"), version);

    /// <summary>The programs of a folder that somebody else filled, taken for those of a series.</summary>
    internal static EtcdSeries At(string programs, string version) => new(programs, version);

    private string Program(string name) => Peers.Present(Path.Combine(_programs, name));
}

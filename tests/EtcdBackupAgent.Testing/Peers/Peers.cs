namespace EtcdBackupAgent.Testing;

/// <summary>
/// Where the real programs are that the tests talk to. <c>eng/peers</c> puts them there; no test skips when one is
/// missing.
/// </summary>
public static class Peers
{
    /// <summary>etcd 3.4: no <c>etcdutl</c>; <c>etcdctl snapshot restore</c> restores.</summary>
    public static EtcdSeries Etcd34 { get; } = EtcdSeries.In(Cache, "3.4");

    public static EtcdSeries Etcd35 { get; } = EtcdSeries.In(Cache, "3.5");

    /// <summary>The series every test of the etcd protocol runs against.</summary>
    public static IReadOnlyList<EtcdSeries> EtcdMatrix => [Etcd34, Etcd35];

    /// <summary>age 1.1, as Debian bookworm has it.</summary>
    public static AgeSeries Age11 { get; } = AgeSeries.In(Cache, "1.1");

    public static AgeSeries Age13 { get; } = AgeSeries.In(Cache, "1.3");

    /// <summary>The stock programs that must read what is written here, and whose files must be read here.</summary>
    public static IReadOnlyList<AgeSeries> AgeMatrix => [Age11, Age13];

    /// <summary>The stock client of Kubernetes.</summary>
    public static string Kubectl => Present(Path.Combine(Cache, "kubectl-1.36", "usr", "bin", "kubectl"));

    /// <summary>What judges metrics and alerts as Prometheus reads them.</summary>
    public static string Promtool => Present(Path.Combine(Cache, "prometheus-2.42", "usr", "bin", "promtool"));

    /// <summary>
    /// A backup program that measurements compare with; <c>eng/peers --bench</c> installs it, and no test needs it.
    /// </summary>
    public static string Restic => Present(Path.Combine(Cache, "restic-0.19", "usr", "bin", "restic"));

    /// <summary>
    /// A folder with kube-apiserver and etcd that the tests use in place of <see cref="KubernetesApi"/>, by the
    /// convention of Kubernetes' envtest; null if none is named.
    /// </summary>
    public static string? KubebuilderAssets =>
        Environment.GetEnvironmentVariable("KUBEBUILDER_ASSETS") is { Length: > 0 } folder
        && File.Exists(Path.Combine(folder, "kube-apiserver"))
            ? folder
            : null;

    /// <summary>Kubernetes' API machinery as a server, built of <c>KubernetesApi/server</c>.</summary>
    public static string KubernetesApi => Present(Path.Combine(Cache, "kubernetes-api-0.36", "kubernetes-api"));

    public static string CephMon => Installed("ceph-mon");

    public static string CephOsd => Installed("ceph-osd");

    /// <summary>The <c>ceph</c> command, for the few things that are only said to a running monitor.</summary>
    public static string Ceph => Installed("ceph");

    public static string Monmaptool => Installed("monmaptool");

    public static string Radosgw => Installed("radosgw");

    public static string RadosgwAdmin => Installed("radosgw-admin");

    public static string Zstd => Installed("zstd");

    public static string Tar => Installed("tar");

    /// <summary>Runs a program on a terminal of its own, for one that asks a passphrase there.</summary>
    public static string Script => Installed("script");

    public static string Setpriv => Installed("setpriv");

    /// <summary>The folder that <c>eng/peers</c> fills.</summary>
    public static string Cache
    {
        get
        {
            string? cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
            if (string.IsNullOrEmpty(cache))
            {
                cache = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
            }

            return Path.Combine(cache, "etcd-backup-agent", "peers");
        }
    }

    /// <summary>
    /// A program of the system, looked up on PATH and in the folders that an ordinary user's PATH leaves out.
    /// </summary>
    /// <exception cref="FileNotFoundException">No folder has it; the message says to run <c>eng/peers</c>.</exception>
    public static string Installed(string program)
    {
        string path = Environment.GetEnvironmentVariable("PATH") ?? "";
        return $"{path}:/usr/bin:/bin:/usr/sbin:/sbin"
                .Split(':', StringSplitOptions.RemoveEmptyEntries)
                .Select(folder => Path.Combine(folder, program))
                .FirstOrDefault(File.Exists)
            ?? throw Missing(program);
    }

    internal static string Present(string file) => File.Exists(file) ? file : throw Missing(file);

    private static FileNotFoundException Missing(string file) =>
        new($"The tests need '{file}', which is not there: run eng/peers.", file);
}

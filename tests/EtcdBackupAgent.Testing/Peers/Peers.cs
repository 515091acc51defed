namespace EtcdBackupAgent.Testing;

/// <summary>
/// The paths of the real programs that the tests use. <c>eng/peers</c> installs them. A test does not skip if one is
/// missing, but fails.
/// </summary>
public static class Peers
{
    /// <summary>etcd 3.4. It has no <c>etcdutl</c>, so <c>etcdctl snapshot restore</c> is used.</summary>
    public static EtcdSeries Etcd34 { get; } = EtcdSeries.In(Cache, "3.4");

    public static EtcdSeries Etcd35 { get; } = EtcdSeries.In(Cache, "3.5");

    /// <summary>
    /// etcd 3.6, which Debian does not have: the programs in the folder that <c>ETCD36_ASSETS</c> names; null if the
    /// variable is not set.
    /// </summary>
    public static EtcdSeries? Etcd36 { get; } =
        Environment.GetEnvironmentVariable("ETCD36_ASSETS") is { Length: > 0 } folder
            ? EtcdSeries.At(folder, "3.6")
            : null;

    /// <summary>The series that every test of the etcd protocol uses.</summary>
    public static IReadOnlyList<EtcdSeries> EtcdMatrix =>
        Etcd36 is { } etcd36 ? [Etcd34, Etcd35, etcd36] : [Etcd34, Etcd35];

    /// <summary>age 1.1, the version of Debian bookworm.</summary>
    public static AgeSeries Age11 { get; } = AgeSeries.In(Cache, "1.1");

    public static AgeSeries Age13 { get; } = AgeSeries.In(Cache, "1.3");

    /// <summary>
    /// The stock programs that must read the files of the agent, and whose files the agent must read.
    /// </summary>
    public static IReadOnlyList<AgeSeries> AgeMatrix => [Age11, Age13];

    /// <summary>The stock client of Kubernetes.</summary>
    public static string Kubectl => Present(Path.Combine(Cache, "kubectl-1.36", "usr", "bin", "kubectl"));

    /// <summary>The tool that checks metrics and alerts as Prometheus reads them.</summary>
    public static string Promtool => Present(Path.Combine(Cache, "prometheus-2.42", "usr", "bin", "promtool"));

    /// <summary>
    /// The backup program that the measurements compare with. <c>eng/peers --bench</c> installs it; no test needs it.
    /// </summary>
    public static string Restic => Present(Path.Combine(Cache, "restic-0.19", "usr", "bin", "restic"));

    /// <summary>
    /// A folder with kube-apiserver and etcd that the tests use instead of <see cref="KubernetesApi"/>. The variable
    /// follows the convention of Kubernetes' envtest. Null if it is not set.
    /// </summary>
    public static string? KubebuilderAssets =>
        Environment.GetEnvironmentVariable("KUBEBUILDER_ASSETS") is { Length: > 0 } folder
        && File.Exists(Path.Combine(folder, "kube-apiserver"))
            ? folder
            : null;

    /// <summary>A server with Kubernetes' API machinery, built from <c>KubernetesApi/server</c>.</summary>
    public static string KubernetesApi => Present(Path.Combine(Cache, "kubernetes-api-0.36", "kubernetes-api"));

    /// <summary>The generator of the field table, built from <c>eng/field-table</c>.</summary>
    public static string FieldTableGenerator => Present(Path.Combine(Cache, "kubernetes-tools-0.36", "field-table"));

    /// <summary>
    /// Writes stored bytes beside what Kubernetes' own libraries make of them; built from <c>StoredObjects/pairs</c>.
    /// </summary>
    public static string ObjectPairs => Present(Path.Combine(Cache, "kubernetes-tools-0.36", "object-pairs"));

    /// <summary>The sources of Kubernetes' Go libraries: the folder that contains <c>k8s.io</c>.</summary>
    public static string KubernetesSources => Path.Combine(Libraries, "usr", "share", "gocode", "src");

    /// <summary>The version of these libraries, such as <c>0.36.4-2</c>.</summary>
    public static string KubernetesLibrariesVersion =>
        File.ReadLines(Present(Path.Combine(Libraries, ".unpacked"))).First();

    private static string Libraries => Path.Combine(Cache, "kubernetes-libraries-0.36");

    public static string CephMon => Installed("ceph-mon");

    public static string CephOsd => Installed("ceph-osd");

    /// <summary>The <c>ceph</c> command, for the few commands that only a running monitor accepts.</summary>
    public static string Ceph => Installed("ceph");

    public static string Monmaptool => Installed("monmaptool");

    public static string Radosgw => Installed("radosgw");

    public static string RadosgwAdmin => Installed("radosgw-admin");

    public static string Zstd => Installed("zstd");

    public static string Tar => Installed("tar");

    /// <summary>Runs a program on its own terminal, for a program that asks for a passphrase there.</summary>
    public static string Script => Installed("script");

    public static string Setpriv => Installed("setpriv");

    /// <summary>Checks and makes signatures of SSH.</summary>
    public static string SshKeygen => Installed("ssh-keygen");

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
    /// Finds a program of the system on PATH, and in the folders that the PATH of an ordinary user does not contain.
    /// </summary>
    /// <exception cref="FileNotFoundException">No folder contains it; the message names <c>eng/peers</c>.</exception>
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
        new($"The tests need '{file}', which does not exist: run eng/peers.", file);
}

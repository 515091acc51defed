using EtcdBackupAgent.Testing.Directories;

namespace EtcdBackupAgent.Testing.KubernetesApi.Pods;

/// <summary>
/// The files that outlive a pod: a directory for each claim and a kubeconfig file for each service account.
/// </summary>
internal sealed class ClaimDirectories(PodRunnerOptions options, ClusterObjects objects) : IDisposable
{
    private readonly TestDirectory _directory = new();

    /// <summary>The directory of a claim; the claim need not exist yet.</summary>
    public string this[string claim] => _directory.Create($"claims/{claim}");

    /// <exception cref="PodWaitsException">The claim does not exist.</exception>
    public async Task<string> FindAsync(string claim, CancellationToken cancellationToken)
    {
        _ = await objects.FindAsync(
                $"api/v1/namespaces/{options.Namespace}/persistentvolumeclaims/{claim}", cancellationToken)
            ?? throw new PodWaitsException(PodWait.Node, $"persistentvolumeclaim \"{claim}\" not found");
        return this[claim];
    }

    /// <summary>Returns a kubeconfig file in place of the token and the address that kubelet gives a pod.</summary>
    public string KubeconfigOf(string serviceAccount)
    {
        string file = _directory[serviceAccount];
        lock (_directory)
        {
            if (!File.Exists(file))
            {
                string caFile = _directory[$"{serviceAccount}.ca.crt"];
                File.Copy(options.Server.CaFile, caFile);
                File.WriteAllText(
                    file,
                    options.Server.Kubeconfig(
                        $"token: {KubernetesApiServer.TokenOf(serviceAccount)}",
                        options.ApiUrl,
                        options.Namespace,
                        caFile));
                // Pods with any user must read them.
                File.SetUnixFileMode(caFile, TestTree.WorldReadable);
                File.SetUnixFileMode(file, TestTree.WorldReadable);
                File.SetUnixFileMode(
                    _directory.Path,
                    File.GetUnixFileMode(_directory.Path) | UnixFileMode.OtherExecute);
            }
        }

        return file;
    }

    public void Dispose() => _directory.Dispose();
}

using EtcdBackupAgent.Testing.Directories;

namespace EtcdBackupAgent.Testing.KubernetesApi.Pods;

/// <summary>What outlives a pod: a directory for each claim, and a kubeconfig file for each service account.</summary>
internal sealed class ClaimDirectories(PodRunnerOptions options, ClusterObjects objects) : IDisposable
{
    private readonly TestDirectory _directory = new();

    /// <summary>The directory of a claim, which need not be there yet.</summary>
    public string this[string claim] => _directory.Create($"claims/{claim}");

    /// <exception cref="PodWaitsException">There is no such claim.</exception>
    public async Task<string> FindAsync(string claim, CancellationToken cancellationToken)
    {
        _ = await objects.FindAsync(
                $"api/v1/namespaces/{options.Namespace}/persistentvolumeclaims/{claim}", cancellationToken)
            ?? throw new PodWaitsException(PodWait.Node, $"persistentvolumeclaim \"{claim}\" not found");
        return this[claim];
    }

    /// <summary>What stands for the token and the address that kubelet gives a pod.</summary>
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
                // Pods of any user read them.
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

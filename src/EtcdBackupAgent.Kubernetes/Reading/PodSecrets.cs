using System.Text;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Secrets;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Resources.Binding;

namespace EtcdBackupAgent.Kubernetes.Reading;

/// <summary>
/// The Secrets that the pod of a backup receives instead of the right to read Secrets: environment variables from the
/// location's Secret, and the mounted Secret for etcd. A request for either Secret returns everything that the pod has.
/// See <c>docs/kubernetes.md</c>, "The pod of a backup".
/// </summary>
/// <param name="environment">Reads a variable.</param>
/// <param name="etcdCredentialsDirectory">The directory where the Secret for etcd is mounted; it does not exist if all
/// endpoints are plain http.</param>
internal sealed class PodSecrets(Func<string, string?> environment, string etcdCredentialsDirectory) : ISecretSource
{
    private static readonly (string Variable, string Key)[] Variables =
    [
        (SecretVariables.AwsAccessKey, SecretKeys.StoreAccessKey),
        (SecretVariables.AwsSecretKey, SecretKeys.StoreSecretKey),
        (SecretVariables.Passphrase, PassphraseLocation.PreferredKey),
        (SecretVariables.SigningKey, SecretKeys.SigningKey),
    ];

    /// <summary>A pod has the passphrase only if it verifies its backup.</summary>
    public bool IsPassphraseOptional => true;

    public async Task<FoundSecret> FindAsync(ResourceName name, CancellationToken cancellationToken)
    {
        JsonObject data = [];
        foreach ((string variable, string key) in Variables)
        {
            if (environment(variable) is { Length: > 0 } value)
            {
                data[key] = Convert.ToBase64String(Encoding.UTF8.GetBytes(value));
            }
        }

        foreach (string file in SecretKeys.OfEtcd)
        {
            string path = Path.Combine(etcdCredentialsDirectory, file);
            try
            {
                data[file] = Convert.ToBase64String(await File.ReadAllBytesAsync(path, cancellationToken));
            }
            catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
            {
                // The binder reports the absence if an object names the Secret for it.
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return new FoundSecret(Document: null, e.Message.TrimEnd('.'));
            }
        }

        return new FoundSecret(new JsonObject
        {
            ["apiVersion"] = ClusterKinds.Secret.ApiVersion,
            ["kind"] = DocumentIdentity.Secret,
            ["metadata"] = new JsonObject { ["namespace"] = name.Namespace, ["name"] = name.Name },
            ["data"] = data,
        });
    }
}

using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Addresses;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Proxies;
using EtcdBackupAgent.Core.Secrets;
using EtcdBackupAgent.Resources.Yaml;

namespace EtcdBackupAgent.Kubernetes.Api.Access;

/// <summary>Creates a connection from kubeconfig files, as kubectl does.</summary>
internal static class KubeConfig
{
    private const string ExecGroup = "client.authentication.k8s.io";

    /// <summary>Returns the files that <c>KUBECONFIG</c> lists, or else the one in the home directory.</summary>
    public static IReadOnlyList<string> Files(Func<string, string?> environment) =>
        environment("KUBECONFIG") is { Length: > 0 } list
            ? list.Split(':', StringSplitOptions.RemoveEmptyEntries)
            : [Path.Combine(environment("HOME") ?? "/", ".kube", "config")];

    /// <summary>Returns the connection that a context of the files describes: the given context, or the current one if
    /// it is null.</summary>
    /// <remarks>1. Merge the files. 2. Choose the context. 3. Read the cluster: its address and the certificates to
    /// trust. 4. Read the user: the credentials.</remarks>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>, with the file, the entry and the
    /// error, but without the value of a secret field.</exception>
    public static async Task<KubernetesConnection> LoadAsync(
        IReadOnlyList<string> files, string? context, TimeProvider time, CancellationToken cancellationToken)
    {
        // 1
        KubeConfigFiles merged = await KubeConfigFiles.ReadAsync(files, cancellationToken);

        // 2
        string name = context ?? merged.CurrentContext ?? throw new BackupException(
            FailureReason.InvalidInput, $"The kubeconfig '{string.Join(':', files)}' has no current-context.");
        KubeConfigEntry chosen = merged.Find("context", name) ?? throw new BackupException(
            FailureReason.InvalidInput,
            $"The kubeconfig '{string.Join(':', files)}' has no context '{name}'; it has: "
            + $"{string.Join(", ", merged.Contexts)}.");
        KubeConfigEntry cluster = FindNamed("cluster")
            ?? throw chosen.Invalid("it names no cluster");

        // 3
        KubernetesConnection connection = Cluster(cluster) with { Namespace = chosen.Text("namespace") ?? "default" };

        // 4
        return FindNamed("user") is { } user
            ? connection with { Credentials = Credentials(user, cluster, connection, time) }
            : connection;

        KubeConfigEntry? FindNamed(string kind) => chosen.Text(kind) is { } entry
            ? merged.Find(kind, entry) ?? throw chosen.Invalid($"there is no {kind} '{entry}'")
            : null;
    }

    private static KubernetesConnection Cluster(KubeConfigEntry cluster)
    {
        string server = cluster.Text("server") ?? throw cluster.Invalid("it has no 'server'");
        bool unverified = cluster.Flag("insecure-skip-tls-verify");
        string? authority = cluster.Pem("certificate-authority");
        if (unverified && authority is not null)
        {
            throw cluster.Invalid("a certificate authority and 'insecure-skip-tls-verify' exclude each other");
        }

        return new KubernetesConnection
        {
            Server = ServerAddress(server),
            CaCertificatesPem = authority,
            IsServerUnverified = unverified,
            ServerName = cluster.Text("tls-server-name"),
            Proxies = cluster.Text("proxy-url") is { } proxy
                ? ProxyRules.Always(ProxyAddress.Parse($"'proxy-url' of the {cluster.Origin}", proxy))
                : null,
            Credentials = new FixedCredentials(token: null, certificate: null),
        };

        // Parts that kubectl would cut off, or put in front of every path, are refused.
        Uri ServerAddress(string text) =>
            ServerUrl.ReadWithPath(text, out Uri? address, "https", "http") is var fault and not ServerUrlFault.None
                ? throw cluster.Invalid($"'server' is not an address of https or http: it {(fault == ServerUrlFault.Rest
                    ? "has a query, a fragment or an unusual path"
                    : ServerUrl.Describe(fault))}")
                : address!;
    }

    private static IApiCredentials Credentials(
        KubeConfigEntry user, KubeConfigEntry cluster, KubernetesConnection connection, TimeProvider time)
    {
        if (user.Child("auth-provider") is not null || user.Text("username") is not null)
        {
            throw user.Invalid(
                "'auth-provider' and 'username' are no longer supported by Kubernetes; use 'exec' or a token");
        }

        string? certificatePem = user.Pem("client-certificate");
        string? keyPem = user.Pem("client-key");
        if (certificatePem is null != keyPem is null)
        {
            throw user.Invalid("a client certificate and its key must both be given, or neither");
        }

        if (user.Child("exec") is { } exec)
        {
            return certificatePem is null && user.Text("token") is null && user.Text("tokenFile") is null
                ? new ExecCredentials(Plugin(exec, cluster, connection), time)
                : throw user.Invalid("'exec' excludes a token and a client certificate");
        }

        X509Certificate2? certificate =
            certificatePem is null ? null : ClientPem.Read($"the {user.Origin}", certificatePem, keyPem!);
        return user.PathOf("tokenFile") is { } file
            ? new TokenFile(file, certificate, time)
            : new FixedCredentials(
                user.Text("token") is { } token ? SecretText.Token(token, $"The 'token' of the {user.Origin}") : null,
                certificate);
    }

    private static ExecPlugin Plugin(KubeConfigEntry exec, KubeConfigEntry cluster, KubernetesConnection connection)
    {
        string version = exec.Text("apiVersion") ?? throw exec.Invalid("'exec' has no 'apiVersion'");
        if (version is not ($"{ExecGroup}/v1" or $"{ExecGroup}/v1beta1"))
        {
            throw exec.Invalid($"'exec' has the apiVersion '{version}'; known are {ExecGroup}/v1 and v1beta1");
        }

        if (exec.Text("interactiveMode") == "Always")
        {
            throw exec.Invalid(
                "'exec' requires a user to answer questions (interactiveMode: Always), but the agent runs without one");
        }

        string command = exec.Text("command") ?? throw exec.Invalid("'exec' has no 'command'");
        return new ExecPlugin
        {
            ApiVersion = version,
            // With a slash it is a path, relative to the file's directory; without one it is searched for on PATH.
            Command = command.Contains('/', StringComparison.Ordinal) ? exec.PathOf("command")! : command,
            Arguments =
            [
                .. exec.Items("args").Select(item =>
                    item is ScalarNode text ? text.Text : throw exec.Invalid("'args' must be a list of texts")),
            ],
            Environment = exec.Items("env")
                .Select(item =>
                    item is MappingNode pair
                        ? exec with
                        {
                            Fields = pair,
                        }
                        : throw exec.Invalid("'env' must be a list of mappings with name and value"))
                .ToDictionary(
                    pair => pair.Text("name") ?? "",
                    pair => pair.Text("value") ?? "",
                    StringComparer.Ordinal),
            InstallHint = exec.Text("installHint")?.Trim(),
            Cluster = exec.Flag("provideClusterInfo") ? ClusterInfo(cluster, connection) : null,
        };
    }

    private static JsonObject ClusterInfo(KubeConfigEntry cluster, KubernetesConnection connection)
    {
        JsonObject information = new() { ["server"] = cluster.Text("server") };
        if (connection.CaCertificatesPem is { } authority)
        {
            information.Add("certificate-authority-data", Convert.ToBase64String(Encoding.UTF8.GetBytes(authority)));
        }

        if (connection.ServerName is { } name)
        {
            information.Add("tls-server-name", name);
        }

        if (connection.IsServerUnverified)
        {
            information.Add("insecure-skip-tls-verify", true);
        }

        if (cluster.Text("proxy-url") is { } proxy)
        {
            information.Add("proxy-url", proxy);
        }

        return information;
    }
}

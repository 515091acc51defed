using EtcdBackupAgent.Core.Proxies;

namespace EtcdBackupAgent.Kubernetes.Api;

/// <summary>The address of an API server, the certificates to trust and the credentials. It prints as its
/// address.</summary>
internal sealed record KubernetesConnection
{
    /// <summary>The address: https, or http for a server without authentication.</summary>
    public required Uri Server { get; init; }

    /// <summary>The namespace to use if none is given.</summary>
    public string Namespace { get; init; } = "default";

    /// <summary>One or several CA certificates in PEM; null: those that the system trusts.</summary>
    public string? CaCertificatesPem { get; init; }

    /// <summary>The name that the server's certificate must have; null: the host of <see cref="Server"/>.</summary>
    public string? ServerName { get; init; }

    /// <summary>Whether any certificate of the server is accepted: <c>insecure-skip-tls-verify</c>.</summary>
    public bool IsServerUnverified { get; init; }

    /// <summary>The rules that select the proxy of a request; null: no proxy.</summary>
    public ProxyRules? Proxies { get; init; }

    /// <summary>The proxy for requests to the server; null if there is none.</summary>
    public ProxyAddress? Proxy => Proxies?.For(Server);

    public required IApiCredentials Credentials { get; init; }

    public override string ToString() =>
        Server.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped).TrimEnd('/');
}

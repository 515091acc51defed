using EtcdBackupAgent.Core.Proxies;

namespace EtcdBackupAgent.Kubernetes.Api;

/// <summary>Where an API server is, whom to trust and who asks. It prints as its address.</summary>
internal sealed record KubernetesConnection
{
    /// <summary>https, or http for a server that wants nobody's name.</summary>
    public required Uri Server { get; init; }

    /// <summary>What is meant where no namespace is said.</summary>
    public string Namespace { get; init; } = "default";

    /// <summary>PEM, one or several; null: those that the system trusts.</summary>
    public string? CaCertificatesPem { get; init; }

    /// <summary>The name that the server's certificate must have; null: the host of <see cref="Server"/>.</summary>
    public string? ServerName { get; init; }

    /// <summary>Whether any certificate is taken for the server's: <c>insecure-skip-tls-verify</c>.</summary>
    public bool IsServerUnverified { get; init; }

    /// <summary>Which proxies requests go through; null: none.</summary>
    public ProxyRules? Proxies { get; init; }

    /// <summary>The proxy between here and the server; null if there is none.</summary>
    public ProxyAddress? Proxy => Proxies?.For(Server);

    public required IApiCredentials Credentials { get; init; }

    public override string ToString() =>
        Server.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped).TrimEnd('/');
}

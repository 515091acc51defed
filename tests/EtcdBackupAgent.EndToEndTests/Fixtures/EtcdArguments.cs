using EtcdBackupAgent.Testing.Etcd;

namespace EtcdBackupAgent.EndToEndTests.Fixtures;

/// <summary>The options that name the etcd to the program.</summary>
internal static class EtcdArguments
{
    /// <summary>
    /// Returns the <c>--etcd-…</c> options for a server; with TLS also those for the client certificate.
    /// </summary>
    public static IReadOnlyList<string> Of(EtcdServer server) => server.ClientFiles is { } client
        ?
        [
            "--etcd-endpoint", server.EndpointList,
            "--etcd-ca-file", server.CaFile!,
            "--etcd-cert-file", client.Certificate,
            "--etcd-key-file", client.Key,
        ]
        : ["--etcd-endpoint", server.EndpointList];
}

using EtcdBackupAgent.Testing.Etcd;

namespace EtcdBackupAgent.EndToEndTests.Fixtures;

/// <summary>How the program is told which etcd to read.</summary>
internal static class EtcdArguments
{
    /// <summary>The <c>--etcd-…</c> options for a server and, with TLS, the certificate it accepts.</summary>
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

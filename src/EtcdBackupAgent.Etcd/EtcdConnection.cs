using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Etcd.Tls;

namespace EtcdBackupAgent.Etcd;

/// <summary>
/// The endpoints and credentials of an etcd cluster, as values and not as paths. The text form shows only the
/// endpoints.
/// </summary>
public sealed record EtcdConnection
{
    /// <summary>
    /// Bytes of the snapshot that can be in transit or wait for the reader. With a smaller window, etcd and the reader
    /// wait for each other, and on a machine with few cores each wait costs a thread switch on both sides
    /// (docs/performance.md). The program prevents the handler from raising it (EtcdBackupAgent.csproj), so that memory
    /// stays bounded.
    /// </summary>
    public const int SnapshotWindowBytes = 8 * 1024 * 1024;

    /// <summary>
    /// The largest response of a watch. A member splits a response that is 0.5 MiB larger than its
    /// <c>--max-request-bytes</c> (1.5 MiB by default), but never inside an event, and not if the response was ready
    /// before the one that confirms the watch; it can contain 1000 revisions. A larger response ends the watch with an
    /// error. The next attempt most likely receives the same revisions in fragments.
    /// </summary>
    public const int WatchMessageBytesMax = 64 * 1024 * 1024;

    /// <summary>
    /// Bytes of a watch that can be in transit or wait for the reader. When they are full, the member keeps the rest.
    /// </summary>
    public const int WatchWindowBytes = 1024 * 1024;

    /// <summary>
    /// Client URLs, <c>https://</c> or <c>http://</c>; at least one. See <see cref="EtcdEndpoints.Parse"/>.
    /// </summary>
    public required IReadOnlyList<Uri> Endpoints { get; init; }

    /// <summary>
    /// Certificates of the authorities to trust for the servers, as PEM; null for those that the system trusts.
    /// </summary>
    public string? CaCertificatesPem { get; init; }

    /// <summary>The client's certificate as PEM, followed by intermediates if there are any.</summary>
    public string? ClientCertificatePem { get; init; }

    /// <summary>
    /// The key of <see cref="ClientCertificatePem"/> as PEM: RSA, or ECDSA on P-256, P-384 or P-521; PKCS#8, PKCS#1 or
    /// SEC1; not encrypted.
    /// </summary>
    public string? ClientKeyPem { get; init; }

    /// <summary>
    /// The name or address that the servers' certificates must be for, if it is not the endpoint's host.
    /// </summary>
    public string? ServerName { get; init; }

    /// <summary>
    /// The etcd user. It must have the role <c>root</c>: etcd allows no other role to take a snapshot.
    /// </summary>
    public string? User { get; init; }

    public string? Password { get; init; }

    /// <summary>How long connecting to one endpoint can take, including TLS.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long one call other than the snapshot and HashKV can take, including connecting.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long HashKV can take. The member reads its whole keyspace for it.</summary>
    public TimeSpan HashKvTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a read of the snapshot stream can wait for the next byte.</summary>
    public TimeSpan NoProgressTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How long the connection of a watch can be silent before the agent checks that the member still responds, and how
    /// long it then waits for the response. At least 5 s: etcd closes a connection that is checked more often
    /// (<c>--grpc-keepalive-min-time</c>).
    /// </summary>
    public TimeSpan WatchPingDelay { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Reads the certificates and the key from PEM files; a null path keeps the current value.</summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/>, naming the file that cannot be read and why.
    /// </exception>
    public async Task<EtcdConnection> WithFilesAsync(
        string? caFile, string? certificateFile, string? keyFile, CancellationToken cancellationToken)
    {
        string? authorities = await PemFile.ReadAsync("CA certificates", caFile, cancellationToken);
        string? certificate = await PemFile.ReadAsync("client certificate", certificateFile, cancellationToken);
        string? key = await PemFile.ReadAsync("client key", keyFile, cancellationToken);
        return this with
        {
            CaCertificatesPem = authorities ?? CaCertificatesPem,
            ClientCertificatePem = certificate ?? ClientCertificatePem,
            ClientKeyPem = key ?? ClientKeyPem,
        };
    }

    /// <summary>
    /// Checks everything that can be checked without connecting: the endpoints, the PEM values, the certificate's dates
    /// and key.
    /// </summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/>, naming the value and what is wrong with it.
    /// </exception>
    public void Validate(DateTimeOffset now)
    {
        if (Endpoints.Count == 0)
        {
            throw new BackupException(FailureReason.InvalidInput, "No etcd endpoint is given.");
        }

        foreach (Uri endpoint in Endpoints)
        {
            EtcdEndpoints.Check(endpoint);
        }

        if (ServerName is not null && Uri.CheckHostName(ServerName) == UriHostNameType.Unknown)
        {
            throw new BackupException(
                FailureReason.InvalidInput,
                $"The etcd server name '{ServerName}' is neither a host name nor an address.");
        }

        if (User is null != Password is null)
        {
            throw new BackupException(
                FailureReason.InvalidInput,
                User is null
                    ? "An etcd password is given without a user."
                    : $"The etcd user '{EtcdUserName.Display(User)}' is given without a password.")
            {
                Hint = EtcdUserName.PasswordHint(User),
            };
        }

        RequirePositive(ConnectTimeout, "connect timeout");
        RequirePositive(CallTimeout, "call timeout");
        RequirePositive(HashKvTimeout, "HashKV timeout");
        RequirePositive(NoProgressTimeout, "no-progress timeout");
        RequirePositive(WatchPingDelay, "watch ping delay");
        ReadCredentials(now).Dispose();
    }

    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/>, naming the value and what is wrong with it.
    /// </exception>
    internal TlsCredentials ReadCredentials(DateTimeOffset now) =>
        TlsCredentials.Read(CaCertificatesPem, ClientCertificatePem, ClientKeyPem, now);

    public override string ToString() => string.Join(',', Endpoints.Select(EtcdEndpoints.Display));

    private static void RequirePositive(TimeSpan timeout, string name)
    {
        if (timeout <= TimeSpan.Zero)
        {
            throw new BackupException(FailureReason.InvalidInput, $"The etcd {name} of {timeout} is not above zero.");
        }
    }
}

namespace EtcdBackupAgent.Etcd.Tls;

/// <summary>
/// The meaning of a server's TLS alerts about the client certificate. With TLS 1.3 an alert arrives after the
/// handshake, as a failure of the first read. In all versions, only OpenSSL's text identifies it. Source: RFC 8446,
/// section 6.2.
/// </summary>
internal static class TlsAlert
{
    private static readonly (string Text, string Meaning)[] Alerts =
    [
        ("alert certificate required", "the server requires a client certificate, and none was presented"),
        ("alert certificate expired", "the server refused the client certificate as expired"),
        ("alert certificate revoked", "the server refused the client certificate as revoked"),
        ("alert unknown ca", "the server refused the client certificate: it does not trust its issuer"),
        ("alert bad certificate", "the server refused the client certificate, or requires one and got none"),
        ("alert unsupported certificate", "the server refused the client certificate: it has the wrong type"),
        ("alert certificate unknown", "the server refused the client certificate"),
        ("alert access denied", "the server refused the client certificate: access denied"),
    ];

    /// <summary>
    /// Returns the meaning of the alert in an exception or its inner exceptions; null if there is no alert about the
    /// client certificate.
    /// </summary>
    public static string? Find(Exception exception)
    {
        for (Exception? e = exception; e is not null; e = e.InnerException)
        {
            foreach ((string text, string meaning) in Alerts)
            {
                if (e.Message.Contains(text, StringComparison.OrdinalIgnoreCase))
                {
                    return meaning;
                }
            }
        }

        return null;
    }
}

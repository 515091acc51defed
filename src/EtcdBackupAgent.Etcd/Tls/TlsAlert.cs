namespace EtcdBackupAgent.Etcd.Tls;

/// <summary>
/// What a server's TLS alert about our certificate means. With TLS 1.3 it arrives after the handshake, as a failure of the first
/// read; either way OpenSSL's text is all there is of it. Source: RFC 8446, section 6.2.
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
        ("alert unsupported certificate", "the server refused the client certificate as of the wrong kind"),
        ("alert certificate unknown", "the server refused the client certificate"),
        ("alert access denied", "the server refused the client certificate: access denied"),
    ];

    /// <summary>The meaning of the alert in an exception or the ones within it; null if there is none about our certificate.</summary>
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

namespace EtcdBackupAgent.Testing.Storage;

/// <summary>The fault that a <see cref="FaultyS3Proxy"/> injects into a request.</summary>
public enum RequestFault
{
    /// <summary>The proxy returns 503 SlowDown; the server does not receive the request.</summary>
    Refused,

    /// <summary>The connection is reset; the server does not receive the request.</summary>
    CutBefore,

    /// <summary>The server executes the request, and the connection is reset instead of the response.</summary>
    CutAfter,

    /// <summary>
    /// The server executes the request, and the connection is reset in the middle of the response body, if there is
    /// one.
    /// </summary>
    CutMidway,
}

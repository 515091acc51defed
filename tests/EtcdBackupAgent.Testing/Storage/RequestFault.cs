namespace EtcdBackupAgent.Testing.Storage;

/// <summary>What becomes of a request that a <see cref="FaultyS3Proxy"/> does not pass as it is.</summary>
public enum RequestFault
{
    /// <summary>Answered with 503 SlowDown; the server never hears of it.</summary>
    Refused,

    /// <summary>Its connection is reset; the server never hears of it.</summary>
    CutBefore,

    /// <summary>The server does it, and the connection is reset in place of the answer.</summary>
    CutAfter,

    /// <summary>
    /// The server does it, and the connection is reset in the middle of the answer's body, where it has one.
    /// </summary>
    CutMidway,
}

namespace EtcdBackupAgent.Testing.Network;

/// <summary>What happens to a connection when a fault strikes in the middle of it.</summary>
public enum LinkFault
{
    /// <summary>Both peers receive a reset (RST), and the bytes in transit are lost.</summary>
    Reset,

    /// <summary>
    /// Each peer receives an orderly end (FIN) from the other. Bytes that they still send are lost.
    /// </summary>
    Cut,

    /// <summary>
    /// Only the receiver gets an end (FIN). Bytes that the sender still sends are lost without an error; the other
    /// direction continues.
    /// </summary>
    HalfClose,

    /// <summary>The bytes wait for <see cref="ProxyDirection.Hold"/> and are then forwarded.</summary>
    Hold,
}

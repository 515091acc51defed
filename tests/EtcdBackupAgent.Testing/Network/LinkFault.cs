namespace EtcdBackupAgent.Testing.Network;

/// <summary>What becomes of a connection in the middle of which a fault strikes.</summary>
public enum LinkFault
{
    /// <summary>Both peers are told that there is no such connection (RST), and what was under way is lost.</summary>
    Reset,

    /// <summary>
    /// Each peer is told, in good order (FIN), that the other has no more to say; what they still say is lost.
    /// </summary>
    Cut,

    /// <summary>
    /// Only the receiver is told so (FIN). What the sender still says is lost, without its knowledge; the other
    /// direction goes on.
    /// </summary>
    HalfClose,

    /// <summary>The bytes wait for <see cref="ProxyDirection.Hold"/>, and then go on.</summary>
    Hold,
}

namespace EtcdBackupAgent.Testing.Certificates;

/// <summary>A key's algorithm and the PEM it is written as: every form that etcd's users have.</summary>
public enum TestKey
{
    /// <summary>P-256, <c>BEGIN PRIVATE KEY</c>.</summary>
    EcdsaPkcs8,

    /// <summary>P-256, <c>BEGIN EC PRIVATE KEY</c>.</summary>
    EcdsaSec1,

    /// <summary>2048 bits, <c>BEGIN PRIVATE KEY</c>.</summary>
    RsaPkcs8,

    /// <summary>2048 bits, <c>BEGIN RSA PRIVATE KEY</c>: what kubeadm writes.</summary>
    RsaPkcs1,

    /// <summary>P-384, <c>BEGIN PRIVATE KEY</c>.</summary>
    EcdsaP384,

    /// <summary>P-521, <c>BEGIN PRIVATE KEY</c>.</summary>
    EcdsaP521,

    /// <summary>A curve that TLS 1.3 does not have, <c>BEGIN PRIVATE KEY</c>.</summary>
    EcdsaSecp256k1,

    /// <summary>Always the same pair, <c>BEGIN PRIVATE KEY</c>.</summary>
    Ed25519,
}

/// <summary>When a certificate is valid, as seen from now.</summary>
public enum TestValidity
{
    /// <summary>From an hour ago for a day.</summary>
    Now,

    /// <summary>It ended an hour ago.</summary>
    Past,

    /// <summary>It begins in an hour.</summary>
    Future,
}

namespace EtcdBackupAgent.Testing.Certificates;

/// <summary>A key's algorithm and its PEM form. All forms that users of etcd have are here.</summary>
public enum TestKey
{
    /// <summary>P-256, <c>BEGIN PRIVATE KEY</c>.</summary>
    EcdsaPkcs8,

    /// <summary>P-256, <c>BEGIN EC PRIVATE KEY</c>.</summary>
    EcdsaSec1,

    /// <summary>2048 bits, <c>BEGIN PRIVATE KEY</c>.</summary>
    RsaPkcs8,

    /// <summary>2048 bits, <c>BEGIN RSA PRIVATE KEY</c>: the form that kubeadm writes.</summary>
    RsaPkcs1,

    /// <summary>P-384, <c>BEGIN PRIVATE KEY</c>.</summary>
    EcdsaP384,

    /// <summary>P-521, <c>BEGIN PRIVATE KEY</c>.</summary>
    EcdsaP521,

    /// <summary>A curve that TLS 1.3 does not support, <c>BEGIN PRIVATE KEY</c>.</summary>
    EcdsaSecp256k1,

    /// <summary>Always the same key pair, <c>BEGIN PRIVATE KEY</c>.</summary>
    Ed25519,
}

/// <summary>The period in which a certificate is valid, relative to the current time.</summary>
public enum TestValidity
{
    /// <summary>It began two hours ago and ends in one day.</summary>
    Now,

    /// <summary>It ended one hour ago.</summary>
    Past,

    /// <summary>It begins in one hour.</summary>
    Future,
}

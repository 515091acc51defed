namespace EtcdBackupAgent.Core.Signatures;

/// <summary>What a signature says about a document.</summary>
public sealed record DocumentSignature
{
    /// <summary>Of a repository without signers.</summary>
    public static DocumentSignature NotNeeded { get; } = new() { State = SignatureState.NotNeeded };

    public required SignatureState State { get; init; }

    /// <summary>The fingerprint of the key that signed; null if there is no valid signature.</summary>
    public string? Fingerprint { get; init; }

    /// <summary>Why the document does not count, as the second part of a sentence; null if it does.</summary>
    public string? Problem { get; init; }

    /// <summary>Whether the document counts.</summary>
    public bool Counts => State is SignatureState.NotNeeded or SignatureState.Valid or SignatureState.Vouched;

    internal static DocumentSignature Valid(string fingerprint) =>
        new() { State = SignatureState.Valid, Fingerprint = fingerprint };

    internal static DocumentSignature Vouched(string by) =>
        new() { State = SignatureState.Vouched, Fingerprint = by };

    internal static DocumentSignature Invalid(string problem) =>
        new() { State = SignatureState.Invalid, Problem = problem };

    internal static DocumentSignature Absent { get; } =
        new() { State = SignatureState.Absent, Problem = "it is not signed" };
}

/// <summary>The ways in which a document can be signed.</summary>
public enum SignatureState
{
    /// <summary>The repository has no signers.</summary>
    NotNeeded,

    /// <summary>A trusted key signed it.</summary>
    Valid,

    /// <summary>A later document that a trusted key signed contains its digest.</summary>
    Vouched,

    /// <summary>There is no signature.</summary>
    Absent,

    /// <summary>The signature is damaged, of other bytes, or of a key that is not trusted.</summary>
    Invalid,
}

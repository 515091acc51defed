using EtcdBackupAgent.Archive.Signatures;

namespace EtcdBackupAgent.Core.Signatures;

/// <summary>What a user or a location says about the signatures of a repository. All parts may be absent.</summary>
public sealed record DocumentSigning
{
    /// <summary>Nothing: the signers that the repository lists are trusted, and nothing can be signed.</summary>
    public static DocumentSigning None { get; } = new();

    /// <summary>The key to sign with; null if nothing will be signed.</summary>
    public SigningKey? Key { get; init; }

    /// <summary>The keys to trust; null to trust those that the repository lists.</summary>
    public TrustedSigners? Pinned { get; init; }

    /// <summary>Whether a snapshot without a valid signature may be read, if its ID is given.</summary>
    public bool AllowsUnsigned { get; init; }
}

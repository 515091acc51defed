using EtcdBackupAgent.Archive.Age;

namespace EtcdBackupAgent.Core.Keys;

/// <summary>Identities that were opened for one command; they are wiped when it ends.</summary>
public sealed class OpenedKeys(IReadOnlyList<AgeIdentity> identities) : IDisposable
{
    /// <summary>The identities, in the order in which they are tried; may be empty.</summary>
    public IReadOnlyList<AgeIdentity> Identities { get; } = identities;

    /// <summary>
    /// Whether the repository itself stores these identities: they are stored together again under a new passphrase.
    /// The identities of a user's file are not the repository's, so only the one that is needed is stored.
    /// </summary>
    public bool AreStored { get; init; }

    /// <summary>Wipes all identities from memory.</summary>
    public void Dispose()
    {
        foreach (AgeIdentity identity in Identities)
        {
            identity.Dispose();
        }
    }
}

using EtcdBackupAgent.Archive.Age;

namespace EtcdBackupAgent.Core.Keys;

/// <summary>Identities that were opened for one command; they are wiped when it ends.</summary>
public sealed class OpenedKeys(IReadOnlyList<AgeIdentity> identities) : IDisposable
{
    public IReadOnlyList<AgeIdentity> Identities { get; } = identities;

    public void Dispose()
    {
        foreach (AgeIdentity identity in Identities)
        {
            identity.Dispose();
        }
    }
}

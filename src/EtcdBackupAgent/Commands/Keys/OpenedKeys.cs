using EtcdBackupAgent.Archive.Age;

namespace EtcdBackupAgent.Commands.Keys;

/// <summary>Identities that were opened for one verb; wiped when it is over.</summary>
internal sealed class OpenedKeys(IReadOnlyList<AgeIdentity> identities) : IDisposable
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

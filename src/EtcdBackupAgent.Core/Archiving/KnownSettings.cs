namespace EtcdBackupAgent.Core.Archiving;

/// <summary>The state of the authentication and of the members of a cluster, as it was last seen.</summary>
internal sealed class KnownSettings
{
    private string? _known;

    /// <summary>Whether the state differs from the last one; the first one does not.</summary>
    public bool IsChanged(string settings)
    {
        bool isChanged = _known is not null && settings != _known;
        _known = settings;
        return isChanged;
    }
}

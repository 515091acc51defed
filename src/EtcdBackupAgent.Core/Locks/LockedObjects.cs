using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Core.Locks;

/// <summary>The versions that could not be removed because they are locked.</summary>
internal sealed class LockedObjects(string address)
{
    private readonly Lock _gate = new();
    private readonly List<(ObjectVersion Version, BackupException Why)> _found = [];

    public bool IsEmpty
    {
        get
        {
            lock (_gate)
            {
                return _found.Count == 0;
            }
        }
    }

    public void Add(ObjectVersion version, BackupException why)
    {
        lock (_gate)
        {
            _found.Add((version, why));
        }
    }

    public void Add(LockedObjects others)
    {
        lock (_gate)
        {
            _found.AddRange(others._found);
        }
    }

    /// <exception cref="BackupException"><see cref="FailureReason.ObjectLocked"/>, with a date.</exception>
    public void ThrowIfAny()
    {
        if (_found is not [(_, { } first), ..])
        {
            return;
        }

        string more = _found.Count == 1
            ? ""
            : $" {_found.Count} versions with {_found.Sum(one => one.Version.SizeBytes)} bytes stay in {address}.";
        throw new BackupException(FailureReason.ObjectLocked, first.Message + more, first)
        {
            Hint = "Remove it after that date.",
        };
    }
}

using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Resources.Binding;

/// <summary>Finds what a policy asks for that the lock of its location contradicts.</summary>
internal static class LockConflicts
{
    /// <summary>
    /// Reports what can never happen as an error, and what happens later than a field says as a warning.
    /// </summary>
    /// <returns>Whether there is no error.</returns>
    public static bool Check(BackupPolicy policy, BackupLocation? location, FieldReader spec)
    {
        if (location?.ObjectLock is not { } found)
        {
            return true;
        }

        string locks = $"the {found.Duration.Days} days for which {DocumentIdentity.BackupLocation} {location.Name} "
            + "locks every snapshot";
        bool isConsistent = true;
        if (policy.Retention.Ttl < found.Duration)
        {
            spec.Error("retention", $"ttl is shorter than {locks}: no snapshot could be removed when it expires");
            isConsistent = false;
        }

        if (policy.Increments?.FullEvery > found.Duration)
        {
            spec.Error(
                "increments",
                $"fullEvery is longer than {locks}: if backups pause, the lock of a base ends before there is another");
            isConsistent = false;
        }

        if (policy.Retention.MaxBytes is not null)
        {
            spec.Warning("retention", $"maxBytes removes no snapshot during {locks}");
        }

        if (policy.ChangeLog?.Keep < found.Duration)
        {
            spec.Warning("changeLog", $"keep is shorter than {locks} and every segment: segments stay as long as that");
        }

        return isConsistent;
    }
}

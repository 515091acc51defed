using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Resources.Binding;

/// <summary>Binds <c>objectLock</c> of a location.</summary>
internal static class LockBinding
{
    private const string Field = "objectLock";

    /// <summary>Returns the lock; null if it is absent or invalid.</summary>
    public static LockRule? Bind(FieldReader spec, bool isDirectory)
    {
        if (spec.Has(Field) && isDirectory)
        {
            spec.Ignore([Field]);
            spec.Error(Field, "does not apply to a directory; only a bucket can lock objects");
            return null;
        }

        if (spec.Mapping(Field) is not { } fields)
        {
            return null;
        }

        ObjectLockMode? mode = fields.RequiredText("mode") is null ? null : fields.OneOf<ObjectLockMode>("mode");
        int? days = fields.Integer("days", LockRule.DaysMin, LockRule.DaysMax);
        if (!fields.Has("days"))
        {
            fields.Error("days", "is missing; it is required");
        }

        if (mode == ObjectLockMode.Governance)
        {
            fields.Warning(
                "mode",
                "Governance withstands nobody with full keys of the bucket, because they can lift the lock; only "
                + "Compliance does");
        }

        fields.WarnAboutUnknown();
        return mode is { } locked && days is { } number ? LockRule.OfDays(locked, number) : null;
    }
}

using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Resources.Binding;

/// <summary>Binds which snapshots of a policy are kept.</summary>
internal static class RetentionBinding
{
    public const string Field = "retention";

    /// <summary>
    /// Returns the retention. <c>retainNumBackups</c> has a default, so it cannot be told whether a user wrote it; it
    /// does not count beside <c>retention</c>.
    /// </summary>
    public static PolicyRetention Bind(FieldReader spec, TimeZoneInfo timeZone)
    {
        int newest = spec.Integer("retainNumBackups", least: PolicyRetention.CountMin)
            ?? BackupPolicy.RetainNumBackupsDefault;
        if (spec.Mapping(Field) is not { } fields)
        {
            return PolicyRetention.Newest(newest);
        }

        PolicyRetention retention = new()
        {
            Last = Count("last"),
            Hourly = Count("hourly"),
            Daily = Count("daily"),
            Weekly = Count("weekly"),
            Monthly = Count("monthly"),
            Yearly = Count("yearly"),
            Within = fields.DaysOrDuration("within", PolicyRetention.AgeMin),
            MaxBytes = fields.Bytes("maxBytes", PolicyRetention.MaxBytesMin, PolicyRetention.MaxBytesMax),
            Minimum = Count("minimum") ?? PolicyRetention.MinimumDefault,
            Ttl = fields.DaysOrDuration("ttl", PolicyRetention.AgeMin),
            TimeZone = timeZone,
        };
        fields.WarnAboutUnknown();
        if (retention.IsEmpty)
        {
            spec.Error(
                Field,
                "removes nothing; give at least one of last, hourly, daily, weekly, monthly, yearly, within, maxBytes "
                + "and ttl");
        }

        return retention;

        int? Count(string field) => fields.Integer(field, least: PolicyRetention.CountMin);
    }
}

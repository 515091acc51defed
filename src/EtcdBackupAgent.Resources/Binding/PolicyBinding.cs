using System.Text.RegularExpressions;
using EtcdBackupAgent.Core.Addresses;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Resources.Binding;

/// <summary>
/// Binds the spec of a <c>MetadataBackupPolicy</c>: kubedr's fields and defaults, and the fields that
/// <c>docs/policies.md</c> marks as added.
/// </summary>
internal static partial class PolicyBinding
{
    public const string EtcdCredentialsDefault = "etcd-creds";
    public const string TimeZoneDefault = "UTC";
    public const string VerifyField = "verify";

    private const string ExecutionOption = "execution";

    private static readonly string[] KnownOptions = ["master-node-label-name", ExecutionOption];

    /// <summary>Returns the policy as far as it is valid. Errors are added to the problems.</summary>
    public static BackupPolicy Bind(ResourceName name, FieldReader spec)
    {
        string? destination = spec.RequiredText("destination");
        PolicyObjects? objects = ObjectsBinding.Bind(spec);
        IReadOnlyList<Uri> endpoints = Endpoints(spec);
        Dictionary<string, string> options = Options(spec);
        TimeZoneInfo timeZone = TimeZone(spec) ?? TimeZoneInfo.Utc;
        BackupPolicy policy = new()
        {
            Name = name,
            Destination = new ResourceName(name.Namespace, destination ?? ""),
            CertsDirectory = CertsDirectory(spec),
            EtcdEndpoints = objects is null ? endpoints : [],
            Objects = objects,
            EtcdCredentials = new ResourceName(name.Namespace, spec.Text("etcdCreds") ?? EtcdCredentialsDefault),
            EtcdServerName = ServerName(spec),
            HashKv = spec.OneOf<PolicyHashKv>("hashKV") ?? PolicyHashKv.Daily,
            Increments = Increments(spec),
            ChangeLog = ChangeLog(spec),
            BeforeUpgrade = UpgradeBinding.Bind(spec),
            Schedule = Schedule(spec, timeZone),
            Retention = RetentionBinding.Bind(spec, timeZone),
            Verify = spec.OneOf<PolicyVerification>(VerifyField) ?? PolicyVerification.Never,
            Suspend = spec.Boolean("suspend") ?? false,
            Execution = options.TryGetValue(ExecutionOption, out string? execution)
                ? Enum.Parse<PolicyExecution>(execution)
                : PolicyExecution.CronJob,
            Options = options,
        };
        ObjectsBinding.RequireNoEtcd(policy, spec);
        spec.WarnAboutUnknown();
        return policy;
    }

    private static List<Uri> Endpoints(FieldReader spec)
    {
        string text = spec.Text("etcdEndpoint") ?? BackupPolicy.EtcdEndpointDefault;
        List<Uri> endpoints = [];
        foreach (string part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            Uri? url = EndpointUrl.Read(part, "etcdEndpoint", spec);
            url = url is null || ServerUrl.NamesPort(part)
                ? url
                : new UriBuilder(url) { Port = BackupPolicy.EtcdPortDefault }.Uri;
            if (url is not null && endpoints.Contains(url))
            {
                spec.Warning("etcdEndpoint", $"{ResourceProblems.Quote(part)} is a duplicate");
            }
            else if (url is not null)
            {
                endpoints.Add(url);
            }
        }

        return endpoints;
    }

    private static string? ServerName(FieldReader spec)
    {
        string? name = spec.Text("etcdServerName");
        if (name is not null && Uri.CheckHostName(name) == UriHostNameType.Unknown)
        {
            spec.Error(
                "etcdServerName",
                $"{ResourceProblems.Quote(name)} is neither a host name nor an address; write a name from the "
                + "certificate of etcd's server, such as etcd.example.com");
        }

        return name;
    }

    private static string? CertsDirectory(FieldReader spec)
    {
        string? directory = spec.Text("certsDir");
        if (directory?.Any(char.IsControl) ?? false)
        {
            spec.Error(
                "certsDir", "has a control character, such as a line feed at its end; write the path on one line");
        }
        else if (directory is not null && !directory.StartsWith('/'))
        {
            spec.Error(
                "certsDir",
                $"{ResourceProblems.Quote(directory)} is a relative path; write an absolute one, such as "
                + "/etc/kubernetes/pki"
            );
        }

        return directory;
    }

    /// <summary>An empty mapping requests increments with the defaults.</summary>
    private static PolicyIncrements? Increments(FieldReader spec)
    {
        if (spec.Mapping("increments") is not { } fields)
        {
            return null;
        }

        PolicyIncrements increments = new()
        {
            FullEvery = fields.Duration("fullEvery", PolicyIncrements.FullEveryMin)
                ?? PolicyIncrements.FullEveryDefault,
            SizeMaxPercent = fields.Integer("sizeMaxPercent", least: 1, PolicyIncrements.SizeMaxPercentMax)
                ?? PolicyIncrements.SizeMaxPercentDefault,
        };
        fields.WarnAboutUnknown();
        return increments;
    }

    /// <summary>An empty mapping requests a change log with the defaults.</summary>
    private static PolicyChangeLog? ChangeLog(FieldReader spec)
    {
        if (spec.Mapping("changeLog") is not { } fields)
        {
            return null;
        }

        PolicyChangeLog log = new()
        {
            CloseEvery = fields.Duration("closeEvery", PolicyChangeLog.CloseEveryMin, PolicyChangeLog.CloseEveryMax)
                ?? PolicyChangeLog.CloseEveryDefault,
            CloseBytes = fields.Bytes("closeBytes", PolicyChangeLog.CloseBytesMin, PolicyChangeLog.CloseBytesMax)
                ?? PolicyChangeLog.CloseBytesDefault,
            Keep = fields.DaysOrDuration("keep", PolicyChangeLog.KeepMin) ?? PolicyChangeLog.KeepDefault,
        };
        fields.WarnAboutUnknown();
        return log;
    }

    private static BackupSchedule? Schedule(FieldReader spec, TimeZoneInfo timeZone)
    {
        if (spec.Text("schedule") is not { } text)
        {
            if (spec.Has("timeZone") && !spec.Has("schedule") && !spec.Has(RetentionBinding.Field))
            {
                spec.Warning("timeZone", "has no effect without a schedule or a retention");
            }

            return null;
        }

        try
        {
            return BackupSchedule.Parse(text, timeZone);
        }
        catch (BackupException e)
        {
            string hint = e.Hint is null ? "" : $". {e.Hint}";
            spec.Error("schedule", $"{ResourceProblems.Quote(text)}: {e.Message}{hint}");
            return null;
        }
    }

    private static TimeZoneInfo? TimeZone(FieldReader spec)
    {
        if (spec.Text("timeZone") is not { } id)
        {
            return TimeZoneInfo.Utc;
        }

        // Only names of the IANA database: "Local" would mean something different on every machine.
        if (ZonePattern().IsMatch(id) && TimeZoneInfo.TryFindSystemTimeZoneById(id, out TimeZoneInfo? zone))
        {
            return zone;
        }

        string question = NearestName.Question(id, TimeZoneInfo.GetSystemTimeZones().Select(known => known.Id));
        spec.Error(
            "timeZone",
            $"{ResourceProblems.Quote(id)} is not in this machine's time zone database; allowed are IANA names such as "
            + $"Europe/Berlin{question}");
        return null;
    }

    private static Dictionary<string, string> Options(FieldReader spec)
    {
        Dictionary<string, string> options = new(StringComparer.Ordinal);
        if (spec.Mapping("options") is not { } fields)
        {
            return options;
        }

        foreach (string key in fields.Names())
        {
            string? value = key == ExecutionOption ? fields.OneOf<PolicyExecution>(key)?.ToString() : fields.Text(key);
            if (value is not null)
            {
                options[key] = value;
            }

            if (!KnownOptions.Contains(key, StringComparer.Ordinal))
            {
                fields.Warning(key, "is not a known option and is ignored" + NearestName.Question(key, KnownOptions));
            }
        }

        return options;
    }

    [GeneratedRegex(@"^(UTC|GMT|[A-Za-z]+(/[A-Za-z0-9_+-]+)+)\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ZonePattern();
}

using System.CommandLine;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Commands;

/// <summary>The options that say which snapshots of a policy are kept.</summary>
internal sealed class RetentionOptions
{
    private readonly Option<int?> _retain;
    private readonly Option<int?> _hourly = Periods("hourly", "hours");
    private readonly Option<int?> _daily = Periods("daily", "days");
    private readonly Option<int?> _weekly = Periods("weekly", "weeks, from Monday,");
    private readonly Option<int?> _monthly = Periods("monthly", "months");
    private readonly Option<int?> _yearly = Periods("yearly", "years");

    private readonly Option<string?> _within = new("--keep-within")
    {
        Description = "Keep all snapshots that are at most this much older than the newest, such as 14d or 36h.",
        HelpName = "DURATION",
    };

    private readonly Option<string?> _maxBytes = new("--max-bytes")
    {
        Description = "Remove the oldest snapshots until the policy's snapshots fit into this size, such as 50Gi.",
        HelpName = "SIZE",
    };

    private readonly Option<int?> _minimum = new Option<int?>("--minimum")
    {
        Description = "Keep this many of the newest snapshots whatever their age and size (default: 1).",
        HelpName = "N",
    }.AtLeastOne();

    private readonly Option<string?> _timeZone = new("--time-zone")
    {
        Description = "IANA name of the time zone in which hours, days, weeks, months and years begin (default: UTC).",
        HelpName = "ZONE",
    };

    /// <param name="retainDescription">What <c>--retain</c> does for the verb.</param>
    public RetentionOptions(string retainDescription) => _retain = new Option<int?>("--retain")
    {
        Description = retainDescription,
        HelpName = "N",
    }.AtLeastOne();

    private Option[] All =>
    [
        _retain, _hourly, _daily, _weekly, _monthly, _yearly, _within, _maxBytes, _minimum, _timeZone,
    ];

    public void AddTo(Command verb)
    {
        foreach (Option option in All)
        {
            verb.Add(option);
        }
    }

    /// <summary>The first option that is given; null if none is.</summary>
    public Option? FirstGiven(ParseResult parsed) =>
        Array.Find(All, option => parsed.GetResult(option) is { Implicit: false });

    /// <summary>Reads the retention; null if no option is given.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>.</exception>
    public PolicyRetention? Read(ParseResult parsed)
    {
        if (FirstGiven(parsed) is not { } given)
        {
            return null;
        }

        PolicyRetention retention = new()
        {
            Last = parsed.GetValue(_retain),
            Hourly = parsed.GetValue(_hourly),
            Daily = parsed.GetValue(_daily),
            Weekly = parsed.GetValue(_weekly),
            Monthly = parsed.GetValue(_monthly),
            Yearly = parsed.GetValue(_yearly),
            Within = parsed.ReadDuration(_within, PolicyRetention.AgeMin, TimeSpan.MaxValue),
            MaxBytes = ReadMaxBytes(parsed),
            Minimum = parsed.GetValue(_minimum) ?? PolicyRetention.MinimumDefault,
            TimeZone = ReadTimeZone(parsed),
        };
        return retention.IsEmpty
            ? throw new BackupException(FailureReason.InvalidInput, $"{given.Name} alone removes no snapshot.")
            {
                Hint = "Add --retain, --keep-hourly, --keep-daily, --keep-weekly, --keep-monthly, --keep-yearly, "
                    + "--keep-within or --max-bytes.",
            }
            : retention;
    }

    private long? ReadMaxBytes(ParseResult parsed) =>
        parsed.GetValue(_maxBytes) is not { } text ? null
        : ByteQuantity.Parse(text) is { } bytes and >= PolicyRetention.MaxBytesMin ? bytes
        : throw new BackupException(
            FailureReason.InvalidInput, $"{_maxBytes.Name} '{text}' is not a size of at least 1Mi.")
        {
            Hint = "Give a whole number of bytes, or one with a unit, such as 50Gi.",
        };

    private TimeZoneInfo ReadTimeZone(ParseResult parsed) =>
        parsed.GetValue(_timeZone) is not { } id ? TimeZoneInfo.Utc
        : TimeZoneInfo.TryFindSystemTimeZoneById(id, out TimeZoneInfo? zone) ? zone
        : throw new BackupException(
            FailureReason.InvalidInput,
            $"{_timeZone.Name} '{id}' is not in this machine's time zone database.")
        {
            Hint = "Give an IANA name such as Europe/Berlin"
                + NearestName.Question(id, TimeZoneInfo.GetSystemTimeZones().Select(known => known.Id)),
        };

    private static Option<int?> Periods(string kind, string periods) => new Option<int?>($"--keep-{kind}")
    {
        Description = $"Keep the newest snapshot of each of the last N {periods} that have one.",
        HelpName = "N",
    }.AtLeastOne();
}

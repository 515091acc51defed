using System.Globalization;
using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Core.Policies;

/// <summary>
/// The grammar of one field of a cron schedule, as robfig/cron reads it for Kubernetes CronJobs: a list of terms
/// separated by commas, each <c>*</c>, <c>?</c>, <c>a</c> or <c>a-b</c>, optionally with <c>/step</c>, where
/// <c>a/step</c> continues to the end of the range. In addition, 7 is accepted as Sunday, which robfig/cron refuses.
/// </summary>
internal sealed class CronFieldGrammar(string title, int least, int greatest, params string[] names)
{
    public static readonly CronFieldGrammar Minute = new("minute", 0, 59);
    public static readonly CronFieldGrammar Hour = new("hour", 0, 23);
    public static readonly CronFieldGrammar DayOfMonth = new("day of month", 1, 31);

    public static readonly CronFieldGrammar Month = new(
        "month", 1, 12, "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC");

    public static readonly CronFieldGrammar DayOfWeek = new(
        "day of week", 0, 6, "SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT");

    /// <summary>The second number of Sunday, so that <c>5-7</c> is Friday to Sunday.</summary>
    private const int SundayAfterSaturday = 7;

    /// <summary>
    /// The largest step. With a step beyond the range only the first value matches, as in robfig/cron, which has no
    /// limit.
    /// </summary>
    private const int StepMax = 1000;

    private int Greatest => IsDayOfWeek ? SundayAfterSaturday : greatest;

    private bool IsDayOfWeek => names is ["SUN", ..];

    private string Allowed => names.Length == 0
        ? $"{least} to {greatest}"
        : $"{least} to {Greatest} or {names[0]} to {names[^1]}";

    /// <summary>Parses one field without the spaces around it.</summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/>; the message contains field, value and range.
    /// </exception>
    public CronField Parse(string text) => new([.. text.Split(',').SelectMany(term => ParseTerm(term, text))]);

    private IEnumerable<CronTerm> ParseTerm(string term, string field)
    {
        string[] slash = term.Split('/');
        string[] dash = slash[0].Split('-');
        if (slash.Length > 2 || dash.Length > 2 || slash[0].Length == 0)
        {
            throw Wrong($"'{(term.Length == 0 ? field : term)}' is not a value, a range a-b, or either with /step");
        }

        CronTermForm form = slash[0] is "*" or "?" ? CronTermForm.Wildcard
            : dash.Length == 2 || slash.Length == 2 ? CronTermForm.Range
            : CronTermForm.Value;
        int first = form == CronTermForm.Wildcard ? least : Value(dash[0]);
        int last = dash.Length == 2 ? Value(dash[1])
            : form == CronTermForm.Value ? first
            : Math.Max(first, greatest);
        if (first > last)
        {
            throw Wrong($"the range '{slash[0]}' ends before it starts");
        }

        return WithSundayFirst(new CronTerm(first, last, slash.Length == 2 ? Step(slash[1]) : 1, form));
    }

    private int Value(string text)
    {
        int name = Array.FindIndex(names, n => n.Equals(text, StringComparison.OrdinalIgnoreCase));
        if (name >= 0)
        {
            return name + least;
        }

        if (!text.All(char.IsAsciiDigit) || !int.TryParse(text, CultureInfo.InvariantCulture, out int value))
        {
            throw Wrong($"'{text}' is not a {title}; allowed is {Allowed}{NearestName.Question(text, names)}");
        }

        return value >= least && value <= Greatest
            ? value
            : throw Wrong($"{value} is out of range; allowed is {Allowed}");
    }

    private int Step(string text) =>
        text.All(char.IsAsciiDigit) && int.TryParse(text, CultureInfo.InvariantCulture, out int step)
        && step is >= 1 and <= StepMax
            ? step
            : throw Wrong($"the step '{text}' is not a number from 1 to {StepMax}");

    /// <summary>Replaces a final 7 by 0, which splits the range that ends with it.</summary>
    private IEnumerable<CronTerm> WithSundayFirst(CronTerm term)
    {
        bool reachesSunday = term.Last == SundayAfterSaturday && (term.Last - term.First) % term.Step == 0;
        if (!IsDayOfWeek || !reachesSunday)
        {
            return [term];
        }

        CronTerm sunday = new(0, 0, 1, CronTermForm.Value);
        return term.First == SundayAfterSaturday ? [sunday] : [sunday, term with { Last = term.Last - 1 }];
    }

    private BackupException Wrong(string fact) => new(FailureReason.InvalidInput, $"{title}: {fact}");
}

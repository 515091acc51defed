using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Core.Backups;

/// <summary>
/// Why a backup is made, and what its snapshot is marked with, so that it is found later. The fields are those of the
/// manifest (<c>docs/spec/repository.md</c>).
/// </summary>
public sealed record BackupOccasion
{
    /// <summary>The most characters of a <see cref="Note"/>.</summary>
    public const int NoteLengthMax = 1024;

    /// <summary>The most characters of a <see cref="NameSuffix"/>, of a label's name and of its value.</summary>
    public const int LabelLengthMax = 63;

    /// <summary>The most characters of the prefix of a label's name.</summary>
    public const int LabelPrefixLengthMax = 253;

    /// <summary>The occasion of a schedule.</summary>
    public static BackupOccasion Scheduled { get; } = Of(BackupReason.Schedule);

    /// <summary>What made the agent back up.</summary>
    public required BackupReason Reason { get; init; }

    /// <summary>Why, in the words of the user; null for none.</summary>
    public string? Note { get; init; }

    /// <summary>What stands behind the name of the policy in the snapshot's name; null for no name.</summary>
    public string? NameSuffix { get; init; }

    /// <summary>The age at which retention removes the snapshot; null for that of the policy.</summary>
    public TimeSpan? ExpiresIn { get; init; }

    /// <summary>Labels of the user, besides those of the policy.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } =
        new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>
    /// The revision before the event that the backup is made for, which a restore goes to; null for the snapshot's own.
    /// </summary>
    public long? RestorePoint { get; init; }

    /// <summary>Returns an occasion without marks.</summary>
    public static BackupOccasion Of(BackupReason reason) => new() { Reason = reason };

    /// <summary>Returns the occasion of a request, with the reason in the words of the user; null for none.</summary>
    public static BackupOccasion OnDemand(string? note) => new() { Reason = BackupReason.OnDemand, Note = note };

    /// <summary>Returns the name of the snapshot of a policy; null if it gets none.</summary>
    public string? NameOf(ResourceName policy) => NameSuffix is null ? null : $"{policy.Name}-{NameSuffix}";

    /// <summary>Makes a note of a text that may have several lines or be too long; null for an empty one.</summary>
    public static string? NoteOf(string? text)
    {
        string line = string.Join(' ', (text ?? "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        line = string.Concat(line.Where(one => !char.IsControl(one)));
        return line.Length == 0 ? null : line[..Math.Min(line.Length, NoteLengthMax)];
    }

    /// <summary>Reads labels, each as <c>KEY=VALUE</c>.</summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/>: a text is not a label, or one key is given twice.
    /// </exception>
    public static IReadOnlyDictionary<string, string> ParseLabels(IEnumerable<string> texts)
    {
        Dictionary<string, string> labels = new(StringComparer.Ordinal);
        foreach (string text in texts)
        {
            int equals = text.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0)
            {
                throw Invalid($"The label '{text}' is not KEY=VALUE.", hint: null);
            }

            (string key, string value) = (text[..equals], text[(equals + 1)..]);
            RequireLabel(key, value);
            if (!labels.TryAdd(key, value))
            {
                throw Invalid($"The label '{key}' is given twice.", hint: null);
            }
        }

        return labels;
    }

    /// <summary>Throws unless all marks have the form that the manifest allows.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>.</exception>
    public void Validate()
    {
        if (Note is { } note && (note.Length is 0 or > NoteLengthMax || note.Any(char.IsControl)))
        {
            throw Invalid(
                $"The reason is invalid: expected one line of 1 to {NoteLengthMax} characters.", hint: null);
        }

        if (NameSuffix is { } suffix && !IsWord(suffix, "-.", char.IsAsciiLetterLower))
        {
            throw Invalid(
                $"The name suffix '{suffix}' is invalid.",
                $"A suffix has at most {LabelLengthMax} lower-case letters, digits, '-' and '.', and begins and ends "
                + "with a letter or a digit.");
        }

        if (RestorePoint is { } revision && revision < 1)
        {
            throw Invalid($"The restore point {revision} is invalid.", "The first revision of etcd is 1.");
        }

        foreach ((string key, string value) in Labels)
        {
            RequireLabel(key, value);
        }
    }

    private static void RequireLabel(string key, string value)
    {
        int slash = key.LastIndexOf('/');
        (string prefix, string name) = (key[..Math.Max(slash, 0)], key[(slash + 1)..]);
        bool isPrefix = slash < 0
            || (prefix.Length <= LabelPrefixLengthMax
                && prefix.Split('.').All(part => IsWord(part, "-", char.IsAsciiLetterLower)));
        bool isName = IsWord(name, "-_.", char.IsAsciiLetter);
        bool isValue = value.Length == 0 || IsWord(value, "-_.", char.IsAsciiLetter);
        if (!isPrefix || !isName || !isValue)
        {
            throw Invalid(
                $"The label '{key}={value}' is invalid.",
                $"Labels have the form of Kubernetes: name and value have at most {LabelLengthMax} letters, digits, "
                + "'-', '_' and '.', and begin and end with a letter or a digit; before the name may stand a DNS name "
                + "and '/'.");
        }

        if (key == SnapshotManifest.PolicyUidLabel)
        {
            throw Invalid($"The label '{key}' is set by the agent.", hint: null);
        }
    }

    /// <summary>
    /// Whether a text is not too long, begins and ends with a letter or a digit, and has only the given ones between.
    /// </summary>
    private static bool IsWord(string text, string between, Func<char, bool> isLetter)
    {
        return text.Length is > 0 and <= LabelLengthMax
            && IsEnd(text[0])
            && IsEnd(text[^1])
            && text.All(one => IsEnd(one) || between.Contains(one, StringComparison.Ordinal));

        bool IsEnd(char one) => isLetter(one) || char.IsAsciiDigit(one);
    }

    private static BackupException Invalid(string message, string? hint) =>
        new(FailureReason.InvalidInput, message) { Hint = hint };
}

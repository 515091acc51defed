namespace EtcdBackupAgent.Core.Failures;

/// <summary>
/// The one exception that crosses the product's layers. The message contains the object, the value and the fact, and
/// never a secret. The suggested action is separate, in <see cref="Hint"/>, and is shown on its own line.
/// </summary>
public sealed class BackupException(FailureReason reason, string message, Exception? innerException = null)
    : Exception(message, innerException)
{
    public FailureReason Reason { get; } = reason;

    /// <summary>The action that the reader can take, as one sentence; null if there is no useful advice.</summary>
    public string? Hint { get; init; }

    /// <summary>The settings that the hint refers to, without their names.</summary>
    public IReadOnlyList<Setting> Settings { get; init; } = [];

    /// <summary>Returns the hint with the names of its settings; null if there is neither.</summary>
    /// <param name="nameOf">
    /// Returns the name of a setting where the hint is shown; null if it cannot be set there.
    /// </param>
    public string? HintFor(Func<Setting, string?> nameOf)
    {
        string names = string.Join(" and ", Settings.Select(nameOf).OfType<string>());
        return names.Length == 0 ? Hint : $"{Hint} Use {names}.".TrimStart();
    }

    /// <summary>Returns the message and the hint on one line, for output that has only one line.</summary>
    /// <inheritdoc cref="HintFor"/>
    public string MessageWithHint(Func<Setting, string?> nameOf) =>
        HintFor(nameOf) is { } hint ? $"{Message} {hint}" : Message;

    /// <summary>
    /// Returns the same failure with another message. The reason, the hint and the settings stay, and this exception is
    /// the inner one.
    /// </summary>
    public BackupException WithMessage(string message) =>
        new(Reason, message, this) { Hint = Hint, Settings = Settings };
}

using System.Text;
using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Core.Secrets;

/// <summary>
/// The one rule for secrets and other text that a person pastes, whatever the source. One line end (LF or CRLF) at the
/// end of the text does not count, because an editor or a shell put it there. Every other character counts. See
/// <c>docs/security.md</c>, "White space in secrets". The code that reads the text applies the rule, once.
/// </summary>
public static class SecretText
{
    private static readonly UTF8Encoding Strict =
        new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static ReadOnlySpan<byte> WithoutLineEnd(ReadOnlySpan<byte> bytes) =>
        bytes.EndsWith("\r\n"u8) ? bytes[..^2] : bytes.EndsWith("\n"u8) ? bytes[..^1] : bytes;

    public static string WithoutLineEnd(string text) =>
        text.EndsWith("\r\n", StringComparison.Ordinal) ? text[..^2] : text.EndsWith('\n') ? text[..^1] : text;

    /// <summary>
    /// Returns what is wrong with a key or a token as the end of a sentence; null if it is valid. A key or a token
    /// never starts or ends with white space and never contains control characters. The text is without its line end.
    /// </summary>
    public static string? FaultOfToken(string text) => text switch
    {
        "" => "is empty",
        _ when text.EndsWith('\n') || text.EndsWith('\r') => "ends in more than one line end",
        _ when text.Any(char.IsControl) => "contains a line end or another control character",
        _ when char.IsWhiteSpace(text[0]) => "starts with white space",
        _ when char.IsWhiteSpace(text[^1]) => "ends in white space",
        _ => null,
    };

    /// <inheritdoc cref="FaultOfToken(string)"/>
    /// <param name="bytes">The text with its line end.</param>
    public static string? FaultOfToken(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return FaultOfToken(Strict.GetString(WithoutLineEnd(bytes)));
        }
        catch (DecoderFallbackException)
        {
            return "is not UTF-8 text";
        }
    }

    /// <summary>Returns a key or a token without the line end at its end.</summary>
    /// <param name="bytes">The text.</param>
    /// <param name="what">
    /// A description of the text for the message. The message never contains the text itself.
    /// </param>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>.</exception>
    public static string Token(ReadOnlySpan<byte> bytes, string what) => FaultOfToken(bytes) is { } fault
        ? throw Refusal(what, fault)
        : Strict.GetString(WithoutLineEnd(bytes));

    /// <inheritdoc cref="Token(ReadOnlySpan{byte}, string)"/>
    public static string Token(string text, string what)
    {
        string token = WithoutLineEnd(text);
        return FaultOfToken(token) is { } fault ? throw Refusal(what, fault) : token;
    }

    private static BackupException Refusal(string what, string fault) =>
        new(FailureReason.InvalidInput, $"{what} {fault}.")
        {
            Hint = "Write it again without these characters. One line end at the end is ignored; every other character "
                + "counts.",
        };
}

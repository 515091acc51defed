using System.Text;
using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Core.Secrets;

/// <summary>
/// The one rule for secrets and other texts that a person pastes, wherever they come from: one line end at the end, LF
/// or CRLF, does not count, because an editor or a shell put it there; everything else does. See
/// <c>docs/security.md</c>, "White space in secrets". The code that reads the text applies it, once.
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
    /// What is wrong with a key or a token, which never has white space at its ends and never control characters; as
    /// the end of a sentence. Null if nothing is. The text is without its line end.
    /// </summary>
    public static string? FaultOfToken(string text) => text switch
    {
        "" => "is empty",
        _ when text.EndsWith('\n') || text.EndsWith('\r') => "ends in more than one line end",
        _ when text.Any(char.IsControl) => "has a line end or another control character in it",
        _ when char.IsWhiteSpace(text[0]) => "begins with white space",
        _ when char.IsWhiteSpace(text[^1]) => "ends in white space",
        _ => null,
    };

    /// <inheritdoc cref="FaultOfToken(string)"/>
    /// <param name="bytes">With its line end.</param>
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

    /// <summary>A key or a token, without the line end at its end.</summary>
    /// <param name="bytes">Where it stands.</param>
    /// <param name="what">What it is, for the message, which never repeats it.</param>
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
            Hint = "One line end at its end does not count; all other characters do. Write it again without them.",
        };
}

using System.Security.Cryptography;
using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Secrets;

namespace EtcdBackupAgent.Configuration;

/// <summary>
/// Reads passphrases from files, Secrets, the environment and the terminal, by the rule of <see cref="SecretText"/>.
/// </summary>
internal static class PassphraseText
{
    /// <summary>The environment variable that can contain the passphrase.</summary>
    public const string Variable = SecretVariables.Passphrase;

    /// <summary>The number of characters that can be typed.</summary>
    private const int CharactersMax = 1024;

    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/>, naming the option and the file.
    /// </exception>
    public static AgePassphrase OfFile(string option, string path)
    {
        byte[] bytes = InputFile.ReadBytes(option, path);
        try
        {
            return Of(bytes, $"{option} {path}");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    /// <summary>Returns the passphrase in a location's Secret.</summary>
    public static AgePassphrase OfSecret(PassphraseLocation location, ResourceSet resources) =>
        resources.Secrets.TryGetValue(location.Secret, out SecretContent? secret)
        && secret.Data.TryGetValue(location.SecretKey, out byte[]? bytes)
            ? Of(bytes, $"The key '{location.SecretKey}' of Secret {location.Secret}")
            : throw new BackupException(
                FailureReason.InvalidInput, $"Secret {location.Secret} has no key '{location.SecretKey}'.");

    /// <summary>Returns the passphrase in the environment; null if there is none.</summary>
    public static AgePassphrase? OfEnvironment() =>
        Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } text
            ? SecretText.WithoutLineEnd(text) is { Length: > 0 } passphrase
                ? new AgePassphrase(passphrase)
                : throw new BackupException(
                    FailureReason.InvalidInput, $"The variable {Variable} contains no passphrase: it is empty.")
            : null;

    /// <summary>Asks on the terminal, without echo. Null if there is no terminal to ask on.</summary>
    public static AgePassphrase? Ask(string prompt)
    {
        if (Console.IsInputRedirected || Console.IsErrorRedirected)
        {
            return null;
        }

        Console.Error.Write(prompt);
        Span<char> typed = stackalloc char[CharactersMax];
        int length = 0;
        try
        {
            for (ConsoleKeyInfo key; (key = Console.ReadKey(intercept: true)).Key != ConsoleKey.Enter;)
            {
                if (key.Key == ConsoleKey.Backspace)
                {
                    length = Math.Max(0, length - 1);
                }
                else if (key.KeyChar != '\0')
                {
                    // A truncated passphrase would not open what the whole one opens.
                    typed[length++] = length < CharactersMax
                        ? key.KeyChar
                        : throw new BackupException(
                            FailureReason.InvalidInput,
                            $"More than {CharactersMax} characters were typed. Put the passphrase into a file.");
                }
            }

            Console.Error.WriteLine();
            return length > 0
                ? new AgePassphrase(typed[..length])
                : throw new BackupException(FailureReason.InvalidInput, "No passphrase was typed.");
        }
        finally
        {
            typed.Clear();
        }
    }

    /// <summary>
    /// Asks for a new passphrase twice, and returns it if both are the same. Null if there is no terminal to ask on.
    /// </summary>
    public static AgePassphrase? AskTwice(string prompt)
    {
        AgePassphrase? first = Ask(prompt);
        using AgePassphrase? second = first is null ? null : Ask("Repeat the passphrase: ");
        if (first is not null && !first.IsSameAs(second))
        {
            first.Dispose();
            throw new BackupException(FailureReason.InvalidInput, "The two passphrases are not the same.");
        }

        return first;
    }

    private static AgePassphrase Of(ReadOnlySpan<byte> bytes, string what)
    {
        ReadOnlySpan<byte> line = SecretText.WithoutLineEnd(bytes);
        return line.IsEmpty
            ? throw new BackupException(FailureReason.InvalidInput, $"{what} contains no passphrase: it is empty.")
            : new AgePassphrase(line);
    }
}

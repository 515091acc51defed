using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Secrets;

namespace EtcdBackupAgent.Configuration;

/// <summary>Reads age recipients: <c>age1…</c>.</summary>
internal static class RecipientText
{
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/>. The message does not repeat an identity that is given by mistake.
    /// </exception>
    public static AgeRecipient Parse(string input)
    {
        string text = SecretText.WithoutLineEnd(input);
        if (AgeRecipient.TryParse(text, out AgeRecipient? recipient))
        {
            return recipient;
        }

        bool isIdentity = text.StartsWith("AGE-SECRET-KEY-", StringComparison.OrdinalIgnoreCase);
        throw new BackupException(
            FailureReason.InvalidInput,
            isIdentity
                ? "--recipient was given an identity, which is secret."
                : $"--recipient '{AgeRecipient.Abbreviate(text)}' is not an age recipient.")
        {
            Hint = isIdentity
                ? "Give its public key (age1…), which 'age-keygen -y' prints. Treat the identity as compromised."
                : "A recipient starts with age1 and has 62 lower-case characters, or starts with age1pq1 and has "
                    + "1,959; 'age-keygen' prints one.",
        };
    }
}

using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Secrets;

namespace EtcdBackupAgent.Storage.S3;

/// <summary>
/// The variables that the AWS SDK reads directly, including a line end. A key with a line end would be refused without
/// an explanation. This class rewrites them once, before the SDK reads them, by the rule for secrets.
/// </summary>
internal static class AwsVariables
{
    private static readonly string[] Names =
    [
        "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION",
        "AWS_PROFILE", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME", TokenService.TokenFileVariable,
        TokenService.EndpointVariable, "AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE",
    ];

    private static readonly Lock Once = new();
    private static bool _isClean;

    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/>: a variable has other white space at its start or end, or a control
    /// character.
    /// </exception>
    public static void Clean()
    {
        lock (Once)
        {
            if (!_isClean)
            {
                Clean(Environment.GetEnvironmentVariable, Environment.SetEnvironmentVariable);
                _isClean = true;
            }
        }
    }

    internal static void Clean(Func<string, string?> read, Action<string, string> write)
    {
        foreach (string name in Names)
        {
            if (read(name) is { Length: > 0 } text && SecretText.Token(text, $"The variable {name}") is var clean
                && clean != text)
            {
                write(name, clean);
            }
        }
    }
}

using System.Text.RegularExpressions;

namespace EtcdBackupAgent.Core.Policies;

/// <summary>
/// The settings that an S3 server applies to every stored object: encryption, storage class, tags. The fields have the
/// names of a BackupLocation's fields. The server's encryption is in addition to the repository's own, for buckets that
/// require it.
/// </summary>
public sealed partial record ObjectSettings
{
    /// <summary>Amazon's limit for an object (docs.aws.amazon.com, "Categorizing your storage using tags").</summary>
    public const int TagsMax = 10;

    public const int TagKeyLengthMax = 128;

    public const int TagValueLengthMax = 256;

    public const int KmsKeyIdLengthMax = 2048;

    /// <summary>Encryption with the server's own key.</summary>
    public const string EncryptedByServer = "AES256";

    /// <summary>Encryption with a key of the key management service.</summary>
    public const string EncryptedByKms = "aws:kms";

    public static ObjectSettings None { get; } = new();

    /// <summary><see cref="EncryptedByServer"/> or <see cref="EncryptedByKms"/>; null sends no header.</summary>
    public string? ServerSideEncryption { get; init; }

    /// <summary>
    /// The ID of the key; null for the account's default key. Only with <see cref="EncryptedByKms"/>.
    /// </summary>
    public string? KmsKeyId { get; init; }

    /// <summary>The storage class; null for the bucket's default.</summary>
    public string? StorageClass { get; init; }

    public IReadOnlyDictionary<string, string> Tags { get; init; } =
        new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Returns what is wrong: the field, and the rest of a sentence that starts with it.</summary>
    public IEnumerable<(string Field, string Problem)> Problems()
    {
        if (ServerSideEncryption is not (null or EncryptedByServer or EncryptedByKms))
        {
            yield return (
                "serverSideEncryption",
                $"'{ServerSideEncryption}' is not a valid value; allowed are {EncryptedByServer}, {EncryptedByKms}");
        }

        if (KmsKeyId is not null && ServerSideEncryption != EncryptedByKms)
        {
            yield return ("kmsKeyId", $"needs serverSideEncryption: {EncryptedByKms}");
        }

        if (KmsKeyId is not null && (KmsKeyId.Length > KmsKeyIdLengthMax || !KmsKeyIdPattern().IsMatch(KmsKeyId)))
        {
            yield return (
                "kmsKeyId",
                $"'{KmsKeyId}' is not a key; write its ID, its ARN or an alias, without spaces, "
                + $"at most {KmsKeyIdLengthMax} characters");
        }

        if (StorageClassProblem() is { } problem)
        {
            yield return ("storageClass", problem);
        }

        foreach (string tagProblem in TagProblems())
        {
            yield return ("tags", tagProblem);
        }
    }

    private string? StorageClassProblem() => StorageClass switch
    {
        null => null,
        _ when !StorageClassPattern().IsMatch(StorageClass) =>
            $"'{StorageClass}' is not a storage class; allowed are letters, digits, '-' and '_', such as STANDARD_IA",
        _ when StorageClass.ToUpperInvariant() is "GLACIER" or "DEEP_ARCHIVE" =>
            $"'{StorageClass}' cannot be read immediately, so a backup could not be verified and a repository could "
            + "not be opened; use another class, such as STANDARD_IA or GLACIER_IR",
        _ => null,
    };

    private IEnumerable<string> TagProblems()
    {
        if (Tags.Count > TagsMax)
        {
            yield return $"are {Tags.Count}; at most {TagsMax} are allowed";
        }

        foreach ((string key, string value) in Tags)
        {
            if (key.Length is 0 or > TagKeyLengthMax || value.Length > TagValueLengthMax
                || !TagPattern().IsMatch(key) || !TagPattern().IsMatch(value)
                || key.StartsWith("aws:", StringComparison.OrdinalIgnoreCase))
            {
                yield return $"'{key}={value}' is not a tag; allowed are letters, digits, spaces and + - = . _ : / @, "
                    + $"a key of 1 to {TagKeyLengthMax} characters that does not start with aws:, and a value of at "
                    + $"most {TagValueLengthMax}";
            }
        }
    }

    [GeneratedRegex(@"^[!-~]+\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex KmsKeyIdPattern();

    [GeneratedRegex(@"^[A-Za-z0-9][-_A-Za-z0-9]{0,63}\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex StorageClassPattern();

    [GeneratedRegex(@"^[A-Za-z0-9 +=._:/@-]*\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex TagPattern();
}

using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Core.Stores;

/// <summary>
/// The name of an object within one repository: segments of <c>[A-Za-z0-9._-]</c> joined by <c>/</c>, none of them
/// empty, <c>.</c> or <c>..</c>, at most <see cref="LengthMax"/> characters (S3's limit minus room for a prefix). It is
/// therefore safe both as an S3 key and as a relative path.
/// </summary>
public readonly record struct ObjectKey
{
    /// <summary>
    /// The maximum length of a key in characters; S3 allows 1,024 bytes including the repository's prefix.
    /// </summary>
    public const int LengthMax = 512;

    /// <summary>
    /// The maximum length of a store's prefix: S3's 1,024 bytes for a key, minus the longest key and the slash between.
    /// </summary>
    public const int PrefixLengthMax = 1024 - LengthMax - 1;

    private readonly string? _value;

    /// <summary>Checks the name.</summary>
    /// <exception cref="BackupException">The name is not a key: <see cref="FailureReason.InvalidInput"/>.</exception>
    public ObjectKey(string value)
    {
        if (!IsValid(value))
        {
            throw new BackupException(
                FailureReason.InvalidInput,
                $"'{value}' is not an object key: segments of letters, digits, '.', '_' and '-', joined by '/', "
                + $"at most {LengthMax} characters.");
        }

        _value = value;
    }

    /// <summary>The name.</summary>
    /// <exception cref="InvalidOperationException">The key is <c>default</c>.</exception>
    public string Value => _value ?? throw new InvalidOperationException("default(ObjectKey) is not an object key.");

    /// <summary>Returns whether a name in a bucket or directory can be a key; other objects are skipped.</summary>
    public static bool IsValid(string value) =>
        value.Length is > 0 and <= LengthMax && value.Split('/').All(IsValidSegment);

    /// <summary>As <see cref="IsValid"/>, and returns the key.</summary>
    public static bool TryParse(string text, out ObjectKey key)
    {
        bool valid = IsValid(text);
        key = valid ? new ObjectKey(text) : default;
        return valid;
    }

    /// <summary>Returns <see cref="Value"/>.</summary>
    public override string ToString() => Value;

    private static bool IsValidSegment(string segment) =>
        segment is not ("" or "." or "..")
        && segment.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');
}

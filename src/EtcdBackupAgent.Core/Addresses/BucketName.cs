using System.Net;
using System.Text.RegularExpressions;

namespace EtcdBackupAgent.Core.Addresses;

/// <summary>
/// The rules for names of S3 buckets: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
/// </summary>
public static partial class BucketName
{
    /// <summary>The rules as text for messages.</summary>
    public const string Allowed = "3 to 63 lower-case letters, digits, '-' and '.', a letter or digit first and last, "
        + "no two dots together, and no IP address";

    public static bool IsValid(string name) =>
        Pattern().IsMatch(name) && !name.Contains("..", StringComparison.Ordinal) && !IPAddress.TryParse(name, out _);

    [GeneratedRegex(@"^[a-z0-9][-.a-z0-9]{1,61}[a-z0-9]\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Pattern();
}

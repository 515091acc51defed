using System.Globalization;

namespace EtcdBackupAgent.Archive.Posix;

/// <summary>
/// Names of users or groups from the local file: passwd(5) or group(5). In both files the name is the first field and
/// the number the third. An archive stores the names for information only; a restore uses the numbers.
/// </summary>
internal sealed class AccountNames
{
    public const string UsersFile = "/etc/passwd";
    public const string GroupsFile = "/etc/group";

    private readonly Dictionary<uint, string> _names = [];

    private AccountNames(IEnumerable<string> lines)
    {
        foreach (string line in lines)
        {
            string[] fields = line.Split(':');
            if (fields.Length > 2
                && uint.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out uint id))
            {
                _names.TryAdd(id, fields[0]);
            }
        }
    }

    /// <summary>Reads the names. Without the file there are no names: a container image may not have it.</summary>
    public static AccountNames Read(string file) => new(File.Exists(file) ? Lines(File.ReadAllBytes(file)) : []);

    /// <summary>Splits the file into lines. A name that is not valid UTF-8 keeps its bytes, like a file name.</summary>
    private static string[] Lines(ReadOnlySpan<byte> file) => FileName.Decode(file).Split('\n');

    /// <summary>Returns the name, or an empty string if the file has none for this number.</summary>
    public string Of(uint id) => _names.GetValueOrDefault(id, "");
}

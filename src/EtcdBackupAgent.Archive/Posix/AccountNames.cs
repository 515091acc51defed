using System.Globalization;

namespace EtcdBackupAgent.Archive.Posix;

/// <summary>
/// Names of users or groups, from the local file that lists them: passwd(5) or group(5), which both put the name first and
/// the number third. An archive keeps them for people to read; what is restored are the numbers.
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
            if (fields.Length > 2 && uint.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out uint id))
            {
                _names.TryAdd(id, fields[0]);
            }
        }
    }

    /// <summary>No file, no names: a container image may have none.</summary>
    public static AccountNames Read(string file) => new(File.Exists(file) ? Lines(File.ReadAllBytes(file)) : []);

    /// <summary>A name in another encoding than UTF-8 keeps its bytes, as names of files do.</summary>
    private static string[] Lines(ReadOnlySpan<byte> file) => FileName.Decode(file).Split('\n');

    /// <summary>The name, or an empty string if the file has none.</summary>
    public string Of(uint id) => _names.GetValueOrDefault(id, "");
}

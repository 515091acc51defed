using System.Text;

namespace EtcdBackupAgent.Core.Restores;

/// <summary>
/// The mount points of this process: directories that cannot be renamed. Source: <c>/proc/self/mountinfo</c>, proc(5).
/// </summary>
public sealed class MountTable
{
    private const string Source = "/proc/self/mountinfo";
    private const int MountPointField = 4;
    private const int OctalDigits = 3;

    private readonly HashSet<string> _mountPoints;

    private MountTable(HashSet<string> mountPoints) => _mountPoints = mountPoints;

    /// <summary>Those of now; none where the system does not show them.</summary>
    public static MountTable OfThisProcess() => Parse(File.Exists(Source) ? File.ReadAllText(Source) : "");

    /// <summary>Reads lines of fields that are separated by blanks, the fifth of which is a path.</summary>
    public static MountTable Parse(string text) => new(
    [
        .. text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(' '))
            .Where(fields => fields.Length > MountPointField)
            .Select(fields => Unescaped(fields[MountPointField])),
    ]);

    public bool Contains(string path) => _mountPoints.Contains(path);

    /// <summary>Blanks, tabs, line feeds and backslashes stand in it as a backslash and three octal digits.</summary>
    private static string Unescaped(string field)
    {
        StringBuilder path = new(field.Length);
        for (int i = 0; i < field.Length; i++)
        {
            if (field[i] == '\\' && i + OctalDigits < field.Length)
            {
                path.Append((char)Convert.ToInt32(field[(i + 1)..(i + 1 + OctalDigits)], 8));
                i += OctalDigits;
            }
            else
            {
                path.Append(field[i]);
            }
        }

        return path.ToString();
    }
}

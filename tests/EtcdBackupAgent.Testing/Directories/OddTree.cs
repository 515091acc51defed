using System.Globalization;
using System.Security.Cryptography;
using EtcdBackupAgent.Archive.Posix;
using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.Testing.Directories;

/// <summary>
/// Generates directory trees with everything that Linux allows: any bytes in names and link targets, any owner and
/// mode, times before 1970 and after 2262, holes, hard links.
/// </summary>
public static class OddTree
{
    private const int EntriesMax = 14;
    private const int NameBytesMax = 255;
    private const uint OwnerMax = uint.MaxValue - 1;

    /// <summary>The times that ext4 can store, in seconds: 1901 to 2446.</summary>
    private const long TimeMin = -2147483648;
    private const long TimeMax = 15032385535;

    private static readonly byte[][] UnusualNames =
    [
        .. new[]
        {
            " leading", "trailing ", "a=b", "line\nfeed", "\n", "23 path=elsewhere\n", "..x", "...", "-n", "*", "~",
            "back\\slash", "\t", "\r", "'", "\"quoted\"", "schlüssel-鍵", "\uFFFD", "\u0001",
            new string('a', 100), new string('é', 120), new string('n', NameBytesMax),
        }.Select(System.Text.Encoding.UTF8.GetBytes),
        [0xFF], [0xC3], [(byte)'x', 0xE2, 0x82], [0xED, 0xB3, 0xBF], [0xF5, 0x80],
    ];

    /// <summary>Fills an existing directory. The same seed always gives the same tree.</summary>
    public static void Write(string top, int seed)
    {
        Random random = new(seed);
        List<string> directories = [top];
        List<string> files = [];
        HashSet<string> taken = new(StringComparer.Ordinal);
        for (int entry = random.Next(EntriesMax + 1); entry > 0; entry--)
        {
            string path = Path.Join(directories[random.Next(directories.Count)], FileName.Decode(NameOf(random)));
            if (!taken.Add(path) || FileName.Encode(path).Length > 3000)
            {
                continue;
            }

            switch (random.Next(5))
            {
                case 0:
                    LinuxError.Check(LinuxCalls.MakeDirectory(path, 0x1C0), path);
                    directories.Add(path);
                    continue;
                case 1:
                    string target = FileName.Decode(BytesOf(random, random.Next(1, 300), isTarget: true));
                    LinuxError.Check(LinuxCalls.MakeSymbolicLink(target, path), path);
                    break;
                case 2 when files.Count > 0:
                    LinuxError.Check(LinuxCalls.MakeHardLink(files[random.Next(files.Count)], path), path);
                    continue;
                default:
                    WriteFile(path, random);
                    files.Add(path);
                    break;
            }

            SetAttributes(path, random, isLink: FileStatus.OfName(path)!.Kind == FileKind.SymbolicLink);
        }

        // In reverse order: a change inside a directory changes the time of the directory.
        foreach (string directory in Enumerable.Reverse(directories))
        {
            SetAttributes(directory, random, isLink: false);
        }
    }

    /// <summary>
    /// Returns a line for each path: kind, mode, owner, time, and content or link target. Equal trees give equal lines.
    /// </summary>
    /// <param name="top">The directory.</param>
    /// <param name="modeBits">The bits of the modes to compare.</param>
    /// <param name="withFractions">Whether to compare fractions of seconds.</param>
    public static string[] Describe(string top, int modeBits = 0xFFF, bool withFractions = true) =>
        [.. Describe(top, ".", modeBits, withFractions)];

    private static IEnumerable<string> Describe(string top, string relative, int modeBits, bool withFractions)
    {
        string path = Path.Join(top, relative);
        FileStatus status = FileStatus.OfName(path)!;
        FileTime time = withFractions ? status.Modified : status.Modified with { Nanoseconds = 0 };
        bool isLink = status.Kind == FileKind.SymbolicLink;
        string mode = isLink ? "-" : Convert.ToString((int)status.Mode & modeBits, 8);
        string content = status.Kind switch
        {
            FileKind.SymbolicLink => TargetOf(path),
            FileKind.RegularFile => DigestOf(path),
            _ => "",
        };
        string owner = string.Create(CultureInfo.InvariantCulture, $"{status.User}:{status.Group}");
        yield return $"{FileName.Shown(relative)} {status.Kind} {mode} {owner} {time.ToDecimal()} {content}";
        foreach (string name in status.Kind == FileKind.Directory ? DirectoryTree.Names(path) : [])
        {
            foreach (string line in Describe(top, Path.Join(relative, name), modeBits, withFractions))
            {
                yield return line;
            }
        }
    }

    private static byte[] NameOf(Random random) => random.Next(3) switch
    {
        0 => UnusualNames[random.Next(UnusualNames.Length)],
        1 => BytesOf(random, random.Next(90, NameBytesMax), isTarget: false),
        _ => BytesOf(random, random.Next(1, 12), isTarget: false),
    };

    private static byte[] BytesOf(Random random, int length, bool isTarget)
    {
        byte[] bytes = new byte[length];
        for (int at = 0; at < length; at++)
        {
            do
            {
                bytes[at] = (byte)random.Next(1, 256);
            }
            while (bytes[at] == (byte)'/' && !isTarget);
        }

        return bytes.AsSpan() is [(byte)'.'] or [(byte)'.', (byte)'.'] && !isTarget ? "dots"u8.ToArray() : bytes;
    }

    private static void WriteFile(string path, Random random)
    {
        using SafeFileHandle file = LinuxCalls.Open(
            path, LinuxCalls.WriteOnly | LinuxCalls.Create | LinuxCalls.Exclusive | LinuxCalls.CloseOnExec, 0x180);
        LinuxError.Check(file.IsInvalid ? -1 : 0, path);
        byte[] content = new byte[random.Next(3) == 0 ? 0 : random.Next(3000)];
        random.NextBytes(content);
        int hole = random.Next(4) == 0 ? 100_000 : 0;
        RandomAccess.Write(file, content, hole);
    }

    private static void SetAttributes(string path, Random random, bool isLink)
    {
        (uint user, uint group) = ((uint)random.NextInt64(OwnerMax), (uint)random.NextInt64(OwnerMax));
        if (Environment.IsPrivilegedProcess)
        {
            LinuxError.Check(LinuxCalls.ChangeOwner(path, user, group), path);
        }

        uint mode = 0x1C0 | (uint)random.Next(0x1000);
        LinuxError.Check(isLink ? 0 : LinuxCalls.ChangeMode(path, mode), path);
        FileTime time = new(random.NextInt64(TimeMin, TimeMax), random.Next(2) == 0 ? 0 : random.Next(1_000_000_000));
        LinuxError.Check(
            LinuxCalls.SetTimes(LinuxCalls.CurrentDirectory, path, [time, time], LinuxCalls.SymbolicLinkItself), path);
    }

    private static string TargetOf(string path) =>
        FileName.Shown(LinuxCalls.LinkTarget(path) ?? throw LinuxError.Last(path));

    private static string DigestOf(string path)
    {
        using SafeFileHandle handle = LinuxCalls.Open(path, LinuxCalls.ReadOnly | LinuxCalls.CloseOnExec, 0);
        LinuxError.Check(handle.IsInvalid ? -1 : 0, path);
        using FileStream file = new(handle, FileAccess.Read, bufferSize: 0);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }
}

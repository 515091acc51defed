using System.Security.Cryptography;

namespace EtcdBackupAgent.Testing.Directories;

/// <summary>Writes directories to archive, and describes their content as text.</summary>
public static class TestTree
{
    public const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    public const UnixFileMode WorldReadable = OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    public static string Write(
        this TestDirectory directory, string relative, string content, UnixFileMode mode = WorldReadable)
    {
        string path = directory[relative];
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
        File.SetUnixFileMode(path, mode);
        return path;
    }

    /// <summary>Writes a certificates directory like that of kubeadm, plus other entries found in practice.</summary>
    public static string WritePki(this TestDirectory directory, string relative)
    {
        directory.Write($"{relative}/ca.crt", "-----BEGIN CERTIFICATE-----\n");
        directory.Write($"{relative}/ca.key", "-----BEGIN PRIVATE KEY-----\n", OwnerOnly);
        directory.Write($"{relative}/etcd/server.crt", new string('s', 5000));
        directory.Write($"{relative}/etcd/schlüssel-鍵 with spaces.key", "x", UnixFileMode.UserRead);
        directory.Write($"{relative}/{new string('d', 120)}/{new string('f', 200)}.pem", "long names");
        directory.Write($"{relative}/empty.txt", "");
        directory.Create($"{relative}/empty");
        string top = directory[relative];
        File.CreateSymbolicLink($"{top}/current", "etcd/server.crt");
        File.CreateSymbolicLink($"{top}/dangling", "/var/lib/nowhere/" + new string('l', 150));
        File.CreateSymbolicLink($"{top}/etcd-dir", "etcd");
        File.SetLastWriteTimeUtc(
            $"{top}/ca.crt",
            new DateTime(2019, 3, 5, 6, 7, 8, DateTimeKind.Utc).AddTicks(1234567));
        File.SetUnixFileMode($"{top}/etcd", OwnerOnly | UnixFileMode.UserExecute);
        Directory.SetLastWriteTimeUtc($"{top}/etcd", new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        Directory.SetLastWriteTimeUtc(top, new DateTime(2021, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        return top;
    }

    /// <summary>
    /// Returns a line for each path of a tree: kind, mode, time, and content or link target. Equal trees give equal
    /// lines.
    /// </summary>
    public static string[] Describe(string directory) =>
    [
        .. Directory.EnumerateFileSystemEntries(directory, "*", new EnumerationOptions
        {
            AttributesToSkip = FileAttributes.None,
            RecurseSubdirectories = true,
        })
        .Append(directory)
        .Select(path => $"{Path.GetRelativePath(directory, path)} {DescribeOne(path)}")
        .Order(StringComparer.Ordinal),
    ];

    private static string DescribeOne(string path)
    {
        FileInfo file = new(path);
        if (file.LinkTarget is { } target)
        {
            return $"-> {target} {file.LastWriteTimeUtc:O}";
        }

        string content = Directory.Exists(path)
            ? "directory"
            : Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)));
        return $"{Convert.ToString((int)File.GetUnixFileMode(path), 8)} {file.LastWriteTimeUtc:O} {content}";
    }
}

using System.Diagnostics;

namespace EtcdBackupAgent.Tests.Archive.Tar;

/// <summary>A directory of its own for one test, removed after it.</summary>
internal sealed class ScratchDirectory : IDisposable
{
    public ScratchDirectory() => Path = Directory.CreateTempSubdirectory("archive-test-").FullName;

    public string Path { get; }

    /// <summary>Every name below a directory with kind, mode, time, and content or link target: equal if the trees are.</summary>
    public static string[] Describe(string directory) =>
    [
        .. Directory.EnumerateFileSystemEntries(directory, "*", new EnumerationOptions
        {
            AttributesToSkip = FileAttributes.None,
            RecurseSubdirectories = true,
        })
        .Append(directory)
        .Select(path => $"{System.IO.Path.GetRelativePath(directory, path)} {DescribeOne(path)}")
        .Order(StringComparer.Ordinal),
    ];

    public string At(string relative) => System.IO.Path.Join(Path, relative);

    public string Write(string relative, string content, UnixFileMode mode = (UnixFileMode)0x1A4)
    {
        string path = At(relative);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
        File.SetUnixFileMode(path, mode);
        return path;
    }

    /// <summary>A certificates directory as kubeadm makes it, and what else is met in one.</summary>
    public string WritePki(string relative)
    {
        Write($"{relative}/ca.crt", "-----BEGIN CERTIFICATE-----\n");
        Write($"{relative}/ca.key", "-----BEGIN PRIVATE KEY-----\n", UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Write($"{relative}/etcd/server.crt", new string('s', 5000));
        Write($"{relative}/etcd/schlüssel-鍵 with spaces.key", "x", UnixFileMode.UserRead);
        Write($"{relative}/{new string('d', 120)}/{new string('f', 200)}.pem", "long names");
        Write($"{relative}/empty.txt", "");
        Directory.CreateDirectory(At($"{relative}/empty"));
        File.CreateSymbolicLink(At($"{relative}/current"), "etcd/server.crt");
        File.CreateSymbolicLink(At($"{relative}/dangling"), "/var/lib/nowhere/" + new string('l', 150));
        File.CreateSymbolicLink(At($"{relative}/etcd-dir"), "etcd");
        File.SetLastWriteTimeUtc(At($"{relative}/ca.crt"), new DateTime(2019, 3, 5, 6, 7, 8, DateTimeKind.Utc).AddTicks(1234567));
        File.SetUnixFileMode(At($"{relative}/etcd"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Directory.SetLastWriteTimeUtc(At($"{relative}/etcd"), new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        Directory.SetLastWriteTimeUtc(At(relative), new DateTime(2021, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        return At(relative);
    }

    /// <summary>Runs a stock program that makes what .NET cannot make, such as a fifo.</summary>
    public static void Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(program, arguments);
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}.");
        }
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);

    private static string DescribeOne(string path)
    {
        FileInfo file = new(path);
        if (file.LinkTarget is { } target)
        {
            return $"-> {target} {file.LastWriteTimeUtc:O}";
        }

        string content = Directory.Exists(path) ? "directory" : Convert.ToHexStringLower(
            System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(path)));
        return $"{Convert.ToString((int)File.GetUnixFileMode(path), 8)} {file.LastWriteTimeUtc:O} {content}";
    }
}

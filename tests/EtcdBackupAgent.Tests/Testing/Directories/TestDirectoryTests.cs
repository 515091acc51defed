using EtcdBackupAgent.Testing.Directories;
using Xunit;

namespace EtcdBackupAgent.Tests.Testing.Directories;

public sealed class TestDirectoryTests
{
    [Fact]
    public void Dispose_removes_files_without_permissions_and_does_not_follow_links()
    {
        using TestDirectory outside = new();
        File.WriteAllText(outside["kept"], "kept");
        TestDirectory directory = new();
        string closed = directory.Create("deep/closed");
        File.WriteAllText(directory["deep/closed/file"], "x");
        File.CreateSymbolicLink(directory["link"], outside.Path);
        Assert.Equal(["deep/closed/file", "link"], directory.Files());
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(directory["deep/closed/file"], UnixFileMode.None);
            File.SetUnixFileMode(closed, UnixFileMode.None);
        }

        directory.Dispose();

        Assert.False(Directory.Exists(directory.Path));
        Assert.Equal("kept", File.ReadAllText(outside["kept"]));
    }
}

using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing.Directories;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Encryption;

/// <summary>
/// A directory repository with a passphrase and one snapshot. It is created once for the tests of a class, because the
/// key of a passphrase takes a second to derive; each test uses a copy.
/// </summary>
public sealed class PassphraseRepository : IAsyncLifetime, IDisposable
{
    public const string Passphrase = "mole-Cliff-9-orbit-tulip-harbour-Zinc";
    public const string WrongPassphrase = "mole-Cliff-9-orbit-tulip-harbour-Tin";

    private readonly TestDirectory _directory = new();
    private readonly TestRepository _original = TestRepository.InDirectory();

    /// <summary>The file with the passphrase.</summary>
    public string PassphraseFile { get; private set; } = "";

    /// <summary>A file with another passphrase.</summary>
    public string WrongPassphraseFile { get; private set; } = "";

    public async Task InitializeAsync()
    {
        PassphraseFile = _directory.Write("passphrase", $"{Passphrase}\n", TestTree.OwnerOnly);
        WrongPassphraseFile = _directory.Write("wrong", WrongPassphrase, TestTree.OwnerOnly);
        _ = (await _original.RunAsync("init", "--passphrase-file", PassphraseFile)).Output;
        _ = await _original.BackUpAsync(await SharedServers.EtcdAsync("3.5"));
    }

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose()
    {
        _original.Dispose();
        _directory.Dispose();
    }

    /// <summary>Copies the repository; the caller disposes the copy.</summary>
    internal TestRepository Copy()
    {
        TestRepository copy = TestRepository.InDirectory();
        foreach (string file in Directory.EnumerateFiles(_original.DirectoryPath, "*", SearchOption.AllDirectories))
        {
            string target = Path.Combine(copy.DirectoryPath, Path.GetRelativePath(_original.DirectoryPath, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }

        return copy;
    }
}

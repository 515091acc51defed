using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing.Directories;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Encryption;

/// <summary>
/// A directory repository under a passphrase with one snapshot, made once for the tests of a class: each works on a
/// copy, since the key of a passphrase takes a second to make.
/// </summary>
public sealed class PassphraseRepository : IAsyncLifetime, IDisposable
{
    public const string Passphrase = "mole-Cliff-9-orbit-tulip-harbour-Zinc";
    public const string WrongPassphrase = "mole-Cliff-9-orbit-tulip-harbour-Tin";

    private readonly TestDirectory _directory = new();
    private readonly TestRepository _made = TestRepository.InDirectory();

    /// <summary>The file that holds the passphrase.</summary>
    public string PassphraseFile { get; private set; } = "";

    /// <summary>A file that holds another one.</summary>
    public string WrongPassphraseFile { get; private set; } = "";

    public async Task InitializeAsync()
    {
        PassphraseFile = _directory.Write("passphrase", $"{Passphrase}\n", TestTree.OwnerOnly);
        WrongPassphraseFile = _directory.Write("wrong", WrongPassphrase, TestTree.OwnerOnly);
        _ = (await _made.RunAsync("init", "--passphrase-file", PassphraseFile)).Output;
        _ = await _made.BackUpAsync(await SharedServers.EtcdAsync("3.5"));
    }

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose()
    {
        _made.Dispose();
        _directory.Dispose();
    }

    /// <summary>A copy of it, for the caller to dispose.</summary>
    internal TestRepository Copy()
    {
        TestRepository copy = TestRepository.InDirectory();
        foreach (string file in Directory.EnumerateFiles(_made.DirectoryPath, "*", SearchOption.AllDirectories))
        {
            string target = Path.Combine(copy.DirectoryPath, Path.GetRelativePath(_made.DirectoryPath, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }

        return copy;
    }
}

using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing.Directories;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Failures;

/// <summary>A repository with two snapshots. Each test damages the newer one in its own copy.</summary>
public sealed class DamagedRepository : IAsyncLifetime, IDisposable
{
    private readonly TestDirectory _directory = new();
    private readonly TestRepository _original = TestRepository.InDirectory();

    /// <summary>The id of the older, sound snapshot.</summary>
    public string Sound { get; private set; } = "";

    /// <summary>The id of the newer snapshot, which a test damages.</summary>
    public string Damaged { get; private set; } = "";

    public async Task InitializeAsync()
    {
        string pki = _directory.Create("pki");
        await File.WriteAllTextAsync(Path.Combine(pki, "ca.crt"), "authority");
        await PastBackups.MakeAsync(_original.Store, "default", pki, TimeSpan.FromHours(2), TimeSpan.FromHours(1));
        IReadOnlyList<string> ids = await _original.ListAsync();
        (Sound, Damaged) = (ids[0], ids[1]);
    }

    public Task DisposeAsync()
    {
        Dispose();
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        _original.Dispose();
        _directory.Dispose();
    }

    /// <summary>Copies the repository and damages one file of the copy.</summary>
    /// <param name="name">A file of the newer snapshot, or <c>repository.json</c>.</param>
    /// <param name="damage">The damage.</param>
    internal TestRepository Copy(string name, Damage damage)
    {
        TestRepository copy = TestRepository.InDirectory();
        foreach (string file in Directory.GetFiles(_original.DirectoryPath, "*", SearchOption.AllDirectories))
        {
            string to = Path.Combine(copy.DirectoryPath, Path.GetRelativePath(_original.DirectoryPath, file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(file, to);
        }

        string path = Directory.GetFiles(copy.DirectoryPath, name, SearchOption.AllDirectories)
            .Single(file => name == "repository.json" || file.Contains(Damaged, StringComparison.Ordinal));
        Apply(damage, path);
        return copy;
    }

    private static void Apply(Damage damage, string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        switch (damage)
        {
            case Damage.Flipped:
                bytes[bytes.Length / 2] ^= 0x10;
                File.WriteAllBytes(path, bytes);
                break;
            case Damage.Truncated:
                File.WriteAllBytes(path, bytes[..(bytes.Length / 2)]);
                break;
            case Damage.Empty:
                File.WriteAllBytes(path, []);
                break;
            case Damage.Missing:
                File.Delete(path);
                break;
        }
    }
}

/// <summary>A kind of damage to a stored object.</summary>
public enum Damage
{
    /// <summary>One bit in the middle is changed.</summary>
    Flipped,

    /// <summary>The second half is missing.</summary>
    Truncated,

    /// <summary>It has no bytes.</summary>
    Empty,

    /// <summary>It does not exist.</summary>
    Missing,
}

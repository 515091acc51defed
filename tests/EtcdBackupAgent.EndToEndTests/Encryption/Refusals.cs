using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Encryption;

/// <summary>What a refusal looks like, and what it leaves: nothing.</summary>
internal static class Refusals
{
    /// <summary>It says the fact and a hint on standard error, nothing on standard output, and ends with 9.</summary>
    public static void RefusedForTheKey(this ToolResult result, string fact)
    {
        Assert.True(result.ExitCode == 9, $"It ended with {result.ExitCode}: {result.StandardError}");
        Assert.Equal("", result.StandardOutput);
        Assert.Contains(fact, result.StandardError, StringComparison.Ordinal);
        Assert.Contains("error: ", result.StandardError, StringComparison.Ordinal);
        Assert.Contains("hint: ", result.StandardError, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.StandardError, StringComparison.Ordinal);
    }

    /// <summary>
    /// Neither <c>verify</c> nor <c>restore</c> works with these options, and the restore leaves nothing in its target.
    /// </summary>
    public static async Task RefusesAsync(this TestRepository repository, string fact, params string[] options)
    {
        using TestDirectory directory = new();
        string target = directory.Create("target");
        (await repository.RunAsync(["restore", "latest", "--to", target, .. options])).RefusedForTheKey(fact);
        Assert.Empty(Directory.GetFileSystemEntries(target));
        (await repository.RunAsync(["verify", "latest", .. options])).RefusedForTheKey(fact);
    }

    /// <summary>
    /// The newest snapshot comes back with these options: the file ends in its own digest, as etcd writes it.
    /// </summary>
    public static async Task RestoresAsync(
        this TestRepository repository, string[] options, IReadOnlyDictionary<string, string?>? environment = null)
    {
        using TestDirectory directory = new();
        Dictionary<string, string?> all = new(repository.Environment, StringComparer.Ordinal);
        foreach ((string name, string? value) in environment ?? new Dictionary<string, string?>(StringComparer.Ordinal))
        {
            all[name] = value;
        }

        ToolResult run = await Agent.RunAsync(
            ["restore", "latest", "--to", directory["target"], .. options, .. repository.Options], all);
        Assert.True(run.ExitCode == 0, run.StandardError);
        Restored(directory["target"]);
    }

    public static void Restored(string target)
    {
        byte[] snapshot = File.ReadAllBytes(Path.Combine(target, "etcd-snapshot.db"));
        Assert.True(snapshot.Length > 1_000_000, "The snapshot is too small to hold what was written.");
        Assert.Equal(System.Security.Cryptography.SHA256.HashData(snapshot.AsSpan()[..^32]), snapshot[^32..]);
    }
}

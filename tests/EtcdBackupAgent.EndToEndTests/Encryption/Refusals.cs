using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Encryption;

/// <summary>Asserts that a verb rejects a key and leaves nothing behind, or that a restore works.</summary>
internal static class Refusals
{
    /// <summary>Asserts a fact and a hint on standard error, an empty standard output, and the exit code 9.</summary>
    public static void RefusedForTheKey(this ToolResult result, string fact)
    {
        Assert.True(result.ExitCode == 9, $"The exit code is {result.ExitCode}: {result.StandardError}");
        Assert.Equal("", result.StandardOutput);
        Assert.Contains(fact, result.StandardError, StringComparison.Ordinal);
        Assert.Contains("error: ", result.StandardError, StringComparison.Ordinal);
        Assert.Contains("hint: ", result.StandardError, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.StandardError, StringComparison.Ordinal);
    }

    /// <summary>
    /// Asserts that <c>verify</c> and <c>restore</c> fail with these options, and that the restore leaves its target
    /// empty.
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
    /// Asserts that a restore of the newest snapshot succeeds with these options. The file must end with its own
    /// digest, as etcd writes it.
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
        Assert.True(snapshot.Length > 1_000_000, "The snapshot is too small for the written content.");
        Assert.Equal(System.Security.Cryptography.SHA256.HashData(snapshot.AsSpan()[..^32]), snapshot[^32..]);
    }
}

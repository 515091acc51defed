using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Processes;

namespace EtcdBackupAgent.EndToEndTests.Encryption;

/// <summary>An identity of the user, generated with <c>age-keygen</c>.</summary>
internal sealed record OwnIdentity(string File, string Recipient, string Secret);

/// <summary>Generates identities with the stock programs.</summary>
internal static class AgeIdentityFiles
{
    public static Task<OwnIdentity> WriteIdentityAsync(this TestDirectory directory, string name) =>
        directory.WriteIdentityAsync(name, []);

    public static Task<OwnIdentity> WritePostQuantumIdentityAsync(this TestDirectory directory, string name) =>
        directory.WriteIdentityAsync(name, ["-pq"]);

    /// <summary>Encrypts an identity with a passphrase.</summary>
    /// <returns>The encrypted file.</returns>
    public static async Task<string> SealAsync(this TestDirectory directory, OwnIdentity identity, string passphrase)
    {
        string file = directory["sealed-identity.age"];
        ToolResult run = await Terminal.RunAsync(
            $"{Peers.Age13.Age} -p -o {file} {identity.File}",
            [("passphrase", passphrase), ("passphrase", passphrase)]);
        return run.ExitCode == 0 ? file : throw new InvalidOperationException(run.StandardOutput);
    }

    private static async Task<OwnIdentity> WriteIdentityAsync(
        this TestDirectory directory, string name, string[] kind)
    {
        string file = directory[name];
        _ = (await Tool.RunAsync(Peers.Age13.AgeKeygen, [.. kind, "-o", file])).Output;
        string recipient = (await Tool.RunAsync(Peers.Age13.AgeKeygen, ["-y", file])).Output.Trim();
        string secret = (await File.ReadAllLinesAsync(file)).Single(line =>
            line.StartsWith("AGE-SECRET-KEY-", StringComparison.Ordinal));
        return new OwnIdentity(file, recipient, secret);
    }
}

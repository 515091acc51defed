using System.Text;
using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Archive;

/// <summary>
/// No lock-in: stock age reads the files of this implementation, and this implementation reads those of stock age.
/// </summary>
public sealed class AgeStockTests : IDisposable
{
    private const string Passphrase = "correct horse 9 battery";

    private readonly TestDirectory _scratch = new();
    private readonly AgeIdentity _identity = AgeIdentity.Generate();

    public static TheoryData<AgeSeries, int> SeriesAndSizes
    {
        get
        {
            TheoryData<AgeSeries, int> cases = [];
            foreach (AgeSeries series in Peers.AgeMatrix)
            {
                foreach (int size in new[] { 0, 1, 65535, 65536, 65537, 131072, 3_000_000 })
                {
                    cases.Add(series, size);
                }
            }

            return cases;
        }
    }

    public static TheoryData<AgeSeries> Series => [.. Peers.AgeMatrix];

    [Theory]
    [MemberData(nameof(SeriesAndSizes))]
    public async Task Stock_age_decrypts_our_files(AgeSeries series, int bytes)
    {
        byte[] plain = Content(bytes);
        await EncryptAsync(plain, "db.age", _identity.Recipient);
        await File.WriteAllBytesAsync(_scratch["key"], AgeIdentityFile.Format(_identity, DateTimeOffset.UnixEpoch));

        await RunAsync(series.Age, "-d", "-i", _scratch["key"], "-o", _scratch["db"], _scratch["db.age"]);

        // age 1.1 creates its output file only when it writes the first byte.
        bool exists = bytes > 0 || File.Exists(_scratch["db"]);
        Assert.Equal(plain, exists ? await File.ReadAllBytesAsync(_scratch["db"]) : []);
    }

    [Theory]
    [MemberData(nameof(SeriesAndSizes))]
    public async Task Files_of_stock_age_are_decrypted(AgeSeries series, int bytes)
    {
        byte[] plain = Content(bytes);
        await File.WriteAllBytesAsync(_scratch["db"], plain);

        await RunAsync(series.Age, "-r", $"{_identity.Recipient}", "-o", _scratch["db.age"], _scratch["db"]);
        await RunAsync(series.Age, "-a", "-r", $"{_identity.Recipient}", "-o", _scratch["db.asc"], _scratch["db"]);

        Assert.StartsWith("-----BEGIN", await File.ReadAllTextAsync(_scratch["db.asc"]), StringComparison.Ordinal);
        Assert.Equal(plain, await DecryptAsync("db.age", _identity));
        Assert.Equal(plain, await DecryptAsync("db.asc", _identity));
    }

    [Theory]
    [MemberData(nameof(Series))]
    public async Task An_identity_of_age_keygen_is_parsed_and_each_of_several_recipients_opens_a_file(AgeSeries series)
    {
        await RunAsync(series.AgeKeygen, "-o", _scratch["theirs"]);
        string recipient = (await RunAsync(series.AgeKeygen, "-y", _scratch["theirs"])).Output.Trim();
        await using FileStream identityFile = File.OpenRead(_scratch["theirs"]);
        using AgeIdentity theirs = Assert.Single(
            await AgeIdentityFile.ParseAsync(identityFile, CancellationToken.None));
        byte[] plain = Content(100_000);
        await File.WriteAllBytesAsync(_scratch["db"], plain);

        Assert.Equal(recipient, theirs.Recipient.ToString());
        await EncryptAsync(plain, "ours.age", _identity.Recipient, theirs.Recipient);
        await RunAsync(series.Age, "-d", "-i", _scratch["theirs"], "-o", _scratch["out"], _scratch["ours.age"]);
        Assert.Equal(plain, await File.ReadAllBytesAsync(_scratch["out"]));

        await RunAsync(
            series.Age, "-r", $"{_identity.Recipient}", "-r", recipient, "-o", _scratch["theirs.age"], _scratch["db"]);
        Assert.Equal(plain, await DecryptAsync("theirs.age", _identity));
        Assert.Equal(plain, await DecryptAsync("theirs.age", theirs));
    }

    [Theory]
    [MemberData(nameof(Series))]
    public async Task Stock_age_opens_an_identity_that_we_encrypted_to_a_passphrase_and_then_the_file(AgeSeries series)
    {
        using AgePassphrase passphrase = new(Passphrase) { WorkFactor = 12 };
        byte[] plain = Content(100_000);
        await EncryptAsync(plain, "db.age", _identity.Recipient);
        await EncryptAsync(AgeIdentityFile.Format(_identity, DateTimeOffset.UnixEpoch), "key.age", passphrase);

        await OnTerminalAsync($"{series.Age} -d -o key key.age", Passphrase);
        await RunAsync(series.Age, "-d", "-i", _scratch["key"], "-o", _scratch["db"], _scratch["db.age"]);
        await OnTerminalAsync($"{series.Age} -d -i key.age -o again db.age", Passphrase);

        Assert.Equal(plain, await File.ReadAllBytesAsync(_scratch["db"]));
        Assert.Equal(plain, await File.ReadAllBytesAsync(_scratch["again"]));
    }

    [Theory]
    [MemberData(nameof(Series))]
    public async Task An_identity_that_stock_age_encrypted_to_a_passphrase_is_read(AgeSeries series)
    {
        await File.WriteAllBytesAsync(_scratch["key"], AgeIdentityFile.Format(_identity, DateTimeOffset.UnixEpoch));
        await OnTerminalAsync($"{series.Age} -p -a -o key.age key", Passphrase, Passphrase);
        await using FileStream file = File.OpenRead(_scratch["key.age"]);
        using AgePassphrase passphrase = new(Passphrase);

        await using AgeDecryptionStream decrypted = new(file, [passphrase]);
        using AgeIdentity read = Assert.Single(await AgeIdentityFile.ParseAsync(decrypted, CancellationToken.None));

        Assert.Equal(_identity.Recipient, read.Recipient);
        using AgePassphrase wrong = new(Passphrase + " ");
        AgeException e = await Assert.ThrowsAsync<AgeException>(() => DecryptAsync("key.age", wrong));
        Assert.Equal(AgeFailure.WrongPassphrase, e.Failure);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(65536)]
    [InlineData(3_000_000)]
    public async Task Stock_age_and_this_implementation_open_each_others_post_quantum_files(int bytes)
    {
        using AgeIdentity ours = AgeIdentity.GeneratePostQuantum();
        byte[] plain = Content(bytes);
        await File.WriteAllBytesAsync(_scratch["key"], AgeIdentityFile.Format(ours, DateTimeOffset.UnixEpoch));
        await File.WriteAllBytesAsync(_scratch["db"], plain);
        string recipient = (await RunAsync(Peers.Age13.AgeKeygen, "-y", _scratch["key"])).Output.Trim();
        Assert.Equal(recipient, $"{ours.Recipient}");

        await EncryptAsync(plain, "ours.age", ours.Recipient);
        await RunAsync(Peers.Age13.Age, "-d", "-i", _scratch["key"], "-o", _scratch["out"], _scratch["ours.age"]);
        await RunAsync(Peers.Age13.Age, "-r", recipient, "-o", _scratch["theirs.age"], _scratch["db"]);

        Assert.Equal(plain, await File.ReadAllBytesAsync(_scratch["out"]));
        Assert.Equal(plain, await DecryptAsync("theirs.age", ours));
    }

    [Fact]
    public async Task A_post_quantum_identity_of_age_keygen_is_parsed_and_opens_files_to_several_recipients()
    {
        using AgeIdentity ours = AgeIdentity.GeneratePostQuantum();
        await RunAsync(Peers.Age13.AgeKeygen, "-pq", "-o", _scratch["theirs"]);
        string recipient = (await RunAsync(Peers.Age13.AgeKeygen, "-y", _scratch["theirs"])).Output.Trim();
        await using FileStream identityFile = File.OpenRead(_scratch["theirs"]);
        using AgeIdentity theirs = Assert.Single(
            await AgeIdentityFile.ParseAsync(identityFile, CancellationToken.None));
        byte[] plain = Content(100_000);
        await File.WriteAllBytesAsync(_scratch["db"], plain);

        Assert.Equal(recipient, $"{theirs.Recipient}");
        await EncryptAsync(plain, "ours.age", ours.Recipient, theirs.Recipient);
        await RunAsync(Peers.Age13.Age, "-d", "-i", _scratch["theirs"], "-o", _scratch["out"], _scratch["ours.age"]);
        Assert.Equal(plain, await File.ReadAllBytesAsync(_scratch["out"]));

        await RunAsync(
            Peers.Age13.Age, "-r", $"{ours.Recipient}", "-r", recipient, "-o", _scratch["b.age"], _scratch["db"]);
        Assert.Equal(plain, await DecryptAsync("b.age", ours));
        Assert.Equal(plain, await DecryptAsync("b.age", theirs));
    }

    [Fact]
    public async Task Stock_age_refuses_the_same_mixture_of_recipients()
    {
        using AgeIdentity ours = AgeIdentity.GeneratePostQuantum();
        await File.WriteAllBytesAsync(_scratch["db"], [1]);

        ToolResult refused = await Tool.RunAsync(
            Peers.Age13.Age,
            ["-r", $"{ours.Recipient}", "-r", $"{_identity.Recipient}", "-o", _scratch["a.age"], _scratch["db"]]);

        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains("post-quantum", refused.StandardError, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentException>(
            () => EncryptAsync([1], "ours.age", ours.Recipient, _identity.Recipient));
    }

    public void Dispose()
    {
        _identity.Dispose();
        _scratch.Dispose();
    }

    private static byte[] Content(int bytes)
    {
        byte[] content = new byte[bytes];
        new Random(bytes).NextBytes(content);
        return content;
    }

    private static async Task<ToolResult> RunAsync(string program, params string[] arguments)
    {
        ToolResult result = await Tool.RunAsync(program, arguments);
        Assert.True(result.ExitCode == 0, result.StandardError);
        return result;
    }

    private async Task EncryptAsync(byte[] plain, string name, params IAgeRecipient[] recipients)
    {
        await using FileStream file = File.Create(_scratch[name]);
        await using AgeEncryptionStream stream = new(new MemoryStream(plain), recipients);
        await stream.CopyToAsync(file);
    }

    private async Task<byte[]> DecryptAsync(string name, IAgeIdentity identity)
    {
        using MemoryStream plain = new();
        await using FileStream file = File.OpenRead(_scratch[name]);
        await using AgeDecryptionStream stream = new(file, [identity]);
        await stream.CopyToAsync(plain);
        return plain.ToArray();
    }

    /// <summary>Runs a command in the scratch directory on its own terminal and types these lines there.</summary>
    private async Task OnTerminalAsync(string command, params string[] lines)
    {
        using MemoryStream typed = new(Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line + "\n"))));
        ToolResult result = await Tool.RunAsync(
            Peers.Script, ["-qec", command, "/dev/null"], standardInput: typed, workingDirectory: _scratch.Path);
        Assert.True(result.ExitCode == 0, result.StandardOutput);
    }
}

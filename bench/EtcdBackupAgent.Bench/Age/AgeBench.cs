using System.Diagnostics;
using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Processes;
using EtcdBackupAgent.Testing.Storage;

namespace EtcdBackupAgent.Bench.Age;

/// <summary>The throughput of the age layer alone, next to the stock programs, in one run.</summary>
internal sealed class AgeBench(long plainBytes, int rounds, TextWriter output)
{
    private const int BufferBytes = 1 << 20;

    /// <summary>Measures, and prints the medians and how they relate.</summary>
    /// <remarks>
    /// 1. Write the content and a key. 2. In each round each program encrypts the content and decrypts its file, from file
    /// to file, one after the other. 3. Compare the medians.
    /// </remarks>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        // 1
        using TestDirectory directory = new();
        using AgeIdentity identity = AgeIdentity.Generate();
        Files files = new(directory["plain"], directory["plain.age"], directory["plain.out"], directory["key"]);
        await File.WriteAllBytesAsync(
            files.Key, AgeIdentityFile.Format(identity, TimeProvider.System.GetUtcNow()), cancellationToken);
        await using (PatternStream content = new(plainBytes))
        await using (FileStream plain = File.Create(files.Plain))
        {
            await content.CopyToAsync(plain, BufferBytes, cancellationToken);
        }

        // 2
        List<Candidate> candidates = [Layer(files, identity), .. Peers.AgeMatrix.Select(age => Stock(age, files, identity))];
        for (int round = 0; round < rounds; round++)
        {
            foreach (Candidate candidate in candidates)
            {
                File.Delete(files.Encrypted);
                File.Delete(files.Decrypted);
                candidate.EncryptSeconds.Add(await SecondsAsync(candidate.EncryptAsync, cancellationToken));
                candidate.DecryptSeconds.Add(await SecondsAsync(candidate.DecryptAsync, cancellationToken));
                await using FileStream decrypted = File.OpenRead(files.Decrypted);
                await PatternStream.AssertEqualAsync(plainBytes, decrypted);
            }
        }

        // 3
        await output.WriteLineAsync($"medians of {rounds} rounds of {plainBytes / 1e6:0} MB, from file to file");
        await output.WriteLineAsync("                    encrypt        decrypt");
        foreach (Candidate candidate in candidates)
        {
            await output.WriteLineAsync(
                $"{candidate.Name,-14} {Rate(candidate.EncryptSeconds),7:0} MB/s   {Rate(candidate.DecryptSeconds),7:0} MB/s");
        }

        foreach (Candidate stock in candidates.Skip(1))
        {
            double encrypt = Rate(candidates[0].EncryptSeconds) / Rate(stock.EncryptSeconds);
            double decrypt = Rate(candidates[0].DecryptSeconds) / Rate(stock.DecryptSeconds);
            await output.WriteLineAsync($"ratio to {stock.Name}: encrypt {encrypt:0.00}, decrypt {decrypt:0.00}");
        }
    }

    private double Rate(List<double> seconds) => plainBytes / 1e6 / seconds.Order().ElementAt(seconds.Count / 2);

    private static async Task<double> SecondsAsync(
        Func<CancellationToken, Task> action, CancellationToken cancellationToken)
    {
        Stopwatch clock = Stopwatch.StartNew();
        await action(cancellationToken);
        return clock.Elapsed.TotalSeconds;
    }

    private static Candidate Layer(Files files, AgeIdentity identity) => new(
        "this layer",
        cancellationToken => CopyAsync(
            new AgeEncryptionStream(File.OpenRead(files.Plain), [identity.Recipient], leaveOpen: false),
            files.Encrypted,
            cancellationToken),
        cancellationToken => CopyAsync(
            new AgeDecryptionStream(File.OpenRead(files.Encrypted), [identity], leaveOpen: false),
            files.Decrypted,
            cancellationToken));

    private static Candidate Stock(AgeSeries series, Files files, AgeIdentity identity) => new(
        $"{series}",
        cancellationToken => RunAsync(
            series, ["-r", $"{identity.Recipient}", "-o", files.Encrypted, files.Plain], cancellationToken),
        cancellationToken => RunAsync(
            series, ["-d", "-i", files.Key, "-o", files.Decrypted, files.Encrypted], cancellationToken));

    private static async Task CopyAsync(Stream source, string target, CancellationToken cancellationToken)
    {
        await using (source)
        await using (FileStream file = File.Create(target))
        {
            await source.CopyToAsync(file, BufferBytes, cancellationToken);
        }
    }

    private static async Task RunAsync(
        AgeSeries series, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        ToolResult result = await Tool.RunAsync(series.Age, arguments, cancellationToken: cancellationToken);
        _ = result.Output;
    }

    private sealed record Files(string Plain, string Encrypted, string Decrypted, string Key);

    private sealed record Candidate(
        string Name, Func<CancellationToken, Task> EncryptAsync, Func<CancellationToken, Task> DecryptAsync)
    {
        public List<double> EncryptSeconds { get; } = [];

        public List<double> DecryptSeconds { get; } = [];
    }
}

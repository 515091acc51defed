using System.Diagnostics;
using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Processes;
using EtcdBackupAgent.Testing.Storage;

namespace EtcdBackupAgent.Bench.Age;

/// <summary>Measures the throughput of the age layer alone, compared with the stock programs, in one run.</summary>
internal sealed class AgeBench(long plainBytes, int rounds, TextWriter output)
{
    private const int BufferBytes = 1 << 20;
    private const string NullDevice = "/dev/null";

    /// <summary>Measures, and prints the medians and their ratios.</summary>
    /// <remarks>
    /// 1. Write the content, the encrypted file and a key. 2. In each round each candidate encrypts the content and
    /// decrypts the file, one after another, from the page cache to /dev/null, because disks are not measured.
    /// 3. Compare the medians.
    /// </remarks>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        // 1
        using TestDirectory directory = new();
        using AgeIdentity identity = AgeIdentity.Generate();
        Files files = new(directory["plain"], directory["plain.age"], directory["key"]);
        await File.WriteAllBytesAsync(
            files.Key, AgeIdentityFile.Format(identity, TimeProvider.System.GetUtcNow()), cancellationToken);
        Copy(new PatternStream(plainBytes), files.Plain);
        Encrypt(files, identity, files.Encrypted);

        // 2
        List<Candidate> candidates =
        [
            Layer(files, identity), .. Peers.AgeMatrix.Select(age => Stock(age, files, identity)),
        ];
        for (int round = 0; round < rounds; round++)
        {
            foreach (Candidate candidate in candidates)
            {
                candidate.EncryptSeconds.Add(await SecondsAsync(candidate.EncryptAsync, cancellationToken));
                candidate.DecryptSeconds.Add(await SecondsAsync(candidate.DecryptAsync, cancellationToken));
            }
        }

        // 3
        await output.WriteLineAsync(
            $"medians of {rounds} rounds of {plainBytes / 1e6:0} MB, from the page cache to {NullDevice}");
        await output.WriteLineAsync("                    encrypt        decrypt");
        foreach (Candidate candidate in candidates)
        {
            await output.WriteLineAsync(
                $"{candidate.Name,-14} {Rate(candidate.EncryptSeconds),7:0} MB/s   "
                + $"{Rate(candidate.DecryptSeconds),7:0} MB/s");
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
        _ => Task.Run(() => Encrypt(files, identity, NullDevice), CancellationToken.None),
        _ => Task.Run(() => Decrypt(files, identity, NullDevice), CancellationToken.None));

    private static Candidate Stock(AgeSeries series, Files files, AgeIdentity identity) =>
        new(
            $"{series}",
            cancellationToken =>
                RunAsync(series, ["-r", $"{identity.Recipient}", "-o", NullDevice, files.Plain], cancellationToken),
            cancellationToken =>
                RunAsync(series, ["-d", "-i", files.Key, "-o", NullDevice, files.Encrypted], cancellationToken));

    private static void Encrypt(Files files, AgeIdentity identity, string target)
    {
        using FileStream plain = Unbuffered(files.Plain);
        Copy(new AgeEncryptionStream(plain, [identity.Recipient]), target);
    }

    private static void Decrypt(Files files, AgeIdentity identity, string target)
    {
        using FileStream encrypted = Unbuffered(files.Encrypted);
        Copy(new AgeDecryptionStream(encrypted, [identity]), target);
    }

    private static FileStream Unbuffered(string path) =>
        new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);

    private static void Copy(Stream source, string target)
    {
        using (source)
        using (FileStream file = new(target, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read, bufferSize: 0))
        {
            source.CopyTo(file, BufferBytes);
        }
    }

    private static async Task RunAsync(
        AgeSeries series, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        ToolResult result = await Tool.RunAsync(series.Age, arguments, cancellationToken: cancellationToken);
        _ = result.Output;
    }

    private sealed record Files(string Plain, string Encrypted, string Key);

    private sealed record Candidate(
        string Name, Func<CancellationToken, Task> EncryptAsync, Func<CancellationToken, Task> DecryptAsync)
    {
        public List<double> EncryptSeconds { get; } = [];

        public List<double> DecryptSeconds { get; } = [];
    }
}

using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Tests.Archive.Streams;
using Xunit;

namespace EtcdBackupAgent.Tests.Archive.Age;

/// <summary>
/// Damages valid files at random: reading never returns a wrong plain byte and throws no other exception.
/// </summary>
public sealed class AgeMutationTests
{
    private const int SealedChunk = (64 * 1024) + 16;

    private static readonly byte[] Plain = TestBytes.Mixed(seed: 5, (2 * 64 * 1024) + 300);

    [Theory]
    [InlineData("identity", 0, 1200)]
    [InlineData("passphrase", 0, 600)]
    [InlineData("armored", 0, 1200)]
    [InlineData("payload", 200, 600)]
    public void A_damaged_file_returns_the_beginning_of_its_content_and_fails_or_returns_all_of_it(
        string kind, int from, int seeds)
    {
        using AgeIdentity identity = AgeIdentity.Generate(bytes => new Random(1).NextBytes(bytes));
        using AgePassphrase passphrase = new("p") { WorkFactor = 1 };
        byte[] plain = kind == "payload" ? Plain : Plain[..300];
        byte[] file = Encrypted(plain, kind == "passphrase" ? passphrase : identity.Recipient);
        file = kind == "armored" ? AgeVectorContent.Ascii(AgeVectorContent.Armor(file)) : file;
        int failed = 0;
        for (int seed = 0; seed < seeds; seed++)
        {
            byte[] damaged = Damaged(file, new Random(seed), from);
            using AgeDecryptionStream stream = new(
                new RaggedStream(damaged, seed), [identity, passphrase]);
            using MemoryStream returned = new();

            Exception? e = Record.Exception(() => stream.CopyTo(returned));

            string what = $"seed {seed} of {kind}: {e}";
            Assert.True(e is null or AgeException, what);
            Assert.True(plain.AsSpan().StartsWith(returned.GetBuffer().AsSpan(0, (int)returned.Length)), what);
            Assert.True(
                returned.Length == plain.Length ? e is null || returned.Length % 65536 == 0 : e is not null, what);
            Assert.True(e is null || returned.Length % 65536 == 0, what);
            failed += e is null ? 0 : 1;
        }

        // Some seeds still give a valid file: unchanged, or with white space around its armor.
        Assert.InRange(failed, seeds * 9 / 10, seeds);
    }

    [Fact]
    public void Random_bytes_after_a_valid_beginning_are_refused()
    {
        byte[] file = AgeVectors.All.Single(vector => vector.Name == "right-100").File;
        for (int seed = 0; seed < 2000; seed++)
        {
            Random random = new(seed);
            byte[] bytes = new byte[random.Next(0, 400)];
            random.NextBytes(bytes);
            file.AsSpan(0, Math.Min(bytes.Length, random.Next(0, file.Length))).CopyTo(bytes);

            Exception? e = Record.Exception(() => AgeTestFiles.Decrypt(bytes, AgeVectorContent.Identity));

            Assert.True(e is AgeException, $"seed {seed}: {e}");
        }
    }

    private static byte[] Encrypted(byte[] plain, IAgeRecipient recipient)
    {
        using AgeEncryptionStream stream = new(
            new MemoryStream(plain), [recipient], bytes => new Random(bytes.Length).NextBytes(bytes));
        using MemoryStream file = new();
        stream.CopyTo(file);
        return file.ToArray();
    }

    private static byte[] Damaged(byte[] file, Random random, int from)
    {
        int at = random.Next(from, file.Length);
        int length = random.Next(1, Math.Min(file.Length - at, random.Next(2) == 0 ? 4 : 1000) + 1);
        byte[] some = new byte[length];
        random.NextBytes(some);
        switch (random.Next(7))
        {
            case 0:
                byte[] flipped = [.. file];
                flipped[at] ^= (byte)(1 << random.Next(8));
                return flipped;
            case 1:
                return file[..at];
            case 2:
                return [.. file[..at], .. some, .. file[at..]];
            case 3:
                return [.. file[..at], .. file[(at + length)..]];
            case 4:
                return [.. file[..(at + length)], .. file[at..]];
            case 5:
                return [.. file, .. some];
            default:
                return Rearranged(file, random);
        }
    }

    /// <summary>Drops, repeats or moves whole chunks. A file of one chunk loses the first line of its header.</summary>
    private static byte[] Rearranged(byte[] file, Random random)
    {
        int chunks = file.Length / SealedChunk;
        if (chunks < 2)
        {
            return file[22..];
        }

        int start = file.Length - (chunks * SealedChunk) - 316;
        byte[][] all = [.. file[start..].Chunk(SealedChunk)];
        byte[][] other = random.Next(3) switch
        {
            0 => [.. all[..^1].Reverse(), all[^1]],
            1 => [all[0], all[0], .. all[1..]],
            _ => all[1..],
        };
        return [.. file[..start], .. other.SelectMany(chunk => chunk)];
    }
}

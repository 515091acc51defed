using System.Text;
using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Tests.Archive.Streams;
using Xunit;

namespace EtcdBackupAgent.Tests.Archive.Age;

/// <summary>
/// The files in <c>vectors/age</c>, which <see cref="AgeVectors"/> generates: one for each rule of the format. The
/// integration tests open the same files with stock age.
/// </summary>
public sealed class AgeVectorTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "vectors", "age");

    public static TheoryData<string> Names => [.. AgeVectors.All.Select(vector => vector.Name)];

    /// <summary>
    /// To rewrite the files after a change of the generator, set EBA_WRITE_VECTORS to their folder in the source tree.
    /// </summary>
    [Fact]
    public void The_files_are_those_that_the_generator_writes()
    {
        SortedDictionary<string, byte[]> expected = new(StringComparer.Ordinal)
        {
            ["index.txt"] = Encoding.UTF8.GetBytes(Index()),
            ["identity.txt"] = AgeIdentityFile.Format(AgeVectorContent.Identity, DateTimeOffset.UnixEpoch),
            ["identity-post-quantum.txt"] =
                AgeIdentityFile.Format(PostQuantumVectorContent.Identity, DateTimeOffset.UnixEpoch),
        };
        foreach (AgeVector vector in AgeVectors.All)
        {
            expected.Add(vector.Name + ".age", vector.File);
        }

        if (Environment.GetEnvironmentVariable("EBA_WRITE_VECTORS") is { Length: > 0 } target)
        {
            foreach ((string name, byte[] content) in expected)
            {
                File.WriteAllBytes(Path.Combine(target, name), content);
            }
        }

        Assert.Equal(expected.Keys, Directory.GetFiles(Folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.All(expected, pair => Assert.Equal(pair.Value, File.ReadAllBytes(Path.Combine(Folder, pair.Key))));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Each_vector_opens_or_fails_as_expected(string name)
    {
        AgeVector vector = AgeVectors.All.Single(vector => vector.Name == name);
        byte[] file = await File.ReadAllBytesAsync(Path.Combine(Folder, name + ".age"));
        using AgePassphrase passphrase = new(AgeVector.Passphrase);
        using MemoryStream returned = new();
        await using AgeDecryptionStream stream = new(
            new RaggedStream(file, seed: 1),
            [AgeVectorContent.Identity, passphrase, PostQuantumVectorContent.Identity]);

        Exception? e = await Record.ExceptionAsync(() => stream.CopyToAsync(returned));

        Assert.Equal(vector.Failure, (e as AgeException)?.Failure);
        Assert.True(e is null or AgeException, $"{e}");
        Assert.Equal(AgeVectorContent.Plain(vector.PlainBytes), returned.ToArray());
        if (e is not null)
        {
            AgeException again = Assert.Throws<AgeException>(() => stream.CopyTo(returned));
            Assert.Equal(e.Message, again.Message);
            Assert.Equal(vector.PlainBytes, returned.Length);
        }
    }

    private static string Index()
    {
        StringBuilder text = new(
            "# What must become of each file, opened with identity.txt, the passphrase 'of the vectors',\n"
            + "# and identity-post-quantum.txt:\n"
            + "# name, 'opens' or the AgeFailure, bytes of plain text that may be given out\n");
        foreach (AgeVector vector in AgeVectors.All)
        {
            text.Append(
                System.Globalization.CultureInfo.InvariantCulture,
                $"{vector.Name} {vector.Failure?.ToString() ?? "opens"} {vector.PlainBytes}\n");
        }

        return text.ToString();
    }
}

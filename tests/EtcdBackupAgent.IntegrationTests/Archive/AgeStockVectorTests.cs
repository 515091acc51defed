using System.Text;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Archive;

/// <summary>
/// Stock age reads the vectors of the fast tests: it opens those that must open and refuses those that must be refused.
/// </summary>
public sealed class AgeStockVectorTests : IDisposable
{
    private const string Passphrase = "of the vectors";

    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "vectors", "age");

    private readonly TestDirectory _scratch = new();

    /// <summary>
    /// The vectors for which stock age may give another result. It does not limit the length of a line; 1.1 does not
    /// limit the number of stanzas either, and recognizes armor only at the beginning of the file.
    /// </summary>
    public static TheoryData<AgeSeries, string[]> Series => new()
    {
        { Peers.Age11, ["stanzas-4097", "stanza-line-too-long", "armor-white-space-around"] },
        { Peers.Age13, ["stanza-line-too-long"] },
    };

    [Theory]
    [MemberData(nameof(Series))]
    public async Task Stock_age_opens_and_refuses_the_same_files(AgeSeries series, string[] expectedDifferences)
    {
        List<string> different = [];
        string[] index =
            [.. (await File.ReadAllLinesAsync(Path.Combine(Folder, "index.txt"))).Where(line => line[0] != '#')];

        // 1.1 skips the stanzas of post-quantum recipients, and does not parse their identities.
        foreach (string[] entry in index.Select(line => line.Split(' '))
            .Where(entry => series == Peers.Age13 || !entry[0].StartsWith("post-quantum", StringComparison.Ordinal)))
        {
            bool opens = entry[1] == "opens";
            byte[]? plain = await OpenAsync(series, Path.Combine(Folder, entry[0] + ".age"));
            if (opens != (plain is not null) || (opens && plain!.Length.ToString() != entry[2]))
            {
                different.Add(entry[0]);
            }
        }

        Assert.True(index.Length > 140);
        Assert.Equal(expectedDifferences, different);
    }

    public void Dispose() => _scratch.Dispose();

    /// <summary>Returns the plain bytes, or null if age refuses the file.</summary>
    private async Task<byte[]?> OpenAsync(AgeSeries series, string file)
    {
        File.Delete(_scratch["out"]);
        ToolResult result;
        string header = Encoding.ASCII.GetString(await File.ReadAllBytesAsync(file));
        if (header.Contains("\n-> scrypt", StringComparison.Ordinal))
        {
            using MemoryStream typed = new(Encoding.UTF8.GetBytes(Passphrase + "\n"));
            result = await Tool.RunAsync(
                Peers.Script,
                ["-qec", $"{series.Age} -d -o {_scratch["out"]} {file}", "/dev/null"],
                standardInput: typed);
        }
        else
        {
            string[] identities = series == Peers.Age13
                ? ["-i", Path.Combine(Folder, "identity.txt"), "-i", Path.Combine(Folder, "identity-post-quantum.txt")]
                : ["-i", Path.Combine(Folder, "identity.txt")];
            result = await Tool.RunAsync(series.Age, ["-d", .. identities, "-o", _scratch["out"], file]);
        }

        return result.ExitCode != 0 ? null
            : File.Exists(_scratch["out"]) ? await File.ReadAllBytesAsync(_scratch["out"])
            : [];
    }
}

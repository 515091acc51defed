using EtcdBackupAgent.Archive.Zstd;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Archive;

/// <summary>
/// No lock-in: stock zstd reads the frames of this implementation, and this implementation reads those of stock zstd.
/// </summary>
public sealed class StockZstdTests : IDisposable
{
    private readonly TestDirectory _scratch = new();

    [Theory]
    [InlineData(0, 3, 0)]
    [InlineData(1, -5, 0)]
    [InlineData(3_000_000, 3, 0)]
    [InlineData(3_000_000, 19, 0)]
    [InlineData(12_000_000, 1, 2)]
    public async Task Stock_zstd_tests_and_decompresses_our_frames(int bytes, int level, int workers)
    {
        byte[] plain = Content(bytes);
        await using (FileStream file = File.Create(_scratch["db.zst"]))
        await using (ZstdCompressionStream stream = new(
            new MemoryStream(plain), new() { Level = level, Workers = workers }))
        {
            await stream.CopyToAsync(file);
        }

        await ZstdAsync("-q", "-t", _scratch["db.zst"]);
        await ZstdAsync("-q", "-d", _scratch["db.zst"], "-o", _scratch["db"]);
        string listed = (await ZstdAsync("-l", "-v", _scratch["db.zst"])).Output;

        Assert.Equal(plain, await File.ReadAllBytesAsync(_scratch["db"]));
        Assert.Contains("XXH64", listed, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("-19")]
    [InlineData("--ultra", "-22")]
    [InlineData("--long=27")]
    [InlineData("--no-check")]
    public async Task Frames_of_stock_zstd_are_decompressed(params string[] options)
    {
        byte[] plain = Content(1_500_000);
        await File.WriteAllBytesAsync(_scratch["db"], plain);
        await ZstdAsync([.. options, "-q", _scratch["db"], "-o", _scratch["db.zst"]]);

        byte[] twice =
            [.. await File.ReadAllBytesAsync(_scratch["db.zst"]), .. await File.ReadAllBytesAsync(_scratch["db.zst"])];
        using MemoryStream read = new();
        await using ZstdDecompressionStream stream = new(new MemoryStream(twice));
        await stream.CopyToAsync(read);

        Assert.Equal([.. plain, .. plain], read.ToArray());
    }

    public void Dispose() => _scratch.Dispose();

    private static byte[] Content(int bytes)
    {
        byte[] content = new byte[bytes];
        new Random(bytes).NextBytes(content.AsSpan(0, bytes / 2));
        return content;
    }

    private static async Task<ToolResult> ZstdAsync(params string[] arguments)
    {
        ToolResult result = await Tool.RunAsync(Peers.Zstd, arguments);
        Assert.True(result.ExitCode == 0, result.StandardError);
        return result;
    }
}

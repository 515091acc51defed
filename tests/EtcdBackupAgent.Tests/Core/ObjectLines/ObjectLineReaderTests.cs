using System.Text;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.ObjectLines;
using EtcdBackupAgent.Snapshots;
using EtcdBackupAgent.Snapshots.KeySpaces;
using EtcdBackupAgent.Testing.Directories;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.ObjectLines;

/// <summary>Objects as lines (<c>docs/spec/object-lines.md</c>), written and read.</summary>
public sealed class ObjectLineReaderTests : IDisposable
{
    private const string Header = """{"format":"object-lines","version":1}""";
    private const string One =
        """{"key":"/registry/configmaps/web/a","resourceVersion":"7","object":{"kind":"ConfigMap"}}""";

    private const string End = """{"end":{"objects":1,"resources":[]}}""";

    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task What_is_written_is_read_in_the_order_of_the_keys()
    {
        ObjectPage[] pages =
        [
            Page("configmaps", 9, ("/registry/configmaps/web/b", "3"), ("/registry/configmaps/web/a", "4")),
            Page("configmaps", 12, ("/registry/configmaps/x/c", "5")),
            Page("secrets", 13),
        ];
        await using ObjectLinesStream stream = new(pages.ToAsyncEnumerable());
        byte[] bytes = await ReadAsync(stream);

        Assert.Equal(
            [("configmaps", 9L, 3L), ("secrets", 13L, 0L)],
            stream.Resources.Select(one => (one.Resource, one.ResourceVersion, one.Objects)));
        using SafeFileHandle file = FileOf(bytes);
        ObjectLineReader reader = new(file, bytes.Length, revision: 9);
        IReadOnlyList<FoundKey> keys = reader.Find(_ => true, CancellationToken.None);
        Assert.Equal(
            ["/registry/configmaps/web/a 4", "/registry/configmaps/web/b 3", "/registry/configmaps/x/c 5"],
            keys.Select(key => $"{Encoding.UTF8.GetString(key.Key.Span)} {key.ModRevision}"));
        Assert.Equal(
            """{"metadata":{"resourceVersion":"4"},"data":"line\nfeed ü"}""",
            Encoding.UTF8.GetString(reader.ReadValue(keys[0], new()).Value.Span));
        Assert.Equal(3, reader.Check(CancellationToken.None));
        Assert.Single(reader.Find(key => key.EndsWith("b"u8), CancellationToken.None));
    }

    /// <summary>The buffer of the scanner begins with 1 MiB.</summary>
    [Theory]
    [InlineData((1 << 20) - 1)]
    [InlineData(1 << 20)]
    [InlineData(5 << 20)]
    public async Task A_long_line_between_short_ones_is_read(int length)
    {
        KeyedObject Item(string name, int size) => new(
            $"/registry/configmaps/web/{name}", new JsonObject { ["data"] = new string('x', size) });
        ObjectPage page = new(
            "configmaps", "v1", 1, [Item("a", 1), Item("b", length), Item("c", 1), Item("d", length)]);
        await using ObjectLinesStream stream = new(new[] { page }.ToAsyncEnumerable());
        byte[] bytes = await ReadAsync(stream);

        using SafeFileHandle file = FileOf(bytes);
        ObjectLineReader reader = new(file, bytes.Length, revision: 1);

        Assert.Equal(
            [1, length, 1, length],
            reader.Find(_ => true, CancellationToken.None)
                .Select(key => ((string)JsonNode.Parse(reader.ReadValue(key, new()).Value.Span)!["data"]!).Length));
    }

    [Theory]
    [InlineData("", "the objects are empty")]
    [InlineData("{}\n", "line 1: it is not the first line of objects")]
    [InlineData("""{"format":"object-lines","version":2}\n""", "line 1: its version is not known to this agent")]
    [InlineData($"{Header}\n", "the last line is missing")]
    [InlineData($"{Header}\n{One}\n", "the last line is missing")]
    [InlineData($"{Header}\n{One}\n{End}", "line 3: it does not end")]
    [InlineData($"{Header}\n{End}\n", "it has 0 objects, and should have 1")]
    [InlineData($"{Header}\n{One}\n{One}\n{End}\n", "it has 2 objects, and should have 1")]
    [InlineData($"{Header}\n{One}\n{End}\n{One}\n", "line 4: it is behind the last line")]
    [InlineData($"{Header}\nno\n{End}\n", "line 2: it is not JSON")]
    [InlineData(Header + "\n{\"key\":1}\n" + End + "\n", "line 2: it is not the line of an object")]
    [InlineData(Header + "\n" + """{"key":"a","resourceVersion":"1","object":{"a":1]}""" + "\n" + End + "\n",
        "line 2: it is not JSON")]
    public void A_damaged_file_is_refused_with_the_line(string text, string message)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text.Replace("\\n", "\n", StringComparison.Ordinal));
        using SafeFileHandle file = FileOf(bytes);
        ObjectLineReader reader = new(file, bytes.Length, revision: 1);

        SnapshotDamagedException e = Assert.Throws<SnapshotDamagedException>(
            () => reader.Check(CancellationToken.None));
        Assert.Equal(message, e.Message);
    }

    private static ObjectPage Page(string resource, long version, params (string Key, string Version)[] items) => new(
        resource,
        "v1",
        version,
        [
            .. items.Select(item => new KeyedObject(
                item.Key,
                new JsonObject
                {
                    ["metadata"] = new JsonObject { ["resourceVersion"] = item.Version },
                    ["data"] = "line\nfeed ü",
                })),
        ]);

    private static async Task<byte[]> ReadAsync(Stream stream)
    {
        MemoryStream copy = new();
        await stream.CopyToAsync(copy);
        return copy.ToArray();
    }

    private SafeFileHandle FileOf(byte[] bytes)
    {
        string path = _directory["lines"];
        File.WriteAllBytes(path, bytes);
        return File.OpenHandle(path);
    }
}

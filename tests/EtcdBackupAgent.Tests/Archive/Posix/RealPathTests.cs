using EtcdBackupAgent.Archive.Posix;
using EtcdBackupAgent.Testing.Directories;
using Xunit;

namespace EtcdBackupAgent.Tests.Archive.Posix;

public sealed class RealPathTests : IDisposable
{
    private readonly TestDirectory _scratch = new();
    private readonly string _top;

    public RealPathTests()
    {
        _top = RealPath.Of(_scratch.Path);
        _scratch.Create("a/b");
        Directory.CreateSymbolicLink(_scratch["link"], "a/b");
        Directory.CreateSymbolicLink(_scratch["early"], "a/later");
        Directory.CreateSymbolicLink(_scratch["earlier"], _scratch["early"]);
        Directory.CreateSymbolicLink(_scratch["circle"], "circle");
    }

    [Theory]
    [InlineData("a/b", "a/b")]
    [InlineData("link", "a/b")]
    [InlineData("link/new/one", "a/b/new/one")]
    [InlineData("link/..", "a")]
    [InlineData("link/../new", "a/new")]
    [InlineData("new/../a", "a")]
    [InlineData("./a//b/", "a/b")]
    [InlineData("early", "a/later")]
    [InlineData("early/x/y", "a/later/x/y")]
    [InlineData("earlier//x", "a/later/x")]
    [InlineData("circle/x", "circle/x")]
    public void Links_are_resolved_before_the_rest_of_the_path(string path, string expected) =>
        Assert.Equal($"{_top}/{expected}", RealPath.Of($"{_scratch.Path}/{path}"));

    [Theory]
    [InlineData("link", "link")]
    [InlineData("link/new", "link/new")]
    [InlineData("a/./b", "a/b")]
    public void A_path_without_parent_references_keeps_its_links(string path, string expected) =>
        Assert.Equal($"{_scratch.Path}/{expected}", RealPath.Absolute($"{_scratch.Path}/{path}"));

    [Fact]
    public void A_parent_reference_after_a_link_starts_from_its_target() =>
        Assert.Equal($"{_top}/a/new", RealPath.Absolute($"{_scratch.Path}/link/../new"));

    public void Dispose() => _scratch.Dispose();
}

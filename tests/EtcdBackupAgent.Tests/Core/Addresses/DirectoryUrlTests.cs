using EtcdBackupAgent.Core.Addresses;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Addresses;

public sealed class DirectoryUrlTests
{
    [Theory]
    [InlineData("file:///var/backups", "/var/backups")]
    [InlineData("file:///var/backups/", "/var/backups")]
    [InlineData("file:///var/my backups", "/var/my backups")]
    [InlineData("file:///var/my%20backups", "/var/my backups")]
    [InlineData("file:///Var/Backups", "/Var/Backups")]
    [InlineData("file:///dir/x%23y", "/dir/x#y")]
    [InlineData("file:///dir/100%25", "/dir/100%")]
    [InlineData("file:///sicherung/schl%C3%BCssel-鍵", "/sicherung/schlüssel-鍵")]
    [InlineData("file:///a@b:c;d=e,f+g&h", "/a@b:c;d=e,f+g&h")]
    [InlineData("file:///...", "/...")]
    public void A_directory_is_read(string text, string expected)
    {
        Assert.True(DirectoryUrl.TryParse(text, out string? path, out string? why), why);
        Assert.Equal(expected, path);
        Assert.Equal(expected, new Uri(text).LocalPath.TrimEnd('/'));
    }

    [Theory]
    [InlineData("/var/backups", "is not a directory")]
    [InlineData("file:/var/backups", "is not a directory")]
    [InlineData("file://host/var", "is not a directory")]
    [InlineData("file://localhost/var", "is not a directory")]
    [InlineData("file:///", "is not a directory")]
    [InlineData("file:////", "is not a directory")]
    [InlineData(" file:///var", "is not a directory")]
    [InlineData("file:///dir/x#y", "has a '#' in its path; if it is part of the name, write %23")]
    [InlineData("file:///dir/x?y", "has a '?' in its path; if it is part of the name, write %3F")]
    [InlineData("file:///dir\\x", "has a '\\' in its path")]
    [InlineData("file:///dir/../x", "'..' in its path")]
    [InlineData("file:///dir/./x", "'..' in its path")]
    [InlineData("file:///dir//x", "has '//'")]
    [InlineData("file:///dir//", "has '//'")]
    [InlineData("file:////dir", "has '//'")]
    [InlineData("file:///dir ", "white space at its end")]
    [InlineData("file:///dir\n", "has a control character")]
    [InlineData("file:///dir%", "has a '%'")]
    [InlineData("file:///dir%4", "has a '%'")]
    [InlineData("file:///dir%zz", "has a '%'")]
    [InlineData("file:///dir%2Fx", "has a '%'")]
    [InlineData("file:///dir/%2E%2E/x", "has a '%'")]
    [InlineData("file:///dir%00", "has a '%'")]
    [InlineData("file:///dir%FF", "has a '%'")]
    [InlineData("file:///C:/backups", "has a path that a URL cannot express")]
    public void Anything_else_is_refused_with_a_hint(string text, string expected)
    {
        Assert.False(DirectoryUrl.TryParse(text, out string? path, out string? why), path);
        Assert.Contains(expected, why, StringComparison.Ordinal);
    }

    [Fact]
    public void The_printed_address_is_read_as_the_same_directory() =>
        Prop.ForAll(Arb.From(Gen.Choose(0, int.MaxValue)), seed =>
        {
            const string letters = "aZ9 %#?\\.-_~@:;=,+&é鍵";
            Random random = new(seed);
            string path = $"/xx{new string(random.GetItems<char>(letters, random.Next(1, 30)))}x";
            bool isRead = DirectoryUrl.TryParse(DirectoryUrl.Of(path), out string? read, out string? why);
            Assert.True(isRead, $"{path}: {why}");
            return read == path;
        })
        .Check(Config.QuickThrowOnFailure.WithMaxTest(300).WithReplay(2026, 1129));
}

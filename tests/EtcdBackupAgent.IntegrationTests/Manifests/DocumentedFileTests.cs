using System.Text.RegularExpressions;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Manifests;

public sealed partial class DocumentedFileTests
{
    [Theory]
    [InlineData("install.md")]
    [InlineData("migrating-from-kubedr.md")]
    public async Task Files_and_links_of_a_page_exist(string page)
    {
        string docs = Path.Combine(ManifestFiles.Repository, "docs");
        string text = await File.ReadAllTextAsync(Path.Combine(docs, page));

        string[] files = [.. FilePattern().Matches(text).Select(match => match.Value.TrimEnd('.'))];
        string[] links = [.. LinkPattern().Matches(text).Select(match => match.Groups["page"].Value)];

        Assert.NotEmpty(links);
        Assert.All(files, file => Assert.True(Path.Exists(Path.Combine(ManifestFiles.Repository, file)), file));
        Assert.All(links, link => Assert.True(Path.Exists(Path.Combine(docs, link)), link));
    }

    [Fact]
    public async Task The_image_that_the_page_replaces_is_in_the_manifests()
    {
        string text = await File.ReadAllTextAsync(Path.Combine(ManifestFiles.Repository, "docs", "install.md"));
        string image = ReplacedPattern().Match(text).Groups["image"].Value;

        Assert.NotEmpty(image);
        Assert.Contains(
            await ManifestFiles.KustomizeAsync("base"),
            item => item.ToJsonString().Contains(image, StringComparison.Ordinal));
    }

    [GeneratedRegex(@"\b(manifests|eng)/[\w./-]+", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex FilePattern();

    [GeneratedRegex(@"\]\((?<page>[\w.-]+\.md)\)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex LinkPattern();

    [GeneratedRegex(@"sed 's\|(?<image>[^|]+)\|", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ReplacedPattern();
}

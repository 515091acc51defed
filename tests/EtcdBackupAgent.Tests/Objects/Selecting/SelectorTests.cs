using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Labels;
using EtcdBackupAgent.Objects.Selecting;
using Xunit;

namespace EtcdBackupAgent.Tests.Objects.Selecting;

public sealed class SelectorTests
{
    private static readonly Dictionary<string, string> Labels = new(StringComparer.Ordinal)
    {
        ["app"] = "shop",
        ["tier"] = "front",
        ["example.com/part-of"] = "web",
        ["empty"] = "",
    };

    [Theory]
    [InlineData("", true)]
    [InlineData("app=shop", true)]
    [InlineData("app==shop", true)]
    [InlineData("app = shop", true)]
    [InlineData("app=other", false)]
    [InlineData("app!=other", true)]
    [InlineData("app!=shop", false)]
    [InlineData("missing!=x", true)]
    [InlineData("missing=x", false)]
    [InlineData("app", true)]
    [InlineData("missing", false)]
    [InlineData("!missing", true)]
    [InlineData("!app", false)]
    [InlineData("empty=", true)]
    [InlineData("app=", false)]
    [InlineData("app in (shop,cart)", true)]
    [InlineData("app in (cart, mail)", false)]
    [InlineData("app notin (cart)", true)]
    [InlineData("missing notin (cart)", true)]
    [InlineData("app notin (shop)", false)]
    [InlineData("example.com/part-of=web", true)]
    [InlineData("app=shop,tier=front", true)]
    [InlineData("app=shop,tier!=front", false)]
    [InlineData("tier in (back, front),app,!missing", true)]
    public void A_selector_of_labels_means_what_it_means_to_kubectl(string text, bool matches) =>
        Assert.Equal(matches, LabelSelector.Parse(text).Matches(name => Labels.GetValueOrDefault(name)));

    [Theory]
    [InlineData("(")]
    [InlineData("app=shop,")]
    [InlineData(",app")]
    [InlineData("app in")]
    [InlineData("app in (a")]
    [InlineData("app=a=b")]
    [InlineData("a b")]
    public void Text_that_is_no_selector_is_refused(string text)
    {
        BackupException refused = Assert.Throws<BackupException>(() => LabelSelector.Parse(text));

        Assert.Equal(FailureReason.InvalidInput, refused.Reason);
        Assert.Contains($"'{text}'", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("metadata.name=a", true)]
    [InlineData("metadata.name==a", true)]
    [InlineData("metadata.name!=a", false)]
    [InlineData("metadata.namespace=web", true)]
    [InlineData("metadata.namespace!=web", false)]
    [InlineData("metadata.name=a,metadata.namespace!=kube-system", true)]
    public void A_selector_of_fields_reads_name_and_namespace(string text, bool matches) =>
        Assert.Equal(matches, FieldSelector.Parse(text).Matches("web", "a"));

    [Theory]
    [InlineData("")]
    [InlineData("=a")]
    [InlineData("status.phase=Running")]
    [InlineData("metadata.name")]
    public void Other_fields_are_refused(string text) =>
        Assert.Equal(
            FailureReason.InvalidInput, Assert.Throws<BackupException>(() => FieldSelector.Parse(text)).Reason);
}

using EtcdBackupAgent.Objects.Exporting;
using EtcdBackupAgent.Objects.Keys;
using EtcdBackupAgent.Objects.Kinds;
using Xunit;

namespace EtcdBackupAgent.Tests.Objects.Exporting;

public sealed class ExportPathTests
{
    [Theory]
    [InlineData("", "configmaps", "web", "settings", "namespaces/web/configmaps/settings.yaml")]
    [InlineData("apps", "deployments", "web", "shop", "namespaces/web/deployments.apps/shop.yaml")]
    [InlineData("", "serviceaccounts", "web", "shop", "namespaces/web/1-serviceaccounts/shop.yaml")]
    [InlineData("", "namespaces", null, "web", "cluster/2-namespaces/web.yaml")]
    [InlineData("", "persistentvolumes", null, "pv-1", "cluster/persistentvolumes/pv-1.yaml")]
    [InlineData(
        "apiextensions.k8s.io", "customresourcedefinitions", null, "widgets.example.com",
        "cluster/1-customresourcedefinitions.apiextensions.k8s.io/widgets.example.com.yaml")]
    [InlineData(
        "admissionregistration.k8s.io", "validatingwebhookconfigurations", null, "policy",
        "webhooks/validatingwebhookconfigurations.admissionregistration.k8s.io/policy.yaml")]
    [InlineData(
        "rbac.authorization.k8s.io", "clusterroles", null, "system:node",
        "cluster/clusterroles.rbac.authorization.k8s.io/system%3Anode.yaml")]
    public void An_object_has_its_place(string group, string resource, string? ns, string name, string expected) =>
        Assert.Equal(expected, ExportPath.Of(new StorageKey(new GroupResource(group, resource), ns, name)));

    [Fact]
    public void Definitions_namespaces_and_accounts_come_first_and_webhooks_last_in_the_order_of_names()
    {
        StorageKey[] inOrder =
        [
            new(new("apiextensions.k8s.io", "customresourcedefinitions"), null, "z"),
            new(new("", "namespaces"), null, "z"),
            new(new("a.example.com", "apples"), null, "a"),
            new(new("", "serviceaccounts"), "a", "z"),
            new(new("", "configmaps"), "a", "a"),
            new(new("admissionregistration.k8s.io", "mutatingwebhookconfigurations"), null, "a"),
        ];
        string[] paths = [.. inOrder.Select(ExportPath.Of)];

        Assert.Equal(paths, paths.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("..", "%2E%2E")]
    [InlineData(".", "%2E")]
    [InlineData(".hidden", "%2Ehidden")]
    [InlineData("end.", "end%2E")]
    [InlineData("", "%")]
    [InlineData("a/b", "a%2Fb")]
    [InlineData("a\\b", "a%5Cb")]
    [InlineData("a\0b", "a%00b")]
    [InlineData("a\nb", "a%0Ab")]
    [InlineData("a b", "a%20b")]
    [InlineData("Admin", "%41dmin")]
    [InlineData("100%", "100%25")]
    [InlineData("grün", "gr%C3%BCn")]
    [InlineData("con", "%63on")]
    [InlineData("nul.example", "%6Eul.example")]
    [InlineData("console", "console")]
    [InlineData("a_b-c.d", "a_b-c.d")]
    public void A_name_becomes_one_that_every_file_system_takes(string name, string expected) =>
        Assert.Equal(expected, ExportPath.Encode(name));

    [Fact]
    public void Long_names_that_begin_alike_stay_different()
    {
        string common = new('a', 252);

        string one = ExportPath.Encode($"{common}x");
        string other = ExportPath.Encode($"{common}y");
        string escaped = ExportPath.Encode(new string('A', 252));

        Assert.NotEqual(one, other);
        Assert.All([one, other, escaped], name => Assert.InRange(name.Length, 100, ExportPath.NameBytesMax));
        Assert.Matches("^(%41)+%_[0-9a-f]{32}$", escaped);
    }

    [Fact]
    public void No_name_leads_out_of_its_folder_or_to_the_file_of_another_one()
    {
        const string alphabet = "./\\%aA\0 :é\ud83d\ude00~-";
        Random random = new(1);
        Dictionary<string, string> names = new(StringComparer.OrdinalIgnoreCase);
        for (int i = 0; i < 20_000; i++)
        {
            string name = new([.. Enumerable.Range(0, random.Next(6))
                .Select(_ => alphabet[random.Next(alphabet.Length)])]);

            // A surrogate alone cannot come from a key.
            name = System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(name));
            string encoded = ExportPath.Encode(name);

            Assert.Matches(@"^[a-z0-9%A-F_-][a-z0-9%A-F._-]*$", encoded);
            Assert.True(names.TryAdd(encoded, name) || names[encoded] == name, $"{names[encoded]} and {name}");
        }
    }
}

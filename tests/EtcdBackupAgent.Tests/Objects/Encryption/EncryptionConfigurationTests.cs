using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Objects.Encryption;
using EtcdBackupAgent.Objects.Kinds;
using Xunit;

namespace EtcdBackupAgent.Tests.Objects.Encryption;

public sealed class EncryptionConfigurationTests
{
    private const string Secret = "c2VjcmV0IGlzIHNlY3VyZQ==";

    [Fact]
    public void The_example_of_the_documentation_is_read()
    {
        EncryptionConfiguration configuration = EncryptionConfiguration.Parse("encryption.yaml", $$"""
            # comment
            apiVersion: apiserver.config.k8s.io/v1
            kind: EncryptionConfiguration
            resources:
              - resources:
                  - secrets
                  - pandas.awesome.bears.example
                providers:
                  - aesgcm:
                      keys:
                        - name: key1
                          secret: {{Secret}}
                        - {name: key2, secret: "{{Secret}}"}
                  - kms: {apiVersion: v2, name: vault, endpoint: unix:///x.sock}
                  - identity: {}
            """);

        EncryptionRule rule = Assert.Single(configuration.Rules);
        Assert.Equal(["secrets", "pandas.awesome.bears.example"], rule.Resources);
        Assert.Equal(
            ["aesgcm key1 key2", "kms vault", "identity"],
            rule.Providers.Select(
                provider => string.Join(' ', [provider.Name, .. provider.Keys.Select(key => key.Name)])));
        Assert.Equal("secret is secure"u8.ToArray(), rule.Providers[0].Keys[0].Secret.ToArray());
    }

    [Fact]
    public void The_entry_that_names_the_resource_best_is_tried_first_and_all_others_after_it()
    {
        EncryptionConfiguration configuration = new(
        [
            Rule("*.*", "any"), Rule("*.", "core"), Rule("secrets", "secrets"), Rule("*.apps", "apps"),
        ]);

        Assert.Equal("secrets core any apps", Order("", "secrets"));
        Assert.Equal("core any secrets apps", Order("", "configmaps"));
        Assert.Equal("apps any core secrets", Order("apps", "deployments"));
        Assert.Equal("any core secrets apps", Order("batch", "jobs"));

        string Order(string group, string resource) => string.Join(
            ' ', configuration.ProvidersOf(new GroupResource(group, resource)).Select(provider => provider.Name));
    }

    [Theory]
    [InlineData("kind: Secret", "encryption.yaml:1: expected a document of the kind EncryptionConfiguration")]
    [InlineData("kind: EncryptionConfiguration", "encryption.yaml:1: expected a list 'resources'")]
    [InlineData("a: [b", "encryption.yaml:")]
    [InlineData("", "encryption.yaml:")]
    [InlineData("[]", "encryption.yaml:1: expected a document of the kind")]
    [InlineData("a: *b", "expected fields, a list or a text")]
    [InlineData("[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]", "nested deeper than 16 levels")]
    public void A_text_that_is_not_a_configuration_is_refused_with_its_line(string text, string message) =>
        Assert.Contains(message, Refused(text).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("aesgcm: {keys: [{name: a, secret: c2hvcnQ=}]}", "the secret of the key 'a' has 5 bytes, which aesgcm")]
    [InlineData("secretbox: {keys: [{name: a, secret: c2VjcmV0IGlzIHNlY3VyZQ==}]}", "has 16 bytes, which secretbox")]
    [InlineData("aescbc: {keys: [{name: a, secret: '<secret>'}]}", "the secret of the key 'a' is not base64")]
    [InlineData("aescbc: {keys: [{name: a}]}", "the key 'a' has no secret")]
    [InlineData("aescbc: {keys: [{secret: abcd}]}", "a key has no name")]
    [InlineData("aescbc: {}", "expected a list 'keys'")]
    [InlineData("rot13: {}", "the provider 'rot13' is unknown")]
    public void A_provider_that_is_not_valid_is_refused_without_its_secret(string provider, string message)
    {
        BackupException refused = Refused(
            $"kind: EncryptionConfiguration\nresources:\n- resources: [secrets]\n  providers:\n  - {provider}");

        Assert.Equal(FailureReason.InvalidInput, refused.Reason);
        Assert.Contains("encryption.yaml:5: ", refused.Message, StringComparison.Ordinal);
        Assert.Contains(message, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("<secret>", refused.ToString(), StringComparison.Ordinal);
    }

    private static BackupException Refused(string text) =>
        Assert.Throws<BackupException>(() => EncryptionConfiguration.Parse("encryption.yaml", text));

    private static EncryptionRule Rule(string resource, string provider) =>
        new([resource], [new EncryptionProvider(provider, [])]);
}

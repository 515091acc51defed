using System.Text;
using EtcdBackupAgent.Objects.Encryption;
using Xunit;

namespace EtcdBackupAgent.Tests.Objects.Encryption;

public sealed class EncryptionCountsTests
{
    [Fact]
    public void Values_are_counted_by_resource_provider_and_key()
    {
        EncryptionCounts counts = new();
        Add(counts, "/registry/secrets/web/a", "k8s:enc:aescbc:v1:key1:0123");
        Add(counts, "/registry/secrets/web/a", "k8s:enc:aescbc:v1:key1:4567");
        Add(counts, "/registry/secrets/web/b", "k8s:enc:aescbc:v1:key2:0123");
        Add(counts, "/registry/configmaps/web/c", "k8s:enc:kms:v2:vault:\u0012\u0004id-1");
        Add(counts, "/registry/configmaps/web/d", "k8s\0plain");
        Add(counts, "unknown", "k8s:enc:secretbox:v1:key\u001b1:0123");

        Assert.Equal(
            [
                new EncryptionCount("", new EncryptedValue("secretbox", "v1", "key\u001b1"), 1),
                new EncryptionCount("configmaps", new EncryptedValue("kms", "v2", "vault", "id-1"), 1),
                new EncryptionCount("secrets", new EncryptedValue("aescbc", "v1", "key1"), 2),
                new EncryptionCount("secrets", new EncryptedValue("aescbc", "v1", "key2"), 1),
            ],
            counts.Read());
        Assert.Equal("secretbox v1, key 'key\ufffd1'", counts.Read()[0].Encryption.ToString());
    }

    [Fact]
    public void Names_beyond_the_limit_are_counted_together()
    {
        EncryptionCounts counts = new();
        for (int i = 0; i < EncryptionCounts.CombinationsMax + 5; i++)
        {
            Add(counts, "/registry/secrets/web/a", $"k8s:enc:aescbc:v1:key{i}:0123");
        }

        Assert.Equal((EncryptionCounts.CombinationsMax, 5), (counts.Read().Count, counts.Others));
    }

    private static void Add(EncryptionCounts counts, string key, string value) =>
        counts.Add(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(value));
}

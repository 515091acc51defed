using System.Security.Cryptography;
using System.Text;
using EtcdBackupAgent.Objects.Encryption;
using EtcdBackupAgent.Objects.Kinds;
using EtcdBackupAgent.Snapshots.Encoded;
using Xunit;

namespace EtcdBackupAgent.Tests.Objects.Encryption;

/// <summary>
/// What decrypts and what does not. That values of a server decrypt is proved by <c>EncryptedPairTests</c>.
/// </summary>
public sealed class ValueDecryptionTests
{
    private static readonly byte[] Key = "/registry/secrets/ns/a"u8.ToArray();
    private static readonly GroupResource Secrets = new("", "secrets");
    private static readonly byte[] Plain = "k8s\0plain"u8.ToArray();

    [Fact]
    public void A_plain_value_stays_as_it_is()
    {
        Decryption decryption = new ValueDecryption(null).Decrypt(Key, Secrets, Plain);

        Assert.Equal((DecryptionOutcome.Plain, null), (decryption.Outcome, decryption.Encryption));
        Assert.Equal(Plain, decryption.Value.ToArray());
    }

    [Fact]
    public void Without_a_configuration_the_provider_and_the_key_are_named()
    {
        Decryption decryption = new ValueDecryption(null).Decrypt(Key, Secrets, Gcm("key-1", Bytes(1)));

        Assert.Equal(DecryptionOutcome.KeyMissing, decryption.Outcome);
        Assert.Equal("aesgcm v1, key 'key-1'", decryption.Encryption!.ToString());
    }

    [Fact]
    public void Of_several_keys_with_one_name_the_one_that_fits_decrypts()
    {
        ValueDecryption decryption = With("aesgcm", ("key", Bytes(1)), ("other", Bytes(2)), ("key", Bytes(3)));

        Assert.Equal(DecryptionOutcome.Decrypted, decryption.Decrypt(Key, Secrets, Gcm("key", Bytes(3))).Outcome);
        Assert.Equal(DecryptionOutcome.KeyRefused, decryption.Decrypt(Key, Secrets, Gcm("key", Bytes(2))).Outcome);
        Assert.Equal(DecryptionOutcome.KeyMissing, decryption.Decrypt(Key, Secrets, Gcm("new", Bytes(2))).Outcome);
    }

    [Fact]
    public void A_value_of_another_object_is_refused_where_the_key_is_authenticated()
    {
        ValueDecryption decryption = With("aesgcm", ("key", Bytes(1)));

        Decryption moved = decryption.Decrypt("/registry/secrets/ns/b"u8.ToArray(), Secrets, Gcm("key", Bytes(1)));

        Assert.Equal(DecryptionOutcome.KeyRefused, moved.Outcome);
    }

    [Fact]
    public void A_wrong_key_of_AES_CBC_never_decrypts_even_if_the_padding_fits()
    {
        ValueDecryption decryption = With("aescbc", ("key", Bytes(2)), ("key", Bytes(1)));
        int wrongPaddings = 0;
        Random random = new(1);
        for (int i = 0; i < 2000; i++)
        {
            byte[] iv = new byte[16];
            random.NextBytes(iv);
            byte[] value = Cbc("key", Bytes(1), iv);
            wrongPaddings += AesCbcValue.Open(Bytes(2), value.AsSpan("k8s:enc:aescbc:v1:key:".Length)) is null ? 0 : 1;

            Assert.Equal(Plain, decryption.Decrypt(Key, Secrets, value).Value.ToArray());
        }

        Assert.InRange(wrongPaddings, 1, 100);
    }

    [Theory]
    [InlineData("aescbc")]
    [InlineData("aesgcm")]
    [InlineData("secretbox")]
    public void A_value_that_is_cut_is_refused(string provider)
    {
        ValueDecryption decryption = With(provider, ("key", Bytes(1)));
        for (int length = 0; length < 100; length++)
        {
            byte[] value = [.. Encoding.UTF8.GetBytes($"k8s:enc:{provider}:v1:key:"), .. new byte[length]];

            Assert.Equal(DecryptionOutcome.KeyRefused, decryption.Decrypt(Key, Secrets, value).Outcome);
        }
    }

    [Fact]
    public void A_value_of_a_KMS_is_named_with_its_provider_and_its_key()
    {
        byte[] second =
        [
            .. "k8s:enc:kms:v2:vault:"u8,
            .. new ProtobufWriter().Text(1, "data").Text(2, "key-7").Text(3, "source").Number(5, 1).ToArray(),
        ];

        Decryption decryption = With("aesgcm", ("key", Bytes(1))).Decrypt(Key, Secrets, second);
        EncryptedValue? first = EncryptedValue.Read("k8s:enc:kms:v1:cloud:\0\u0003abc"u8);

        Assert.Equal(DecryptionOutcome.NeedsKms, decryption.Outcome);
        Assert.Equal("kms v2, provider 'vault', key ID 'key-7'", decryption.Encryption!.ToString());
        Assert.Equal("kms v1, provider 'cloud'", first!.ToString());
    }

    [Theory]
    [InlineData("k8s:enc:", DecryptionOutcome.KeyMissing)]
    [InlineData("k8s:enc:aescbc", DecryptionOutcome.KeyMissing)]
    [InlineData("k8s:enc:aescbc:v1:", DecryptionOutcome.KeyMissing)]
    [InlineData("k8s:enc:kms", DecryptionOutcome.NeedsKms)]
    [InlineData("k8s:enc:kms:v2:vault:\n", DecryptionOutcome.NeedsKms)]
    public void A_head_that_is_cut_is_an_outcome(string value, DecryptionOutcome outcome) => Assert.Equal(
        outcome, With("aesgcm", ("key", Bytes(1))).Decrypt(Key, Secrets, Encoding.UTF8.GetBytes(value)).Outcome);

    private static ValueDecryption With(string provider, params (string Name, byte[] Secret)[] keys) => new(
        new EncryptionConfiguration(
        [
            new EncryptionRule(
                ["secrets"],
                [new EncryptionProvider(provider, [.. keys.Select(key => new EncryptionKey(key.Name, key.Secret))])]),
        ]));

    private static byte[] Gcm(string name, byte[] secret)
    {
        byte[] nonce = new byte[12];
        byte[] body = new byte[Plain.Length];
        byte[] tag = new byte[16];
        using AesGcm aes = new(secret, tag.Length);
        aes.Encrypt(nonce, Plain, body, tag, Key);
        return [.. Encoding.UTF8.GetBytes($"k8s:enc:aesgcm:v1:{name}:"), .. nonce, .. body, .. tag];
    }

    private static byte[] Cbc(string name, byte[] secret, byte[] iv)
    {
        using Aes aes = Aes.Create();
        aes.SetKey(secret);
        return [.. Encoding.UTF8.GetBytes($"k8s:enc:aescbc:v1:{name}:"), .. iv, .. aes.EncryptCbc(Plain, iv)];
    }

    private static byte[] Bytes(int seed)
    {
        byte[] bytes = new byte[32];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}

using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Tests.Archive.Streams;
using Xunit;

namespace EtcdBackupAgent.Tests.Archive.Age;

/// <summary>The test vectors of BIP-173, section "Test vectors".</summary>
public sealed class Bech32Tests
{
    [Theory]
    [InlineData("A12UEL5L", "A", 0)]
    [InlineData("a12uel5l", "a", 0)]
    [InlineData(
        "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1tt5tgs",
        "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio", 0)]
    [InlineData("abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw", "abcdef", 32)]
    [InlineData(
        "11qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqc8247j", "1", 82)]
    [InlineData("split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w", "split", 48)]
    [InlineData("?1ezyfcl", "?", 0)]
    public void A_valid_text_is_read(string text, string prefix, int groups)
    {
        byte[] values = new byte[text.Length];

        Assert.True(Bech32.TryReadGroups(text, values, out int prefixLength, out int count));
        Assert.Equal(prefix, text[..prefixLength]);
        Assert.Equal(groups, count);
        if (prefix == "abcdef")
        {
            Assert.Equal(Enumerable.Range(0, 32).Select(i => (byte)i), values[..32]);
        }
    }

    [Theory]
    [InlineData("\u00201nwldj5")]
    [InlineData("\u007F1axkwrx")]
    [InlineData("\u00801eym55h")]
    [InlineData("pzry9x0s0muk")]
    [InlineData("1pzry9x0s0muk")]
    [InlineData("x1b4n0q5v")]
    [InlineData("li1dgmt3")]
    [InlineData("de1lg7wt\u00FF")]
    [InlineData("A1G7SGD8")]
    [InlineData("10a06t8")]
    [InlineData("1qzzfhee")]
    [InlineData("a12UEL5L")]
    [InlineData("")]
    [InlineData("1")]
    public void An_invalid_text_is_refused(string text) =>
        Assert.False(Bech32.TryReadGroups(text, new byte[text.Length], out _, out _));

    [Theory]
    [InlineData("age", 32)]
    [InlineData("AGE-SECRET-KEY-", 32)]
    [InlineData("x", 0)]
    [InlineData("x", 1)]
    [InlineData("x", 200)]
    public void An_encoded_text_decodes_only_with_its_prefix_and_length(string prefix, int bytes)
    {
        byte[] content = TestBytes.Mixed(seed: bytes, bytes);
        char[] text = new char[Bech32.Length(prefix, bytes)];
        byte[] decoded = new byte[bytes];

        Bech32.Encode(prefix, content, text);

        Assert.True(Bech32.TryDecode(text, prefix, decoded));
        Assert.Equal(content, decoded);
        Assert.False(Bech32.TryDecode(text, prefix + "x", decoded));
        Assert.False(Bech32.TryDecode(text, prefix, new byte[bytes + 1]));
        Assert.True(bytes == 0 || !Bech32.TryDecode(text, prefix, new byte[bytes - 1]));
    }

    /// <summary>
    /// BIP-173, "Segwit address format": the remaining bits are fewer than 5 and all zero. All checksums are valid.
    /// </summary>
    [Theory]
    [InlineData("x1lu7rxnn5", true)]
    [InlineData("x1lar4jxwx", false)]
    [InlineData("x1luq5uuzzc", false)]
    public void The_remaining_bits_must_be_fewer_than_five_and_zero(string text, bool isValid)
    {
        byte[] one = new byte[1];
        Assert.True(Bech32.TryReadGroups(text, new byte[text.Length], out _, out _));

        Assert.Equal(isValid, Bech32.TryDecode(text, "x", one));
        Assert.False(Bech32.TryDecode(text, "x", []));
        Assert.False(Bech32.TryDecode(text, "x", new byte[2]));
        Assert.True(!isValid || one[0] == 0xFF);
    }
}

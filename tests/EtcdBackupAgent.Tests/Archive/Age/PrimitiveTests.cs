using EtcdBackupAgent.Archive.Age.Primitives;
using Xunit;

namespace EtcdBackupAgent.Tests.Archive.Age;

/// <summary>Checks the calls of libcrypto with the test vectors of RFC 7748 and RFC 7914.</summary>
public sealed class PrimitiveTests
{
    /// <summary>RFC 7748, section 5.2.</summary>
    [Theory]
    [InlineData(
        "A546E36BF0527C9D3B16154B82465EDD62144C0AC1FC5A18506A2244BA449AC4",
        "E6DB6867583030DB3594C1A424B15F7C726624EC26B3353B10A903A6D0AB1C4C",
        "C3DA55379DE9C6908E94EA4DF28D084F32ECCF03491C71F754B4075577A28552")]
    [InlineData(
        "4B66E9D4D1B4673C5AD22691957D6AF5C11B6421E0EA01D42CA4169E7918BA0D",
        "E5210F12786811D3F4B7959D0538AE2C31DBE7106FC03C3EFC4CD549C715A493",
        "95CBDE9476E8907D7AADE45CB4B873F88B595A68799FA152E6F8F7647AAC7957")]
    public void X25519_matches_the_vectors_of_its_specification(string secret, string point, string expected)
    {
        byte[] shared = new byte[32];

        Assert.True(X25519.TryAgree(Convert.FromHexString(secret), Convert.FromHexString(point), shared));
        Assert.Equal(expected, Convert.ToHexString(shared));
    }

    /// <summary>RFC 7748, section 6.1.</summary>
    [Fact]
    public void X25519_computes_the_public_point_of_its_specification()
    {
        byte[] point = new byte[32];

        X25519.PublicPoint(
            Convert.FromHexString("77076D0A7318A57D3C16C17251B26645DF4C2F87EBC0992AB177FBA51DB92C2A"), point);

        Assert.Equal("8520F0098930A754748B7DDCB43EF75A0DBF3A0D26381AF4EBA4A98EAA9B4E6A", Convert.ToHexString(point));
    }

    /// <summary>RFC 7914, section 12, the vector that has r = 8 and p = 1.</summary>
    [Fact]
    public void Scrypt_matches_the_vector_of_its_specification()
    {
        byte[] key = new byte[64];

        Assert.True(Scrypt.TryDeriveKey("pleaseletmein"u8, "SodiumChloride"u8, workFactor: 14, key));
        Assert.Equal(
            "7023BDCB3AFD7348461C06CD81FD38EBFDA8FBBA904F8E3EA9B543F6545DA1F2"
            + "D5432955613F0FCF62D49705242A9AF9E61E85DC0D651E40DFCF017B45575887",
            Convert.ToHexString(key));
    }

    [Fact]
    public void Scrypt_returns_false_when_it_cannot_allocate_memory()
    {
        Assert.False(Scrypt.TryDeriveKey("p"u8, "s"u8, workFactor: 45, new byte[32]));
    }
}

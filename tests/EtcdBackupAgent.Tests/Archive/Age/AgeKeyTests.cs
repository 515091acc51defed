using System.Text;
using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Archive.Age.Primitives;
using Xunit;

namespace EtcdBackupAgent.Tests.Archive.Age;

public sealed class AgeKeyTests
{
    // The key pair of the specification (section "The X25519 recipient type").
    private const string Secret = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";
    private const string Recipient = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";

    [Fact]
    public void The_identity_of_the_specification_has_its_recipient()
    {
        using AgeIdentity identity = AgeIdentity.Parse(Secret);

        Assert.Equal(Recipient, identity.Recipient.ToString());
        Assert.Equal(AgeRecipient.Parse(Recipient), identity.Recipient);
        Assert.Equal(AgeRecipient.Parse(Recipient).GetHashCode(), identity.Recipient.GetHashCode());
        Assert.Equal(Secret, Encoding.ASCII.GetString(identity.SecretText()));
    }

    [Fact]
    public void Each_new_identity_is_different_and_can_be_parsed_from_its_text()
    {
        using AgeIdentity first = AgeIdentity.Generate();
        using AgeIdentity second = AgeIdentity.Generate();
        using AgeIdentity again = AgeIdentity.Parse(Encoding.ASCII.GetString(first.SecretText()));

        Assert.NotEqual(first.Recipient, second.Recipient);
        Assert.Equal(first.Recipient, again.Recipient);
        Assert.Matches("^age1[02-9ac-hj-np-z]{58}$", first.Recipient.ToString());
        Assert.Matches("^AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}$", Encoding.ASCII.GetString(first.SecretText()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("age1")]
    [InlineData(" " + Recipient)]
    [InlineData(Recipient + "\n")]
    [InlineData("Age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj")]
    [InlineData("AGE1ZVKYG2LQZRAA2LNJVQEJ32NKUU0UES2S82HZRYE869XEEXVN73EQUNUJWJ")]
    [InlineData("age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwq")]
    [InlineData("age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujw")]
    [InlineData("age1bvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj")]
    [InlineData(Secret)]
    public void An_invalid_recipient_is_refused(string text)
    {
        Assert.False(AgeRecipient.TryParse(text, out AgeRecipient? recipient));
        Assert.Null(recipient);
        AgeException e = Assert.Throws<AgeException>(() => AgeRecipient.Parse(text));
        Assert.Equal(AgeFailure.MalformedKey, e.Failure);
        Assert.DoesNotContain("SECRET", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_recipient_of_low_order_or_of_another_length_or_kind_is_refused()
    {
        foreach ((string prefix, byte[] bytes) in new[]
        {
            ("age", new byte[32]), ("age", [1, .. new byte[31]]), ("age", Enumerable.Repeat((byte)9, 31).ToArray()),
            ("age", Enumerable.Repeat((byte)9, 33).ToArray()), ("ag", Enumerable.Repeat((byte)9, 32).ToArray()),
            ("age1pq", Enumerable.Repeat((byte)9, 1215).ToArray()),
        })
        {
            char[] text = new char[EtcdBackupAgent.Archive.Age.Bech32.Length(prefix, bytes.Length)];
            EtcdBackupAgent.Archive.Age.Bech32.Encode(prefix, bytes, text);

            Assert.False(AgeRecipient.TryParse(new string(text), out _));
        }

        Assert.False(AgeRecipient.TryParse(null, out _));
    }

    [Theory]
    [InlineData("")]
    [InlineData(Secret + " ")]
    [InlineData("age-secret-key-1gfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpq4egaex")]
    [InlineData("AGE-SECRET-KEY-1gFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX")]
    [InlineData("AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEQ")]
    [InlineData(Recipient)]
    public void An_invalid_identity_is_refused_and_not_shown(string text)
    {
        AgeException e = Assert.Throws<AgeException>(() => AgeIdentity.Parse(text).Dispose());

        Assert.Equal(AgeFailure.MalformedKey, e.Failure);
        Assert.DoesNotContain("GFPYY", e.ToString(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void A_disposed_identity_is_wiped_and_shows_only_its_recipient()
    {
        AgeIdentity identity = AgeIdentity.Parse(Secret);
        byte[] file = AgeTestFiles.Encrypt([1], identity.Recipient);

        identity.Dispose();

        Assert.Throws<ObjectDisposedException>(identity.SecretText);
        Assert.Throws<ObjectDisposedException>(() => AgeTestFiles.Decrypt(file, identity));
        Assert.Equal($"the identity of {Recipient}", identity.ToString());
    }

    [Fact]
    public void Secret_bytes_are_zero_once_disposed()
    {
        SecretBytes secret = SecretBytes.CopyOf([1, 2, 3]);
        Span<byte> view = secret.Span;

        secret.Dispose();

        Assert.Equal([0, 0, 0], view.ToArray());
        Assert.Throws<ObjectDisposedException>(() => secret.Span.Length);
    }

    [Fact]
    public void An_identity_file_may_have_comments_blank_lines_and_several_identities()
    {
        using AgeIdentity other = AgeIdentity.Generate();
        string secret = Encoding.ASCII.GetString(other.SecretText());
        string text = $"# created: long ago\n\n  \t\n{Secret}\r\n#AGE-SECRET-KEY-1\n {secret} ";

        IReadOnlyList<AgeIdentity> identities = Parse(text);

        Assert.Equal(
            [AgeRecipient.Parse(Recipient), other.Recipient], identities.Select(identity => identity.Recipient));
    }

    [Theory]
    [InlineData("", "contains no identity")]
    [InlineData("# nothing\n\n", "contains no identity")]
    [InlineData("# one\n" + Secret + "\n" + Recipient + "\n", "has in line 3 no identity")]
    [InlineData(Secret + Secret, "has in line 1 no identity")]
    [InlineData(Secret + "Q", "has in line 1 no identity")]
    [InlineData("AGE-PLUGIN-YUBIKEY-1XXXX", "has in line 1 no identity")]
    [InlineData("ssh-ed25519 AAAA", "has in line 1 no identity")]
    public void An_invalid_identity_file_is_refused_and_not_shown(string text, string fact)
    {
        AgeException e = Assert.Throws<AgeException>(() => Parse(text));

        Assert.Equal(AgeFailure.MalformedKey, e.Failure);
        Assert.Contains(fact, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("GFPYY", e.ToString(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void An_identity_file_that_is_too_large_is_refused()
    {
        AgeException e = Assert.Throws<AgeException>(
            () => Parse(Secret + new string('\n', AgeIdentityFile.SizeBytesMax)));

        Assert.Equal("The age identity file is larger than 65536 bytes.", e.Message);
    }

    [Fact]
    public async Task An_identity_file_is_read_to_one_byte_past_the_limit_and_no_further()
    {
        using MemoryStream first = new(new byte[2 * AgeIdentityFile.SizeBytesMax]);
        using MemoryStream second = new(first.ToArray());

        Assert.Equal(AgeFailure.MalformedKey, AgeTestFiles.FailureOf(() => AgeIdentityFile.Parse(first)));
        await Assert.ThrowsAsync<AgeException>(() => AgeIdentityFile.ParseAsync(second, CancellationToken.None));

        Assert.Equal(AgeIdentityFile.SizeBytesMax + 1, first.Position);
        Assert.Equal(AgeIdentityFile.SizeBytesMax + 1, second.Position);
    }

    [Fact]
    public async Task An_identity_file_of_the_largest_size_is_read()
    {
        byte[] file = Encoding.ASCII.GetBytes(Secret.PadRight(AgeIdentityFile.SizeBytesMax, '\n'));

        using AgeIdentity first = Assert.Single(AgeIdentityFile.Parse(new MemoryStream(file)));
        using AgeIdentity second = Assert.Single(
            await AgeIdentityFile.ParseAsync(new MemoryStream(file), CancellationToken.None));

        Assert.Equal(first.Recipient, second.Recipient);
    }

    [Fact]
    public async Task An_encrypted_identity_file_is_recognized_and_read_through_decryption()
    {
        using AgeIdentity identity = AgeIdentity.Generate();
        using AgePassphrase passphrase = AgeTestFiles.Passphrase("secret of two");
        byte[] clear = AgeIdentityFile.Format(identity, new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.FromHours(1)));
        byte[] file = AgeTestFiles.Encrypt(clear, passphrase);

        Assert.StartsWith(
            $"# created: 2026-01-02T02:04:05Z\n# public key: {identity.Recipient}\nAGE-SECRET-KEY-1",
            Encoding.ASCII.GetString(clear),
            StringComparison.Ordinal);
        Assert.Equal(
            AgeFailure.IdentityFileEncrypted,
            AgeTestFiles.FailureOf(() => AgeIdentityFile.Parse(new MemoryStream(file))));
        Assert.Equal(
            AgeFailure.IdentityFileEncrypted, AgeTestFiles.FailureOf(() => Parse("\n" + AgeVectorContent.Armor(file))));
        await using AgeDecryptionStream stream = new(new MemoryStream(file), [passphrase]);
        using AgeIdentity read = Assert.Single(await AgeIdentityFile.ParseAsync(stream, CancellationToken.None));
        Assert.Equal(identity.Recipient, read.Recipient);
    }

    [Fact]
    public void An_empty_passphrase_and_a_work_factor_outside_the_limits_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new AgePassphrase(""));
        Assert.Throws<ArgumentException>(() => new AgePassphrase(ReadOnlySpan<byte>.Empty));
        Assert.Throws<ArgumentOutOfRangeException>(() => new AgePassphrase("x") { WorkFactor = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new AgePassphrase("x") { WorkFactor = 23 });
        using AgePassphrase passphrase = new("x");
        Assert.Equal(18, passphrase.WorkFactor);
    }

    private static IReadOnlyList<AgeIdentity> Parse(string text) =>
        AgeIdentityFile.Parse(new MemoryStream(Encoding.UTF8.GetBytes(text)));
}

using System.Text;
using EtcdBackupAgent.Archive.Age;
using Xunit;

namespace EtcdBackupAgent.Tests.Archive.Age;

public sealed class PostQuantumKeyTests : IDisposable
{
    private readonly AgeIdentity _identity = AgeIdentity.GeneratePostQuantum();
    private readonly AgeIdentity _classic = AgeIdentity.Generate();

    public void Dispose()
    {
        _identity.Dispose();
        _classic.Dispose();
    }

    [Fact]
    public void An_identity_and_its_recipient_have_the_texts_of_the_specification_and_are_parsed_from_them()
    {
        string secret = Encoding.ASCII.GetString(_identity.SecretText());
        using AgeIdentity again = AgeIdentity.Parse(secret);

        Assert.Matches("^AGE-SECRET-KEY-PQ-1[02-9AC-HJ-NP-Z]{58}$", secret);
        Assert.Matches("^age1pq1[02-9ac-hj-np-z]{1952}$", $"{_identity.Recipient}");
        Assert.True(_identity.Recipient.IsPostQuantum);
        Assert.False(_classic.Recipient.IsPostQuantum);
        Assert.Equal(_identity.Recipient, again.Recipient);
        Assert.Equal(_identity.Recipient, AgeRecipient.Parse($"{_identity.Recipient}"));
        Assert.Equal(_identity.Recipient.GetHashCode(), again.Recipient.GetHashCode());
        Assert.NotEqual(_identity.Recipient, _classic.Recipient);
    }

    [Fact]
    public void A_recipient_is_abbreviated_for_people()
    {
        string text = $"{_identity.Recipient}";

        Assert.Equal($"{text[..20]}…{text[^8..]}", _identity.Recipient.Abbreviation);
        Assert.Equal($"{_classic.Recipient}", _classic.Recipient.Abbreviation);
        Assert.Equal($"the identity of {text[..20]}…{text[^8..]}", $"{_identity}");
    }

    [Fact]
    public void A_recipient_with_an_invalid_half_or_another_length_is_refused()
    {
        byte[] right = _identity.Recipient.PublicKey.ToArray();
        byte[] modulus = [.. right];
        modulus.AsSpan(0, 3).Fill(0xFF);
        string text = $"{_identity.Recipient}";

        Assert.False(AgeRecipient.TryParse(Encoded(modulus), out _));
        Assert.False(AgeRecipient.TryParse(Encoded([.. right[..1184], .. new byte[32]]), out _));
        Assert.False(AgeRecipient.TryParse(Encoded(right[..^1]), out _));
        Assert.False(AgeRecipient.TryParse(Encoded([.. right, 0]), out _));
        Assert.False(AgeRecipient.TryParse(text[..^1] + (text[^1] == 'q' ? 'p' : 'q'), out _));
        Assert.False(AgeRecipient.TryParse(text.ToUpperInvariant(), out _));
        Assert.True(AgeRecipient.TryParse(Encoded(right), out _));
        AgeException e = Assert.Throws<AgeException>(() => AgeRecipient.Parse(text[..^1]));
        Assert.InRange(e.Message.Length, 1, 200);
    }

    [Fact]
    public void Each_of_several_post_quantum_recipients_opens_a_file_and_no_other_identity_does()
    {
        using AgeIdentity second = AgeIdentity.GeneratePostQuantum();
        using AgeIdentity stranger = AgeIdentity.GeneratePostQuantum();
        byte[] plain = [.. Enumerable.Range(0, 70_000).Select(i => (byte)i)];
        byte[] file = AgeTestFiles.Encrypt(plain, _identity.Recipient, second.Recipient);

        Assert.Equal(plain, AgeTestFiles.Decrypt(file, _identity));
        Assert.Equal(plain, AgeTestFiles.Decrypt(file, _classic, stranger, second));
        Assert.Equal(
            AgeFailure.NoMatchingIdentity,
            AgeTestFiles.FailureOf(() => AgeTestFiles.Decrypt(file, stranger, _classic)));
    }

    [Fact]
    public void A_header_with_one_post_quantum_recipient_has_1627_bytes_and_is_never_the_same()
    {
        byte[] first = AgeTestFiles.Encrypt([], _identity.Recipient);
        byte[] second = AgeTestFiles.Encrypt([], _identity.Recipient);

        // 16 bytes of nonce and a tag follow the header.
        Assert.Equal(1627 + 32, first.Length);
        Assert.NotEqual(first[60..1500], second[60..1500]);
    }

    [Fact]
    public void Post_quantum_recipients_are_mixed_with_no_others_when_writing()
    {
        using AgePassphrase passphrase = AgeTestFiles.Passphrase("x");

        Assert.Throws<ArgumentException>(
            () => AgeTestFiles.Encrypt([], _identity.Recipient, _classic.Recipient));
        Assert.Throws<ArgumentException>(
            () => AgeTestFiles.Encrypt([], _classic.Recipient, _identity.Recipient));
        Assert.Throws<ArgumentException>(() => AgeTestFiles.Encrypt([], _identity.Recipient, passphrase));
        Assert.True(AgeRecipient.AreMixed([_identity.Recipient, _classic.Recipient]));
        Assert.False(AgeRecipient.AreMixed([_identity.Recipient]));
        Assert.False(AgeRecipient.AreMixed([]));
    }

    [Fact]
    public void An_identity_file_can_contain_identities_of_both_kinds()
    {
        byte[] file = AgeIdentityFile.Format([_identity, _classic], DateTimeOffset.UnixEpoch);

        IReadOnlyList<AgeIdentity> read = AgeIdentityFile.Parse(new MemoryStream(file));

        Assert.Equal([_identity.Recipient, _classic.Recipient], read.Select(identity => identity.Recipient));
        Assert.StartsWith(
            $"# created: 1970-01-01T00:00:00Z\n# public key: {_identity.Recipient}\nAGE-SECRET-KEY-PQ-1",
            Encoding.ASCII.GetString(file),
            StringComparison.Ordinal);
        foreach (AgeIdentity identity in read)
        {
            identity.Dispose();
        }
    }

    private static string Encoded(byte[] publicKey)
    {
        char[] text = new char[EtcdBackupAgent.Archive.Age.Bech32.Length("age1pq", publicKey.Length)];
        EtcdBackupAgent.Archive.Age.Bech32.Encode("age1pq", publicKey, text);
        return new string(text);
    }
}

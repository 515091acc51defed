using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Archive.Hashing;
using EtcdBackupAgent.Tests.Archive.Streams;
using Xunit;

namespace EtcdBackupAgent.Tests.Archive.Age;

public sealed class AgeRoundTripTests : IDisposable
{
    private const int Chunk = 64 * 1024;

    private readonly AgeIdentity _identity = AgeIdentity.Generate();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(Chunk - 1)]
    [InlineData(Chunk)]
    [InlineData(Chunk + 1)]
    [InlineData((2 * Chunk) - 1)]
    [InlineData(2 * Chunk)]
    [InlineData((2 * Chunk) + 1)]
    [InlineData(1_000_003)]
    public async Task An_encrypted_file_decrypts_to_its_content_with_any_read_size(int bytes)
    {
        byte[] plain = TestBytes.Mixed(seed: bytes, bytes);
        int[][] readSizes = [[1000], [Chunk], [Chunk + 16], [7, 70_000, 1], [200_000]];
        foreach (int[] pieces in readSizes)
        {
            await using AgeEncryptionStream encrypted = new(
                new RaggedStream(plain, seed: 1), [_identity.Recipient]);
            byte[] file = await TestBytes.ReadInPiecesAsync(encrypted, pieces);
            await using AgeDecryptionStream decrypted = new(
                new RaggedStream(file, seed: 2), [_identity]);

            Assert.Equal(plain, await TestBytes.ReadInPiecesAsync(decrypted, pieces));

            // Header (version line, stanza of two lines, MAC), nonce, and a tag for each chunk.
            int chunks = Math.Max(1, (bytes + Chunk - 1) / Chunk);
            Assert.Equal(22 + 54 + 44 + 48 + 16 + bytes + (16 * chunks), file.Length);
        }
    }

    [Fact]
    public void Only_the_recipients_of_a_file_can_open_it()
    {
        using AgeIdentity second = AgeIdentity.Generate();
        using AgeIdentity stranger = AgeIdentity.Generate();
        using AgePassphrase passphrase = AgeTestFiles.Passphrase("not of this file");
        byte[] plain = TestBytes.Mixed(seed: 1, 100);

        byte[] file = AgeTestFiles.Encrypt(plain, _identity.Recipient, second.Recipient);

        Assert.Equal(plain, AgeTestFiles.Decrypt(file, _identity));
        Assert.Equal(plain, AgeTestFiles.Decrypt(file, passphrase, stranger, second));
        Assert.Equal(AgeFailure.NoMatchingIdentity, AgeTestFiles.FailureOf(() => AgeTestFiles.Decrypt(file, stranger)));
        Assert.Equal(
            AgeFailure.NoMatchingIdentity, AgeTestFiles.FailureOf(() => AgeTestFiles.Decrypt(file, passphrase)));
    }

    [Fact]
    public void A_passphrase_opens_its_file_and_another_does_not()
    {
        using AgePassphrase right = AgeTestFiles.Passphrase("käse und brot");
        using AgePassphrase wrong = AgeTestFiles.Passphrase("käse und brot ");
        using AgePassphrase sameAsBytes = new("käse und brot"u8);
        byte[] plain = TestBytes.Mixed(seed: 2, 70_000);

        byte[] file = AgeTestFiles.Encrypt(plain, right);

        Assert.Equal(plain, AgeTestFiles.Decrypt(file, sameAsBytes));
        Assert.Equal(plain, AgeTestFiles.Decrypt(file, wrong, right));
        Assert.Equal(AgeFailure.WrongPassphrase, AgeTestFiles.FailureOf(() => AgeTestFiles.Decrypt(file, wrong)));
        Assert.Equal(
            AgeFailure.NoMatchingIdentity, AgeTestFiles.FailureOf(() => AgeTestFiles.Decrypt(file, _identity)));
    }

    [Fact]
    public void Encrypting_the_same_content_twice_gives_different_files()
    {
        byte[] first = AgeTestFiles.Encrypt([1, 2, 3], _identity.Recipient);
        byte[] second = AgeTestFiles.Encrypt([1, 2, 3], _identity.Recipient);

        // Share, wrapped key, MAC, nonce and chunk differ; only the fixed words of the header are the same.
        Assert.InRange(first.Zip(second).Count(pair => pair.First == pair.Second), 0, 70);
    }

    [Fact]
    public void No_recipient_or_a_passphrase_among_other_recipients_is_refused()
    {
        using AgePassphrase passphrase = AgeTestFiles.Passphrase("x");

        Assert.Throws<ArgumentException>(() => AgeTestFiles.Encrypt([]));
        Assert.Throws<ArgumentException>(() => AgeTestFiles.Encrypt([], passphrase, _identity.Recipient));
        Assert.Throws<ArgumentException>(() => AgeTestFiles.Encrypt([], passphrase, passphrase));
        Assert.Throws<ArgumentException>(() => AgeTestFiles.Decrypt([]));
    }

    [Fact]
    public void Encrypting_and_decrypting_256_MiB_needs_constant_memory()
    {
        const long plainBytes = 256L << 20;
        byte[] buffer = new byte[1 << 20];
        using DigestingStream plain = new(new EndlessBytes(plainBytes));
        using AgeEncryptionStream encrypted = new(plain, [_identity.Recipient]);
        using AgeDecryptionStream decrypted = new(encrypted, [_identity]);
        using DigestingStream restored = new(decrypted);
        Assert.True(restored.Read(buffer) > 0);
        long workingSetBefore = Environment.WorkingSet;
        long allocatedBefore = GC.GetAllocatedBytesForCurrentThread();

        while (restored.Read(buffer) > 0)
        {
        }

        // 4096 chunks in each direction: less than 16 bytes per chunk.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - allocatedBefore, 0, 64 << 10);
        Assert.InRange(Environment.WorkingSet - workingSetBefore, long.MinValue, 50 << 20);
        Assert.Equal(plainBytes, restored.BytesRead);
        Assert.Equal(plain.Digest(), restored.Digest());
    }

    [Fact]
    public async Task A_read_can_be_cancelled_and_an_error_of_the_source_passes_through()
    {
        await using AgeEncryptionStream stream = new(new FailingStream(), [_identity.Recipient]);

        await Assert.ThrowsAsync<TaskCanceledException>(
            () => stream.CopyToAsync(Stream.Null, new CancellationToken(canceled: true)));
        TimeoutException e = await Assert.ThrowsAsync<TimeoutException>(() => stream.CopyToAsync(Stream.Null));
        Assert.Equal("the source", e.Message);
    }

    public void Dispose() => _identity.Dispose();

    private sealed class FailingStream : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw new TimeoutException("the source");
    }
}

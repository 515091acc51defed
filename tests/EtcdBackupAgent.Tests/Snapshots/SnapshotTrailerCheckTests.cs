using System.Security.Cryptography;
using EtcdBackupAgent.Snapshots;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace EtcdBackupAgent.Tests.Snapshots;

public sealed class SnapshotTrailerCheckTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(512)]
    [InlineData(4096)]
    public void A_database_followed_by_its_digest_is_valid(int databaseBytes) =>
        Assert.Equal(SnapshotTrailerResult.Valid, Check(Snapshot(databaseBytes), pieceBytes: int.MaxValue));

    [Theory]
    [InlineData(0)]
    [InlineData(31)]
    [InlineData(512)]
    [InlineData(512 + 31)]
    [InlineData(512 + 33)]
    public void A_snapshot_whose_size_does_not_fit_a_trailer_has_none(int sizeBytes) =>
        Assert.Equal(SnapshotTrailerResult.Missing, Check(new byte[sizeBytes], pieceBytes: int.MaxValue));

    [Theory]
    [InlineData(0)]
    [InlineData(1023)]
    [InlineData(1024)]
    [InlineData(1024 + 31)]
    public void A_changed_byte_in_the_database_or_in_the_trailer_is_a_mismatch(int position)
    {
        byte[] snapshot = Snapshot(1024);
        snapshot[position] ^= 0x10;

        Assert.Equal(SnapshotTrailerResult.Mismatch, Check(snapshot, pieceBytes: int.MaxValue));
    }

    [Fact]
    public void Every_piece_size_gives_the_same_result()
    {
        byte[] snapshot = Snapshot(1024);
        byte[] damaged = [.. snapshot];
        damaged[700] ^= 1;

        for (int pieceBytes = 1; pieceBytes <= 100; pieceBytes++)
        {
            Assert.Equal(SnapshotTrailerResult.Valid, Check(snapshot, pieceBytes));
            Assert.Equal(SnapshotTrailerResult.Mismatch, Check(damaged, pieceBytes));
        }
    }

    [Fact]
    public void Pieces_of_random_sizes_give_the_same_result() =>
        Prop.ForAll(
            ArbMap.Default.ArbFor<byte[][]>(),
            ArbMap.Default.ArbFor<bool>(),
            (pieces, damage) =>
            {
                byte[] database = new byte[2048];
                new Random(1).NextBytes(database);
                byte[] snapshot = [.. database, .. SHA256.HashData(database)];
                snapshot[5] ^= damage ? (byte)1 : (byte)0;
                using SnapshotTrailerCheck check = new();
                int position = 0;
                foreach (int length in pieces.Select(piece => piece.Length))
                {
                    int pieceLength = Math.Min(length, snapshot.Length - position);
                    check.Append(snapshot.AsSpan(position, pieceLength));
                    position += pieceLength;
                }

                check.Append(snapshot.AsSpan(position));
                return check.Finish() == (damage ? SnapshotTrailerResult.Mismatch : SnapshotTrailerResult.Valid);
            }).QuickCheckThrowOnFailure();

    private static byte[] Snapshot(int databaseBytes)
    {
        byte[] database = new byte[databaseBytes];
        new Random(databaseBytes).NextBytes(database);
        return [.. database, .. SHA256.HashData(database)];
    }

    private static SnapshotTrailerResult Check(byte[] snapshot, int pieceBytes)
    {
        using SnapshotTrailerCheck check = new();
        foreach (byte[] piece in snapshot.Chunk(pieceBytes))
        {
            check.Append(piece);
        }

        return check.Finish();
    }
}

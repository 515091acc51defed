using System.Security.Cryptography;
using EtcdBackupAgent.Archive.Streams;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Snapshots.Verification;
using Xunit;

namespace EtcdBackupAgent.Tests.Core;

/// <summary>
/// Bytes with the outer form of an etcd snapshot: whole sectors, then their SHA-256. The content is random.
/// </summary>
internal static class SnapshotBytes
{
    public static byte[] Create(int databaseBytes, int seed = 1)
    {
        Assert.Equal(0, databaseBytes % 512);
        byte[] database = new byte[databaseBytes];
        new Random(seed).NextBytes(database);
        return [.. database, .. SHA256.HashData(database)];
    }

    /// <summary>Returns a source with these bytes, which may fail halfway.</summary>
    /// <param name="snapshot">The bytes.</param>
    /// <param name="failure">The exception that reading throws halfway; null for none.</param>
    /// <param name="halfway">The action that runs halfway.</param>
    /// <param name="hashKv">Returns HashKV; null for <see cref="SampleSnapshots.Hash"/> without a delay.</param>
    /// <param name="member">Changes the member; null for no change.</param>
    public static ISnapshotSource Source(
        byte[] snapshot,
        Exception? failure = null,
        Action? halfway = null,
        Func<CancellationToken, Task<HashKv>>? hashKv = null,
        Func<EtcdMember, EtcdMember>? member = null) =>
        new FixedSource(
            snapshot,
            failure,
            halfway,
            hashKv ?? (_ => Task.FromResult(SampleSnapshots.Hash)),
            member ?? (same => same));

    private sealed class FixedSource(
        byte[] snapshot,
        Exception? failure,
        Action? halfway,
        Func<CancellationToken, Task<HashKv>> hashKv,
        Func<EtcdMember, EtcdMember> change) : ISnapshotSource
    {
        public Task<EtcdSnapshot> OpenForChangesAsync(
            EtcdId preferredMember, CancellationToken cancellationToken) => OpenAsync(cancellationToken);

        public Task<EtcdSnapshot> OpenAsync(CancellationToken cancellationToken)
        {
            Stream content = new InterruptibleStream(snapshot, failure, halfway);
            EtcdMember sample = SampleSnapshots.Create(SampleSnapshots.NewYear).Manifest.Etcd!;
            EtcdMember member = change(sample) with { HashKv = null };
            return Task.FromResult(new EtcdSnapshot(member, snapshot.Length, content, hashKv)
            {
                HasRevisionAsync = (_, _) => Task.FromResult(true),
            });
        }
    }

    private sealed class InterruptibleStream(byte[] snapshot, Exception? failure, Action? halfway)
        : PullStream(new MemoryStream(snapshot))
    {
        /// <summary>Returns few bytes at a time, so that every layer makes many reads.</summary>
        private const int ReadBytesMax = 1000;

        private Action? _halfway = halfway;

        protected override int Pull(Span<byte> buffer)
        {
            if (Source.Position >= Source.Length / 2)
            {
                if (failure is not null)
                {
                    throw failure;
                }

                _halfway?.Invoke();
                _halfway = null;
            }

            return Source.Read(buffer[..Math.Min(buffer.Length, ReadBytesMax)]);
        }

        protected override ValueTask<int> PullAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
            ValueTask.FromResult(Pull(buffer.Span));
    }
}

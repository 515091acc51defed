using System.Security.Cryptography;
using EtcdBackupAgent.Archive.Streams;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Snapshots.Verification;
using Xunit;

namespace EtcdBackupAgent.Tests.Core;

/// <summary>Bytes that have the outer form of an etcd snapshot: whole sectors, then their SHA-256. What is inside is noise.</summary>
internal static class SnapshotBytes
{
    public static byte[] Create(int databaseBytes, int seed = 1)
    {
        Assert.Equal(0, databaseBytes % 512);
        byte[] database = new byte[databaseBytes];
        new Random(seed).NextBytes(database);
        return [.. database, .. SHA256.HashData(database)];
    }

    /// <summary>A source that gives these bytes, and may fail on the way.</summary>
    /// <param name="snapshot">The bytes.</param>
    /// <param name="failure">What reading ends with, halfway; null for none.</param>
    /// <param name="halfway">What happens halfway.</param>
    /// <param name="hashKv">How HashKV is answered; null for <see cref="SampleSnapshots.Hash"/>, at once.</param>
    /// <param name="member">What is different about the member; null for nothing.</param>
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
        public Task<EtcdSnapshot> OpenAsync(CancellationToken cancellationToken)
        {
            Stream content = new InterruptibleStream(snapshot, failure, halfway);
            EtcdMember sample = SampleSnapshots.Create(SampleSnapshots.NewYear).Manifest.Etcd;
            EtcdMember member = change(sample) with { HashKv = null };
            return Task.FromResult(new EtcdSnapshot(member, snapshot.Length, content, hashKv));
        }
    }

    private sealed class InterruptibleStream(byte[] snapshot, Exception? failure, Action? halfway)
        : PullStream(new MemoryStream(snapshot), leaveOpen: false)
    {
        /// <summary>Small reads, so that every layer sees many.</summary>
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

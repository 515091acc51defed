namespace EtcdBackupAgent.Snapshots.ChangeLog;

/// <summary>A segment of a path, by the revisions in its name.</summary>
/// <param name="Name">How messages name it.</param>
/// <param name="First">The first revision.</param>
/// <param name="Last">The last revision; <paramref name="First"/> − 1 if it has no records.</param>
/// <param name="OpenAsync">Opens the bytes of the segment. The reader disposes the stream.</param>
public sealed record LogSegment(
    string Name, long First, long Last, Func<CancellationToken, Task<Stream>> OpenAsync);

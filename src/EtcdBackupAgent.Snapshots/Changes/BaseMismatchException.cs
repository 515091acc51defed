namespace EtcdBackupAgent.Snapshots.Changes;

/// <summary>
/// Base and changes do not belong together. The message names the record that the base does not have, or the digests
/// that differ.
/// </summary>
public sealed class BaseMismatchException(string difference)
    : Exception($"The base and the changes do not belong together: {difference}.");

namespace EtcdBackupAgent.Snapshots.Verification;

/// <summary>
/// Receives the stored values of a snapshot, history included, in the order of their revisions, so that a caller who
/// knows what they mean can count them in the pass that is made anyway.
/// </summary>
/// <param name="key">The key; valid during the call.</param>
/// <param name="value">The value; valid during the call.</param>
public delegate void StoredValueReceiver(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value);

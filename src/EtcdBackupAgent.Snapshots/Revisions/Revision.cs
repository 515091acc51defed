namespace EtcdBackupAgent.Snapshots.Revisions;

/// <summary>The revision of a change: its transaction, and its place in the transaction.</summary>
/// <param name="Main">The revision of the store, which each transaction with changes increases by one.</param>
/// <param name="Sub">The number of the change in the transaction, from 0.</param>
internal readonly record struct Revision(long Main, long Sub)
{
    public override string ToString() => Sub == 0 ? $"{Main}" : $"{Main}.{Sub}";
}

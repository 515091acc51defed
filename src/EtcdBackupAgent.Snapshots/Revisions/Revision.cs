namespace EtcdBackupAgent.Snapshots.Revisions;

/// <summary>When a change was made: the transaction, and the place of the change in it.</summary>
/// <param name="Main">What etcd calls the revision of the store: one more for every transaction that changes something.</param>
/// <param name="Sub">From 0 on, within the transaction.</param>
internal readonly record struct Revision(long Main, long Sub)
{
    public override string ToString() => Sub == 0 ? $"{Main}" : $"{Main}.{Sub}";
}

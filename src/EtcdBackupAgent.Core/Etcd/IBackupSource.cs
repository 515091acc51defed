namespace EtcdBackupAgent.Core.Etcd;

/// <summary>
/// What the state of a cluster is read from: etcd (<see cref="ISnapshotSource"/>) or an API server
/// (<c>IObjectSource</c>).
/// </summary>
public interface IBackupSource;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>The revision that was restored, if it was not the snapshot's own.</summary>
/// <param name="Revision">The revision of etcd.</param>
/// <param name="Moment">What is known about its time; null if it was not selected by its time.</param>
internal sealed record RestoredPoint(long Revision, RestoredMoment? Moment);

/// <summary>A moment that was restored.</summary>
/// <param name="Time">The moment.</param>
/// <param name="IsExact">Whether no other revision can be meant.</param>
/// <param name="Certainty">How certain the revision is, as a sentence for users.</param>
internal sealed record RestoredMoment(DateTimeOffset Time, bool IsExact, string Certainty);

using System.Runtime.InteropServices;
using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Commands;

/// <summary>The exit codes of the process, as in the table of <c>docs/cli.md</c>. Scripts rely on them.</summary>
internal static class ExitCodes
{
    public const int Success = 0;

    /// <summary>What <c>diff</c> returns: the sides of a comparison differ.</summary>
    public const int Different = 1;

    /// <summary>
    /// A fault of the program in a comparison, where 1 means a difference; or a part of a side could not be compared.
    /// </summary>
    public const int ComparisonTrouble = 2;

    /// <summary>A restore of objects is done, but for some objects.</summary>
    public const int PartlyRestored = 11;

    public static int Of(FailureReason reason) => reason switch
    {
        FailureReason.Unexpected => 1,
        FailureReason.InvalidInput => 2,
        FailureReason.EtcdUnreachable or FailureReason.EtcdDenied or FailureReason.EtcdFailed
            or FailureReason.SnapshotBroken => 3,
        FailureReason.StoreUnreachable or FailureReason.StoreDenied or FailureReason.StoreFull
            or FailureReason.StoreUnsupported or FailureReason.StoreFailed or FailureReason.ObjectNotFound => 4,
        FailureReason.RepositoryNotFound or FailureReason.RepositoryExists or FailureReason.RepositoryUnsupported
            or FailureReason.SnapshotNotFound or FailureReason.SnapshotAmbiguous
            or FailureReason.KubernetesObjectMissing => 5,
        FailureReason.DataDamaged => 6,
        FailureReason.CertificatesUnreadable or FailureReason.TargetUnusable => 7,
        FailureReason.Refused or FailureReason.ObjectLocked => 8,
        FailureReason.KeyRefused or FailureReason.ProtectionChanged => 9,
        FailureReason.KubernetesUnreachable or FailureReason.KubernetesDenied or FailureReason.KubernetesConflict
            or FailureReason.KubernetesFailed => 10,
        FailureReason.Cancelled => Of(PosixSignal.SIGINT),
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, "The reason has no exit code."),
    };

    /// <summary>128 plus the signal's number, as shells report it.</summary>
    public static int Of(PosixSignal signal) => signal == PosixSignal.SIGTERM ? 143 : 130;
}

using EtcdBackupAgent.Commands;
using EtcdBackupAgent.Core.Failures;
using Xunit;

namespace EtcdBackupAgent.Tests.Commands;

public sealed class ExitCodesTests
{
    /// <summary>Scripts rely on these numbers (docs/cli.md, "Exit codes"): a number here never changes.</summary>
    private const string Codes = """
        1: Unexpected
        2: InvalidInput
        3: EtcdUnreachable EtcdDenied EtcdFailed SnapshotBroken
        4: StoreUnreachable StoreDenied StoreFull StoreUnsupported StoreFailed ObjectNotFound
        5: RepositoryNotFound RepositoryExists RepositoryUnsupported SnapshotNotFound SnapshotAmbiguous KubernetesObjectMissing
        6: DataDamaged
        7: CertificatesUnreadable TargetUnusable
        8: Refused ObjectLocked
        9: KeyRefused ProtectionChanged
        10: KubernetesUnreachable KubernetesDenied KubernetesConflict KubernetesFailed
        130: Cancelled
        """;

    [Fact]
    public void Every_reason_has_the_exit_code_that_scripts_know()
    {
        IEnumerable<string> known = Codes.Split('\n').SelectMany(line =>
        {
            string[] words = line.Split([':', ' '], StringSplitOptions.RemoveEmptyEntries);
            return words[1..].Select(reason => $"{reason} {words[0]}");
        });

        Assert.Equal(
            Enum.GetValues<FailureReason>().Select(reason => $"{reason} {ExitCodes.Of(reason)}").Order(),
            known.Order());
    }
}

using EtcdBackupAgent.Core.Artifacts;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.ObjectLines;
using EtcdBackupAgent.Snapshots;
using EtcdBackupAgent.Snapshots.Verification;

namespace EtcdBackupAgent.Core.Verification;

/// <summary>The check of a snapshot's objects: every line is JSON, and none is missing.</summary>
internal static class ObjectsCheck
{
    /// <summary>Fetches and checks the objects.</summary>
    /// <returns>Null if the bytes are not those that were backed up; the reason was added to the problems.</returns>
    public static async Task<VerificationCheck?> RunAsync(
        ArtifactReader reader,
        SnapshotManifest manifest,
        string scratchDirectory,
        List<string> transferProblems,
        CancellationToken cancellationToken)
    {
        ArtifactManifest objects = manifest.Objects!;
        ScratchFile scratch;
        try
        {
            scratch = await ObjectLineFile.FetchAsync(reader, objects, scratchDirectory, cancellationToken);
        }
        catch (BackupException e) when (e.Reason == FailureReason.DataDamaged)
        {
            transferProblems.Add(e.Message);
            return null;
        }

        using (scratch)
        {
            return await scratch.ReadAsync(
                file => Examine(
                    new ObjectLineReader(file, objects.PlainBytes, manifest.Revision),
                    manifest.Cluster!.Objects,
                    cancellationToken),
                cancellationToken);
        }
    }

    private static VerificationCheck Examine(
        ObjectLineReader lines, long expected, CancellationToken cancellationToken)
    {
        try
        {
            long found = lines.Check(cancellationToken);
            return found == expected
                ? Result(CheckResult.Passed, $"{found} objects", [])
                : Result(
                    CheckResult.Failed,
                    $"{found} objects",
                    [$"There are {found} objects, but the manifest says {expected}."]);
        }
        catch (SnapshotDamagedException e)
        {
            return Result(
                CheckResult.Failed,
                "the objects cannot be read to their end, although their bytes are those that were backed up",
                [e.Message]);
        }
    }

    private static VerificationCheck Result(CheckResult result, string detail, string[] problems) =>
        new() { Part = VerifiedPart.Objects, Result = result, Detail = detail, Problems = problems };
}

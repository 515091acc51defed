using EtcdBackupAgent.Core.Artifacts;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Core.ObjectLines;

/// <summary>The objects of a snapshot in a file without a name, while they are read.</summary>
internal static class ObjectLineFile
{
    /// <summary>Fetches the objects. When this returns, every size and digest was compared.</summary>
    /// <param name="reader">Reads the artifact.</param>
    /// <param name="objects">The artifact.</param>
    /// <param name="scratchDirectory">Has room for the objects.</param>
    /// <param name="cancellationToken">A cancelled call leaves nothing behind.</param>
    /// <returns>The file, which the caller disposes.</returns>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.DataDamaged"/>, <see cref="FailureReason.KeyRefused"/>,
    /// <see cref="FailureReason.TargetUnusable"/> for the scratch directory, or the store's reason.
    /// </exception>
    public static async Task<ScratchFile> FetchAsync(
        ArtifactReader reader,
        ArtifactManifest objects,
        string scratchDirectory,
        CancellationToken cancellationToken)
    {
        reader.RequireKey(objects);
        ScratchFile scratch = ScratchFile.Create(scratchDirectory, objects.PlainBytes);
        try
        {
            await scratch.FillAsync(async (file, _) =>
            {
                await reader.ReadAsync(
                    objects, plain => plain.CopyToAsync(file, cancellationToken), cancellationToken);
                return objects.PlainBytes;
            });
            return scratch;
        }
        catch
        {
            scratch.Dispose();
            throw;
        }
    }
}

using System.Diagnostics;
using EtcdBackupAgent.Archive.Tar;
using EtcdBackupAgent.Core.Artifacts;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Core.Backups;

/// <summary>The step of a backup, or of an import, that stores the certificates directory.</summary>
internal static class CertificatesStep
{
    /// <param name="writer">Stores the archive.</param>
    /// <param name="directory">The directory.</param>
    /// <param name="onWarning">Receives what cannot be archived, such as a socket.</param>
    /// <param name="cancellationToken">A cancelled call stores no complete object.</param>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.CertificatesUnreadable"/>, or the store's reason.
    /// </exception>
    public static async Task<ArtifactManifest> StoreAsync(
        ArtifactWriter writer, string directory, Action<string> onWarning, CancellationToken cancellationToken)
    {
        using Activity? span = BackupTrace.Start("certificates");
        try
        {
            await using Stream tar = DirectoryTarStream.Open(directory, onWarning);
            return await writer.StoreCertificatesAsync(tar, cancellationToken);
        }
        catch (DirectoryReadException e)
        {
            throw new BackupException(FailureReason.CertificatesUnreadable, e.Message, e)
            {
                Hint = "The agent must be able to read every file below the certificates directory.",
            };
        }
    }
}

using System.Security.Cryptography;
using System.Text.Json;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Resources.Directories;

/// <summary>
/// Stores the pins beside the documents, in one file per location: <c>.pins/NAMESPACE.NAME.json</c>. Because of the
/// dot, the directory is not read as documents; a namespace has no dot, so no two locations share a file. Only the
/// owner can read and write it.
/// </summary>
/// <param name="directory">The directory of the documents, which <see cref="DirectoryResourceStore"/> reads.</param>
public sealed class DirectoryRecipientPins(string directory) : IRecipientPins
{
    public const string SubdirectoryName = ".pins";

    private const UnixFileMode OwnerOnlyFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnerOnlyDirectory = OwnerOnlyFile | UnixFileMode.UserExecute;

    public async Task<PinnedRecipients?> ReadAsync(ResourceName location, CancellationToken cancellationToken)
    {
        string path = PathOf(location);
        try
        {
            return RecipientPinFile.Read(await File.ReadAllBytesAsync(path, cancellationToken));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (JsonException e)
        {
            throw new BackupException(
                FailureReason.InvalidInput,
                $"{path}, which contains the pinned recipients of BackupLocation {location}, is damaged: "
                + $"{e.Message.TrimEnd('.')}.",
                e)
            {
                Hint = "Compare the recipients that 'etcd-backup-agent key list' shows with those you expect; if they "
                    + "are correct, delete the file, and the next backup pins them again.",
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BackupException(
                FailureReason.InvalidInput,
                $"The pinned recipients of BackupLocation {location} cannot be read: {e.Message}",
                e)
            {
                Hint = $"Make {path} readable for the user that the agent runs as.",
            };
        }
    }

    /// <remarks>
    /// 1. Write a new file beside the old one, and flush it to the disk.
    /// 2. Rename it over the old one. A reader sees either the old pin or the new one.
    /// </remarks>
    public async Task WriteAsync(ResourceName location, PinnedRecipients pin, CancellationToken cancellationToken)
    {
        string path = PathOf(location);
        string pending = $"{path}.{RandomNumberGenerator.GetHexString(8, lowercase: true)}.tmp";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!, OwnerOnlyDirectory);
            try
            {
                // 1
                await WriteNewAsync(pending, RecipientPinFile.Write(pin), cancellationToken);

                // 2
                File.Move(pending, path, overwrite: true);
            }
            finally
            {
                File.Delete(pending);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BackupException(
                FailureReason.InvalidInput,
                $"The recipients of BackupLocation {location} cannot be pinned: {e.Message}",
                e)
            {
                Hint = $"Make {Path.Combine(directory, SubdirectoryName)} writable for one backup, or write the "
                    + "recipients into spec.encryption.recipients of the BackupLocation, which needs no pin.",
            };
        }
    }

    private static async Task WriteNewAsync(string path, byte[] content, CancellationToken cancellationToken)
    {
        await using FileStream file = new(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Options = FileOptions.Asynchronous,
            UnixCreateMode = OwnerOnlyFile,
        });
        await file.WriteAsync(content, cancellationToken);
        file.Flush(flushToDisk: true);
    }

    private string PathOf(ResourceName location) =>
        Path.Combine(directory, SubdirectoryName, $"{location.Namespace}.{location.Name}.json");
}

using System.Text;
using EtcdBackupAgent.Archive.Signatures;
using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Commands;

/// <summary>Writes new signing keys to files that only their owner can read.</summary>
internal static class SigningKeyFile
{
    /// <summary>Makes a key in a new file, and returns its public half.</summary>
    /// <param name="option">The option that names the file, for messages.</param>
    /// <param name="path">The file. It must not exist.</param>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/>: the file exists, or cannot be written.
    /// </exception>
    public static SshPublicKey Create(string option, string path)
    {
        using SigningKey key = SigningKey.Create();
        Write(option, path, key);
        return key.PublicKey;
    }

    /// <summary>Writes a key to a new file.</summary>
    /// <inheritdoc cref="Create"/>
    public static void Write(string option, string path, SigningKey key)
    {
        try
        {
            using FileStream file = new(path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
            file.Write(Encoding.ASCII.GetBytes(key.ToPem()));
            file.Flush(flushToDisk: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BackupException(
                FailureReason.InvalidInput, $"{option} {path} cannot be written: {e.Message}", e)
            {
                Hint = "Name a new file: an existing one is never replaced, because it may be a key in use.",
            };
        }
    }
}

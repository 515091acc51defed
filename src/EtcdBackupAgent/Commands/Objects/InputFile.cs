using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Commands.Objects;

/// <summary>A file that an option names.</summary>
internal static class InputFile
{
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>: it cannot be read.</exception>
    public static async Task<string> ReadAsync(string option, string file, CancellationToken cancellationToken)
    {
        try
        {
            return await File.ReadAllTextAsync(file, cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BackupException(FailureReason.InvalidInput, $"{option} {file} cannot be read: {e.Message}", e);
        }
    }
}

using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Core.Restores;

/// <summary>
/// Whether the directories of one restore go together: two that are one, or one in the other, would lose what is in
/// them.
/// </summary>
internal static class RestorePaths
{
    /// <remarks>
    /// One exception: the log may lie in the data directory, which some people have as <c>DIR/wal</c>, though not in
    /// <c>DIR/member</c>, which appears as a whole.
    /// </remarks>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>.</exception>
    public static void RequireApart(DataDirectoryRequest request)
    {
        string data = Real(request.DataDirectory);
        string member = Path.Combine(data, "member");
        if (request.WalDirectory is { } walDirectory)
        {
            string wal = Real(walDirectory);
            if (IsIn(wal, member) || IsIn(data, wal))
            {
                throw Mistake("--wal-dir", walDirectory, "--data-dir", request.DataDirectory);
            }
        }

        if (request.CertificatesDirectory is { } certificates)
        {
            RequireApart(certificates, "--data-dir", request.DataDirectory);
            RequireApart(certificates, "--wal-dir", request.WalDirectory);
        }
    }

    private static void RequireApart(string certificates, string otherOption, string? other)
    {
        if (other is not null && (IsIn(Real(certificates), Real(other)) || IsIn(Real(other), Real(certificates))))
        {
            throw Mistake("--certs-to", certificates, otherOption, other);
        }
    }

    /// <summary>The absolute path with all symbolic links in it followed, as far as it is there.</summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.TargetUnusable"/>: links that lead in a circle.
    /// </exception>
    private static string Real(string path)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (Path.GetDirectoryName(full) is not { } parent)
        {
            return full;
        }

        DirectoryInfo here = new(Path.Combine(Real(parent), Path.GetFileName(full)));
        try
        {
            return here.LinkTarget is null
                ? here.FullName
                : Real(here.ResolveLinkTarget(returnFinalTarget: true)!.FullName);
        }
        catch (IOException e)
        {
            throw RestoreTarget.Unusable(path, e);
        }
    }

    /// <summary>Whether a path is a directory itself, or lies in it.</summary>
    private static bool IsIn(string path, string directory) =>
        path == directory || path.StartsWith($"{directory.TrimEnd('/')}/", StringComparison.Ordinal);

    private static BackupException Mistake(string option, string path, string otherOption, string other) =>
        new(
            FailureReason.InvalidInput,
            $"{option} {path} does not go with {otherOption} {other}: one is the other, or lies in it.")
        {
            Hint = "Name directories that lie apart; of all, only the log's may be in the data directory, as DIR/wal.",
        };
}

using EtcdBackupAgent.Archive.Posix;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Core.Places;

/// <summary>
/// Checks that the directories of one run do not contain each other, before anything is read or written.
/// </summary>
/// <remarks>
/// <list type="table">
/// <item><term>repository, certificates directory</term><description>must be separate: each backup would contain all
/// previous ones, or back up the repository's own objects</description></item>
/// <item><term>scratch directory in the repository</term><description>refused: plaintext that is there for a moment
/// would be on the repository's disk. The repository may be in the scratch directory, because scratch files have no
/// names.</description></item>
/// <item><term>scratch directory, certificates directory</term><description>either may contain the other, for the same
/// reason</description></item>
/// <item><term>restore target, repository</term><description>must be separate: a target is filled, renamed and
/// emptied</description></item>
/// <item><term>restore targets</term><description>must be separate from each other</description></item>
/// <item><term>etcd's log in the data directory</term><description>allowed, because some installations have it as
/// <c>DIR/wal</c>; but not in <c>DIR/member</c>, and not the other way round</description></item>
/// <item><term>snapshot target in the certificates directory</term><description>refused if the policy is known: the
/// next backup would contain it. Certificates may be restored to their original directory.</description></item>
/// <item><term>directory of resources in the repository</term><description>refused: it may contain the passphrase. The
/// repository may be in the directory of resources, which is not read below its first level.</description></item>
/// </list>
/// </remarks>
public static class SeparatePlaces
{
    private const string Repository = "the repository";
    private const string OneContainsOther = "one directory would contain the other";

    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>, naming both places.</exception>
    public static void RequireForBackup(IObjectStore store, string? certificates, string? scratch)
    {
        if (store.LocalDirectory is not { } repository)
        {
            return;
        }

        if (certificates is not null)
        {
            Named source = new("the certificates directory", certificates);
            Named target = new(Repository, repository);
            const string sourceHint =
                "Keep the repository outside the directory that is backed up, and the other way round.";
            Refuse(target, source, "each backup would contain all previous backups", sourceHint);
            Refuse(source, target, "the repository's directory must contain only its own objects", sourceHint);
        }

        RequireForScratch(store, scratch);
    }

    /// <inheritdoc cref="RequireForBackup"/>
    public static void RequireForScratch(IObjectStore store, string? scratch)
    {
        if (store.LocalDirectory is { } repository && scratch is not null)
        {
            Refuse(
                new Named("the scratch directory", scratch),
                new Named(Repository, repository),
                "temporary data must not be on the repository's disk",
                "Choose another scratch directory.",
                Setting.ScratchDirectory);
        }
    }

    /// <summary>For a copy of a repository.</summary>
    /// <inheritdoc cref="RequireForBackup"/>
    public static void RequireForCopy(IObjectStore source, IObjectStore target)
    {
        if (target.LocalDirectory is { } copy)
        {
            RequireApart(source, "Use a separate directory for each.", new Named("the directory of the copy", copy));
        }
        else if (source.Address == target.Address)
        {
            throw new BackupException(
                FailureReason.InvalidInput, $"{source.Address} is both the repository and its copy.");
        }
    }

    /// <inheritdoc cref="RequireForBackup"/>
    public static void RequireForRestore(IObjectStore? store, string target) =>
        RequireApart(store, "Use a separate directory for each.", new Named("the directory to restore to", target));

    /// <summary>For a restore to a data directory.</summary>
    /// <inheritdoc cref="RequireForBackup"/>
    public static void RequireForDataDirectory(IObjectStore? store, string data, string? log, string? certificates)
    {
        const string hint = "Use a separate directory for each. The log's directory may be in the data directory, as "
            + "DIR/wal.";
        Named dataDirectory = new("the data directory", data);
        Named? logs = log is null ? null : new Named("the directory for etcd's log", log);
        Named? pki = certificates is null ? null : new Named("the directory for the certificates", certificates);
        RequireApart(store, hint, dataDirectory, pki);
        RequireApart(store, hint, logs, pki);
        if (logs is not null)
        {
            Named member = new("the member's directory", Path.Combine(data, "member"));
            Refuse(logs, member, "the restore creates that directory as a whole", hint);
            Refuse(dataDirectory, logs, OneContainsOther, hint);
        }
    }

    /// <summary>For a target of a whole snapshot, not for a target of certificates alone.</summary>
    /// <inheritdoc cref="RequireForBackup"/>
    public static void RequireOutsideOfSource(string target, string certificates) => Refuse(
        new Named("the directory to restore to", target),
        new Named("the policy's certificates directory", certificates),
        "the next backup would contain what is restored",
        "Choose a directory outside it.");

    /// <inheritdoc cref="RequireForBackup"/>
    public static void RequireForResources(string resources, string repository) => Refuse(
        new Named("the directory of resources", resources),
        new Named(Repository, repository),
        "the repository must not contain the secrets that open it",
        "Keep the documents in a directory outside it.");

    private static void RequireApart(IObjectStore? store, string hint, params ReadOnlySpan<Named?> targets)
    {
        List<Named> apart = [];
        if (store?.LocalDirectory is { } repository)
        {
            apart.Add(new Named(Repository, repository));
        }

        foreach (Named? target in targets)
        {
            if (target is null)
            {
                continue;
            }

            foreach (Named other in apart)
            {
                Refuse(target, other, OneContainsOther, hint);
                Refuse(other, target, OneContainsOther, hint);
            }

            apart.Add(target);
        }
    }

    private static void Refuse(
        Named inner, Named outer, string why, string hint, params IReadOnlyList<Setting> settings)
    {
        if (!outer.Place.Contains(inner.Place))
        {
            return;
        }

        string relation = inner.Place.Contains(outer.Place) ? "is the same directory as" : "is in";
        string title = char.ToUpperInvariant(inner.Title[0]) + inner.Title[1..];
        throw new BackupException(
            FailureReason.InvalidInput, $"{title}, {inner.Place}, {relation} {outer.Title}, {outer.Place}: {why}.")
        {
            Hint = hint,
            Settings = settings,
        };
    }

    private sealed record Named(string Title, string Directory)
    {
        public DirectoryPlace Place { get; } = DirectoryPlace.Of(Directory);
    }
}

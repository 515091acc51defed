using EtcdBackupAgent.Archive.Posix;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Core.Places;

/// <summary>Which directories of one run must not lie in each other; asked before anything is read or
/// written.</summary>
/// <remarks>
/// <list type="table">
/// <item><term>repository, certificates directory</term><description>apart: each backup would contain all before it, or
/// back up the repository's own objects</description></item>
/// <item><term>scratch directory in the repository</term><description>refused: what is in plain there for a moment
/// would be on the repository's disk. The repository in the scratch directory is possible: scratch files have no
/// names.</description></item>
/// <item><term>scratch directory, certificates directory</term><description>possible either way, for the same
/// reason</description></item>
/// <item><term>restore target, repository</term><description>apart: a target is filled, renamed and
/// emptied</description></item>
/// <item><term>restore targets</term><description>apart from each other</description></item>
/// <item><term>etcd's log in the data directory</term><description>possible, since some people have it as
/// <c>DIR/wal</c>; but not in <c>DIR/member</c>, and not the other way round</description></item>
/// <item><term>snapshot target in the certificates directory</term><description>refused where the policy is known: the
/// next backup would contain it. Certificates may be restored to where they were.</description></item>
/// <item><term>directory of resources in the repository</term><description>refused: it may hold the passphrase. The
/// repository in the directory of resources is possible: that is not read below its first level.</description></item>
/// </list>
/// </remarks>
public static class SeparatePlaces
{
    private const string Repository = "the repository";
    private const string InEachOther = "one would end up in the other";

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
            const string sourceHint = "Keep the repository outside of the directory that is backed up "
                + "(certsDir, --certs-dir), and the other way round.";
            Refuse(target, source, "each backup would contain all before it", sourceHint);
            Refuse(source, target, "the repository's directory holds nothing but its objects", sourceHint);
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
                "what is put there for a moment must not be on the repository's disk",
                "Name another directory with --scratch-dir, or with the variable TMPDIR.");
        }
    }

    /// <inheritdoc cref="RequireForBackup"/>
    public static void RequireForRestore(IObjectStore? store, string target) =>
        RequireApart(store, "Name a directory of its own for each.", new Named("the directory to restore to", target));

    /// <summary>For a restore to a data directory.</summary>
    /// <inheritdoc cref="RequireForBackup"/>
    public static void RequireForDataDirectory(IObjectStore? store, string data, string? log, string? certificates)
    {
        const string hint = "Name a directory of its own for each; the log's may be in the data directory, as DIR/wal.";
        Named dataDirectory = new("the data directory", data);
        Named? logs = log is null ? null : new Named("the directory for etcd's log", log);
        Named? pki = certificates is null ? null : new Named("the directory for the certificates", certificates);
        RequireApart(store, hint, dataDirectory, pki);
        RequireApart(store, hint, logs, pki);
        if (logs is not null)
        {
            Named member = new("the member's directory", Path.Combine(data, "member"));
            Refuse(logs, member, "that directory appears as a whole", hint);
            Refuse(dataDirectory, logs, InEachOther, hint);
        }
    }

    /// <summary>For the targets of snapshots, not for one of certificates alone.</summary>
    /// <inheritdoc cref="RequireForBackup"/>
    public static void RequireOutsideOfSource(string target, string certificates) => Refuse(
        new Named("the directory to restore to", target),
        new Named("the policy's certificates directory", certificates),
        "the next backup would contain what is restored",
        "Name a directory outside of it.");

    /// <inheritdoc cref="RequireForBackup"/>
    public static void RequireForResources(string resources, string repository) => Refuse(
        new Named("the directory of resources", resources),
        new Named(Repository, repository),
        "the repository must not hold what opens it",
        "Keep the documents in a directory outside of it.");

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
                Refuse(target, other, InEachOther, hint);
                Refuse(other, target, InEachOther, hint);
            }

            apart.Add(target);
        }
    }

    private static void Refuse(Named inner, Named outer, string why, string hint)
    {
        if (!outer.Place.Contains(inner.Place))
        {
            return;
        }

        string relation = inner.Place.Contains(outer.Place) ? "is the same directory as" : "lies in";
        string title = char.ToUpperInvariant(inner.Title[0]) + inner.Title[1..];
        throw new BackupException(
            FailureReason.InvalidInput, $"{title}, {inner.Place}, {relation} {outer.Title}, {outer.Place}: {why}.")
        {
            Hint = hint,
        };
    }

    private sealed record Named(string Title, string Directory)
    {
        public DirectoryPlace Place { get; } = DirectoryPlace.Of(Directory);
    }
}

using EtcdBackupAgent.Archive.Posix;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Snapshots.DataDirectory;

namespace EtcdBackupAgent.Core.Restores;

/// <summary>
/// The directories that the restore of a member fills: data and, if requested, log and certificates. Either all of them
/// get their content, or none does.
/// </summary>
internal sealed class DataDirectoryTargets : IDisposable
{
    private const string MemberDirectoryName = "member";

    private const string NotEmptyHint =
        "Choose an empty or new directory, or move its content elsewhere first; nothing is overwritten.";

    private readonly RestoreTarget? _log;
    private readonly RestoreTarget? _certificates;

    private DataDirectoryTargets(RestoreTarget data, RestoreTarget? log, RestoreTarget? certificates)
    {
        Data = data;
        _log = log;
        _certificates = certificates;
    }

    public RestoreTarget Data { get; }

    /// <summary>The path where the log is written before it is verified; null if it is in the data directory.</summary>
    public string? StagedLog => _log?.StagingPath;

    /// <summary>
    /// The path where the certificates are written before they are verified; null if they were not requested.
    /// </summary>
    public string? StagedCertificates => _certificates?.Staged(RestoreRun.CertificatesDirectoryName);

    public string? LogDirectory => _log?.Path;

    public string? CertificatesDirectory => _certificates?.Path;

    /// <summary>Claims all directories; each must be missing or empty.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.TargetUnusable"/>.</exception>
    public static DataDirectoryTargets Claim(DataDirectoryRequest request, bool withCertificates)
    {
        Stack<RestoreTarget> claimed = [];
        try
        {
            RestoreTarget data = Add(RestoreTarget.Claim(
                request.DataDirectory,
                NotEmptyHint,
                exceptEntry: request.WalDirectory is { } wal ? RealPath.Absolute(wal) : null));
            RestoreTarget? log = request.WalDirectory is { } walDirectory
                ? Add(RestoreTarget.Claim(walDirectory, NotEmptyHint))
                : null;
            RestoreTarget? certificates = withCertificates && request.CertificatesDirectory is { } directory
                ? Add(RestoreTarget.Claim(directory, NotEmptyHint))
                : null;
            return new DataDirectoryTargets(data, log, certificates);
        }
        catch
        {
            while (claimed.TryPop(out RestoreTarget? target))
            {
                target.Dispose();
            }

            throw;
        }

        RestoreTarget Add(RestoreTarget target)
        {
            claimed.Push(target);
            return target;
        }
    }

    /// <summary>Throws early if the database with its source, or the log, does not fit.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.TargetUnusable"/>.</exception>
    public void RequireRoom(long databaseBytes, string forWhat)
    {
        long logBytes = _log is null ? DataDirectoryWriter.WalFileBytes : 0;
        Data.RequireRoom(databaseBytes + logBytes, $"{forWhat} and etcd's log");
        _log?.RequireRoom(DataDirectoryWriter.WalFileBytes, "etcd's log");
    }

    /// <summary>
    /// Moves everything into place, the member last, because etcd does not start without it. If this fails, nothing
    /// remains in place.
    /// </summary>
    /// <exception cref="BackupException"><see cref="FailureReason.TargetUnusable"/>.</exception>
    public void Publish()
    {
        try
        {
            GiveToOwners();
            if (_certificates is not null)
            {
                _certificates.PublishContent(RestoreRun.CertificatesDirectoryName);
                _certificates.Sync();
            }

            if (_log is not null)
            {
                _log.Publish(DataDirectoryWriter.WalFileName);
                _log.Sync();
            }

            Data.Publish(MemberDirectoryName);
            Data.Sync();
        }
        catch
        {
            Data.Withdraw();
            _log?.Withdraw();
            _certificates?.Withdraw();
            throw;
        }
    }

    /// <summary>Disposes the log's directory first, because it may be in the data directory.</summary>
    public void Dispose()
    {
        _certificates?.Dispose();
        _log?.Dispose();
        Data.Dispose();
    }

    /// <summary>
    /// The owner of an existing directory becomes the owner of its new content. A new directory for the log gets the
    /// owner of the data directory.
    /// </summary>
    private void GiveToOwners()
    {
        try
        {
            FileOwner.GiveTree(Data.Staged(MemberDirectoryName), Data.Path);
            if (_log is not null)
            {
                FileOwner.GiveTree(
                    _log.WasMissing ? _log.Path : _log.StagingPath, _log.WasMissing ? Data.Path : _log.Path);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw RestoreTarget.Unusable(Data.Path, e);
        }
    }
}

using EtcdBackupAgent.Archive.Posix;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Snapshots.DataDirectory;

namespace EtcdBackupAgent.Core.Restores;

/// <summary>
/// The directories that the restore of a member fills: data, and, where they are asked for, log and certificates. Each
/// gets what is its own, or none gets anything.
/// </summary>
internal sealed class DataDirectoryTargets : IDisposable
{
    private const string MemberDirectoryName = "member";

    private const string NotEmptyHint =
        "Name an empty or new directory, or move what is in it somewhere else first; here nothing is overwritten.";

    private readonly RestoreTarget? _log;
    private readonly RestoreTarget? _certificates;

    private DataDirectoryTargets(RestoreTarget data, RestoreTarget? log, RestoreTarget? certificates)
    {
        Data = data;
        _log = log;
        _certificates = certificates;
    }

    public RestoreTarget Data { get; }

    /// <summary>Where the log is written before it is proved; null if it goes into the data directory.</summary>
    public string? StagedLog => _log?.StagingPath;

    /// <summary>Where the certificates are written before they are proved; null if nobody asked for them.</summary>
    public string? StagedCertificates => _certificates?.Staged(RestoreRun.CertificatesDirectoryName);

    public string? LogDirectory => _log?.Path;

    public string? CertificatesDirectory => _certificates?.Path;

    /// <summary>
    /// Takes all directories; each must be missing or empty.
    /// </summary>
    /// <exception cref="BackupException"><see cref="FailureReason.TargetUnusable"/>.</exception>
    public static DataDirectoryTargets Claim(DataDirectoryRequest request, bool withCertificates)
    {
        Stack<RestoreTarget> claimed = [];
        try
        {
            RestoreTarget data = Add(RestoreTarget.Claim(
                request.DataDirectory,
                NotEmptyHint,
                besides: request.WalDirectory is { } wal ? RealPath.Absolute(wal) : null));
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

    /// <summary>Fails early if the database and what it is made of, or the log, do not fit.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.TargetUnusable"/>.</exception>
    public void RequireRoom(long databaseBytes, string forWhat)
    {
        long logBytes = _log is null ? DataDirectoryWriter.WalFileBytes : 0;
        Data.RequireRoom(databaseBytes + logBytes, $"{forWhat} and etcd's log");
        _log?.RequireRoom(DataDirectoryWriter.WalFileBytes, "etcd's log");
    }

    /// <summary>
    /// Puts everything into place, the member last: without it etcd does not start on the rest. If that fails, nothing
    /// is there afterwards.
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

    /// <summary>The log's directory may lie in the data directory, so it goes first.</summary>
    public void Dispose()
    {
        _certificates?.Dispose();
        _log?.Dispose();
        Data.Dispose();
    }

    /// <summary>
    /// Whoever owns the directory that was there owns what is put into it; a new one for the log is of the data's
    /// owner.
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

using System.CommandLine;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Restores;
using EtcdBackupAgent.Snapshots.DataDirectory;

namespace EtcdBackupAgent.Commands;

/// <summary>
/// The options of a restore to a data directory. Their names, meaning and defaults are those of
/// <c>etcdutl snapshot restore</c>, so that a runbook written for it stays valid. There are two exceptions: the
/// revision is bumped by default, and without a token one is derived from the snapshot.
/// </summary>
internal sealed class DataDirectoryOptions
{
    private const string NameDefault = "default";
    private const string ClusterDefault = "default=http://localhost:2380";
    private const string PeerUrlsDefault = "http://localhost:2380";

    private readonly Option<string?> _dataDirectory = new("--data-dir")
    {
        Description = "Build a data directory that etcd can start from in this directory; it must be empty or new.",
        HelpName = "DIR",
    };

    private readonly Option<string?> _walDirectory = new("--wal-dir")
    {
        Description = "With --data-dir: directory for etcd's log, for an etcd that runs with --wal-dir; it must be "
            + "empty or new. Never leave an old log in etcd's log directory: etcd replays it onto the restored data.",
        HelpName = "DIR",
    };

    private readonly Option<string?> _file = new("--file")
    {
        Description = "With --data-dir: restore this snapshot file instead of a snapshot of a repository.",
        HelpName = "FILE",
    };

    private readonly Option<bool> _skipHashCheck = new("--skip-hash-check")
    {
        Description = "With --file: accept a copy of a stopped member's database, which does not end with etcd's "
            + "SHA-256.",
    };

    private readonly Option<string?> _certificates = new("--certs-to")
    {
        Description = "With --data-dir: directory to restore the certificates to; it must be empty or new. Without "
            + "this option, the certificates are not restored.",
        HelpName = "DIR",
    };

    private readonly Option<string?> _name = new("--name")
    {
        Description = $"Name of this member (default: {NameDefault}).",
        HelpName = "NAME",
    };

    private readonly Option<string?> _cluster = new("--initial-cluster")
    {
        Description = $"All members of the new cluster, NAME=PEER-URL,… (default: {ClusterDefault}).",
        HelpName = "MEMBERS",
    };

    private readonly Option<string?> _token = new("--initial-cluster-token")
    {
        Description = "Token of the new cluster: the same for all members, and never used before "
            + "(default: derived from the snapshot).",
        HelpName = "TOKEN",
    };

    private readonly Option<string?> _peerUrls = new("--initial-advertise-peer-urls")
    {
        Description = $"This member's peer URLs (default: {PeerUrlsDefault}).",
        HelpName = "URLS",
    };

    private readonly Option<long?> _bump = new("--bump-revision")
    {
        Description = "Number to raise the revision by, so that existing watches must list again "
            + $"(default: {RestorePlan.RevisionBumpDefault}).",
        HelpName = "N",
    };

    private readonly Option<bool> _noBump = new("--no-bump")
    {
        Description = "Keep the revision. Clients that watched the lost cluster may then miss events.",
    };

    private readonly Option<long?> _quota = new("--quota-backend-bytes")
    {
        Description = "etcd's quota; the restore clears a NOSPACE alarm if the database is smaller "
            + $"(default: {RestorePlan.QuotaBackendBytesDefault}).",
        HelpName = "BYTES",
    };

    private IReadOnlyList<Option> OnlyWithDataDirectory =>
    [
        _walDirectory, _file, _skipHashCheck, _certificates, _name, _cluster, _token, _peerUrls, _bump, _noBump, _quota,
    ];

    public void AddTo(Command verb)
    {
        verb.Add(_dataDirectory);
        foreach (Option option in OnlyWithDataDirectory)
        {
            verb.Add(option);
        }
    }

    /// <summary>The snapshot file of <c>--file</c>; null to restore a snapshot of a repository.</summary>
    public string? ReadFile(ParseResult parsed) => parsed.GetValue(_file);

    public bool ReadSkipHashCheck(ParseResult parsed) => parsed.GetValue(_skipHashCheck);

    /// <summary>Reads what to build; null without <c>--data-dir</c>.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>.</exception>
    public DataDirectoryRequest? Read(ParseResult parsed)
    {
        if (parsed.GetValue(_dataDirectory) is not { } directory)
        {
            return
                OnlyWithDataDirectory.FirstOrDefault(o => parsed.GetResult(o) is { Implicit: false }) is not { } option
                ? null
                : throw InvalidInput(
                    $"{option.Name} needs --data-dir.",
                    "Name the data directory to build with --data-dir DIR.");
        }

        Validate(parsed);
        return new DataDirectoryRequest
        {
            DataDirectory = directory,
            WalDirectory = parsed.GetValue(_walDirectory),
            CertificatesDirectory = parsed.GetValue(_certificates),
            Plan = ReadPlan(parsed),
        };
    }

    private void Validate(ParseResult parsed)
    {
        if (parsed.GetValue(_noBump) && parsed.GetValue(_bump) is not null)
        {
            throw InvalidInput("Both --bump-revision and --no-bump are given.", "Give one of them.");
        }

        if (parsed.GetValue(_bump) is <= 0 and var bump)
        {
            throw InvalidInput($"--bump-revision {bump} is not above 0.", "Give a number above 0, or --no-bump.");
        }

        if (parsed.GetValue(_quota) is <= 0 and var quota)
        {
            throw InvalidInput(
                $"--quota-backend-bytes {quota} is not a valid size.",
                "Give the number of bytes that etcd is started with.");
        }

        if (parsed.GetValue(_token) is { } token && ClusterToken.IsCommon(token))
        {
            throw InvalidInput(
                token.Length == 0
                    ? "--initial-cluster-token is empty, which is the token of every cluster of k3s and Talos."
                    : $"--initial-cluster-token {token} is etcd's default, "
                        + "so the lost cluster most likely uses it too.",
                "Members of a cluster with the same token and peer URLs would replace the restored data "
                + "with their own. Omit the option to derive a token from the snapshot, "
                + "or give a token that was never used.");
        }

        bool fromFile = parsed.GetValue(_file) is not null;
        if (fromFile && parsed.GetValue(_certificates) is not null)
        {
            throw InvalidInput("--certs-to cannot be used with --file.", "A snapshot file contains no certificates.");
        }

        if (!fromFile && parsed.GetValue(_skipHashCheck))
        {
            throw InvalidInput(
                "--skip-hash-check needs --file.", "A snapshot of a repository is always checked against its digests.");
        }
    }

    private RestorePlan ReadPlan(ParseResult parsed)
    {
        try
        {
            RestorePlan plan = new()
            {
                Name = parsed.GetValue(_name) ?? NameDefault,
                Cluster = ReadCluster(parsed.GetValue(_cluster) ?? ClusterDefault),
                Token = parsed.GetValue(_token),
                AdvertisePeerUrls = (parsed.GetValue(_peerUrls) ?? PeerUrlsDefault).Split(','),
                RevisionBump = parsed.GetValue(_noBump)
                    ? null
                    : parsed.GetValue(_bump) ?? RestorePlan.RevisionBumpDefault,
                QuotaBackendBytes = parsed.GetValue(_quota) ?? RestorePlan.QuotaBackendBytesDefault,
            };
            plan.Validate();
            return plan;
        }
        catch (ArgumentException e)
        {
            throw new BackupException(FailureReason.InvalidInput, e.Message, e)
            {
                Hint = "All members of a cluster restore the same snapshot with the same --initial-cluster, "
                    + "each with its own --name and --initial-advertise-peer-urls.",
            };
        }
    }

    private static InitialCluster ReadCluster(string text)
    {
        try
        {
            return InitialCluster.Parse(text);
        }
        catch (FormatException e)
        {
            throw new BackupException(FailureReason.InvalidInput, $"--initial-cluster: {e.Message}", e)
            {
                Hint = "Write all members as NAME=PEER-URL, separated by commas: "
                    + "cp1=https://10.0.0.1:2380,cp2=https://10.0.0.2:2380.",
            };
        }
    }

    private static BackupException InvalidInput(string message, string hint) =>
        new(FailureReason.InvalidInput, message) { Hint = hint };
}

using System.CommandLine;
using EtcdBackupAgent.Composition;
using EtcdBackupAgent.Configuration;
using EtcdBackupAgent.Core.Artifacts;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Imports;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Transfers;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Output;
using EtcdBackupAgent.Pods;
using EtcdBackupAgent.Resources.Directories;
using EtcdBackupAgent.Runtime;
using EtcdBackupAgent.Worker;

namespace EtcdBackupAgent.Commands;

/// <summary><c>import</c>: files a snapshot that another program made.</summary>
internal sealed class ImportCommand(LogOptions logs, Wiring wiring)
{
    /// <summary>The name of the file that stands for standard input.</summary>
    private const string StandardInput = "-";

    private readonly RepositoryOptions _repository = new(logs, wiring);
    private readonly OutputOptions _output = new();
    private readonly OccasionOptions _occasion = new();
    private readonly ScratchOption _scratch = new();
    private readonly KubernetesOptions _kubernetes = new(wiring.Time);
    private readonly PolicyOptions _policy = new("import");

    private readonly Option<string> _file = new("--file")
    {
        Description = "The snapshot, or - for standard input: a file of 'etcdctl snapshot save', the database of a "
            + "stopped member, or one of them packed by gzip, zlib, zip or zstd.",
        HelpName = "FILE",
        Required = true,
    };

    private readonly Option<string?> _takenAt = new("--taken-at")
    {
        Description = "When the snapshot was taken, such as 2026-11-29T10:15:00Z (default: the modification time of "
            + "the file; needed with standard input).",
        HelpName = "TIME",
    };

    private readonly Option<string?> _certsDir = new("--certs-dir", "--certs")
    {
        Description = "Directory to store beside the database, such as a copy of /etc/kubernetes/pki of that time.",
        HelpName = "DIR",
    };

    private readonly Option<string?> _clusterId = new("--cluster-id")
    {
        Description = "The etcd cluster that the snapshot is of, in hexadecimal (default: found from the members in "
            + "the file and the snapshots of the repository).",
        HelpName = "HEX",
    };

    private readonly Option<bool> _again = new("--again")
    {
        Description = "Import the snapshot even if the repository already has one with the same content.",
    };

    public static Command Create(LogOptions logs, Wiring wiring)
    {
        ImportCommand import = new(logs, wiring);
        import._repository.Policy.Description =
            "The policy that the snapshot belongs to. With --resources and --kubernetes it also names the repository; "
            + $"with --repository it is only recorded (default: {ResourceName.PolicyDefault}).";
        Command verb = new("import", "File a snapshot that another program made, with its true age.");
        verb.Add(import._file);
        verb.Add(import._takenAt);
        verb.Add(import._certsDir);
        verb.Add(import._clusterId);
        verb.Add(import._again);
        import._repository.AddSigningTo(verb);
        import._occasion.AddMarksTo(verb);
        import._scratch.AddTo(verb);
        import._kubernetes.AddTo(verb);
        import._output.AddTo(verb);
        verb.SetAction(import.ExecuteAsync);
        return verb.WithExample(
            "etcd-backup-agent import --file etcd-snapshot.db --repository file:///var/backups/etcd\n"
            + "etcd-backup-agent import --file /var/lib/rancher/k3s/server/db/snapshots/on-demand-1764499200.zip \\\n"
            + "  --resources /etc/etcd-backup-agent --policy nightly\n"
            + "restic dump latest /etcd-snapshot.db | etcd-backup-agent import --file - \\\n"
            + "  --taken-at 2026-11-29T02:00:00Z --repository file:///var/backups/etcd");
    }

    /// <remarks>
    /// 1. Read the options: they name a policy in a cluster, a policy in documents, or every setting.
    /// 2. Import.
    /// 3. Print the warnings and the snapshot.
    /// </remarks>
    private async Task<int> ExecuteAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        // 1
        ImportRequest request = ReadRequest(parsed);
        string file = parsed.GetRequiredValue(_file);
        ImportInput input = file == StandardInput
            ? ImportInput.OfStandardInput(Console.OpenStandardInput())
            : ImportInput.OfFile(file);
        Importing import = _kubernetes.IsChosen(parsed, clusterIsUsed: false)
            ? await ReadClusterAsync(parsed, cancellationToken)
            : await ReadRepositoryAsync(parsed, cancellationToken);

        // 2
        ImportOutcome outcome = await TransferDisplay.ShowAsync(
            progress => import(request, input, progress, cancellationToken));

        // 3
        foreach (string warning in outcome.Warnings)
        {
            FailureText.WriteWarning(warning);
        }

        _output.Write(parsed, outcome.Manifest.ToJson(), console => ImportText.Write(console, outcome));
        return ExitCodes.Success;
    }

    private delegate Task<ImportOutcome> Importing(
        ImportRequest request,
        ImportInput input,
        IProgress<TransferProgress> progress,
        CancellationToken cancellationToken);

    private ImportRequest ReadRequest(ParseResult parsed) => new()
    {
        Policy = _repository.ReadPolicyName(parsed)
            ?? new ResourceName(ResourceName.NamespaceDefault, ResourceName.PolicyDefault),
        Occasion = _occasion.Read(parsed, BackupReason.Import),
        CertsDirectory = parsed.GetValue(_certsDir),
        TakenAt = parsed.GetValue(_takenAt) is { } time ? PointOptions.ParseTime(_takenAt.Name, time) : null,
        ClusterId = parsed.GetValue(_clusterId) is { } id
            ? EtcdId.TryParse(id, out EtcdId cluster)
                ? cluster
                : throw new BackupException(
                    FailureReason.InvalidInput, $"--cluster-id '{id}' is not a cluster ID in hexadecimal.")
            : null,
        Again = parsed.GetValue(_again),
    };

    private async Task<Importing> ReadClusterAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        ClusterPolicyChoice choice = _policy.ReadCluster(parsed, _repository, setting: null);
        PolicyBackupParts parts = wiring.BackupParts(_scratch.Read(parsed), logs.Loggers(parsed));
        ConnectedCluster cluster = await _kubernetes.ConnectAsync(parsed, cancellationToken);
        return async (request, input, progress, token) =>
        {
            using (cluster)
            {
                PodPolicy read = await PodPolicy.ReadAsync(
                    cluster, choice.Policy, etcdCredentials: null, FailureText.WriteWarning, wiring.Time, token);
                return read.Bound is { Policy: { } policy, Location: not null }
                    ? await new PolicyImport(parts, read.Pins).ExecuteAsync(
                        policy, read.Bound.Resources, request, input, progress, token)
                    : throw read.Bound.Invalid();
            }
        };
    }

    private async Task<Importing> ReadRepositoryAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        RepositoryChoice choice = await _repository.ReadAsync(parsed, cancellationToken);
        ScratchSpace scratch = _scratch.Read(parsed);
        if (choice is ResourceRepository documents)
        {
            BackupPolicy policy = _policy.ReadDocument(documents, setting: null);
            PolicyImport import = new(
                wiring.BackupParts(scratch, logs.Loggers(parsed)), new DirectoryRecipientPins(documents.Directory));
            return (request, input, progress, token) =>
                import.ExecuteAsync(policy, documents.Resources, request, input, progress, token);
        }

        return async (request, input, progress, token) =>
        {
            using OpenedRepository opened = await _repository.OpenAsync(choice, parsed, token);
            ImportRun run = new(opened.Repository, AgentVersion.Text, wiring.Time) { Scratch = scratch };
            return await run.ExecuteAsync(request, input, progress, token);
        };
    }
}

using System.CommandLine;
using System.Net;
using EtcdBackupAgent.Composition;
using EtcdBackupAgent.Configuration;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Proxies;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Controllers;
using EtcdBackupAgent.Kubernetes.Workloads;
using EtcdBackupAgent.Resources.Directories;
using EtcdBackupAgent.Runtime;
using EtcdBackupAgent.Worker;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Commands;

/// <summary>
/// <c>run</c>: backs up every policy on its schedule, as the worker of a directory or as the controller of a cluster.
/// </summary>
internal sealed class RunCommand(LogOptions logs, Wiring wiring)
{
    /// <summary>
    /// The environment variable that can name the image. The manifests set it to the controller's own image.
    /// </summary>
    private const string ImageVariable = "ETCD_BACKUP_AGENT_IMAGE";

    private static readonly TimeSpan SyncPeriodMin = TimeSpan.FromSeconds(10);

    private readonly ScratchOption _scratch = new();
    private readonly KubernetesOptions _kubernetes = new(wiring.Time);

    private readonly Option<string?> _resources = new("--resources")
    {
        Description = "Directory with the YAML documents of policies, locations and secrets. Changes take effect while "
            + "the agent runs.",
        HelpName = "DIR",
    };

    private readonly Option<string?> _listen = new(ListenAddress.Option)
    {
        Description = "Address on which to serve /metrics, /healthz and /readyz over HTTP, such as 127.0.0.1:9090 "
            + "(default: none).",
        HelpName = "ADDRESS:PORT",
    };

    private readonly Option<bool> _inProcess = new("--in-process")
    {
        Description = "With --kubernetes: make the backups of every policy in this process instead of in pods. The "
            + "process must then run on a control-plane node.",
    };

    private readonly Option<string?> _image = new("--image")
    {
        Description = "With --kubernetes: image of the pods of backups and restores (default: the environment variable "
            + $"{ImageVariable}).",
        HelpName = "IMAGE",
    };

    private readonly Option<string?> _syncPeriod = new("--sync-period")
    {
        Description = "With --kubernetes: how often to compare the records with the repositories, such as 10m (the "
            + "default).",
        HelpName = "DURATION",
    };

    private Option[] ClusterOptions => [_inProcess, _image, _syncPeriod];

    public static Command Create(LogOptions logs, Wiring wiring)
    {
        RunCommand run = new(logs, wiring);
        Command verb = new("run", "Back up all policies on their schedules until stopped.") { run._resources };
        run._kubernetes.AddTo(verb);
        foreach (Option option in run.ClusterOptions)
        {
            verb.Add(option);
        }

        run._scratch.AddTo(verb);
        verb.Add(run._listen);
        verb.SetAction(run.ExecuteAsync);
        return verb.WithExample(
            "etcd-backup-agent run --resources /etc/etcd-backup-agent --log-format json\n"
            + "etcd-backup-agent run --kubernetes --namespace kubedr-system --listen 0.0.0.0:8080");
    }

    private async Task<int> ExecuteAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        IPEndPoint? listen = parsed.GetValue(_listen) is { } address ? ListenAddress.Parse(address) : null;
        string? directory = parsed.GetValue(_resources);
        bool isInCluster = _kubernetes.IsChosen(parsed);
        if (isInCluster == (directory is not null))
        {
            throw new BackupException(FailureReason.InvalidInput, "run takes either --resources DIR or --kubernetes.")
            {
                Hint = "--resources reads a directory of documents; --kubernetes reads the policies of a cluster.",
            };
        }

        if (directory is null)
        {
            await ControlAsync(parsed, listen, cancellationToken);
            return ExitCodes.Success;
        }

        if (ClusterOptions.FirstOrDefault(o => parsed.GetResult(o) is { Implicit: false }) is { } conflicting)
        {
            throw new BackupException(FailureReason.InvalidInput, $"{conflicting.Name} needs --kubernetes.");
        }

        await WorkerHost.RunAsync(
            wiring,
            new DirectoryResourceStore(directory),
            new DirectoryRecipientPins(directory),
            _scratch.Read(parsed),
            new PolicyWorkerOptions(),
            listen,
            logging => logs.Configure(logging, parsed, LogLevel.Information),
            cancellationToken);
        return ExitCodes.Success;
    }

    private async Task ControlAsync(ParseResult parsed, IPEndPoint? listen, CancellationToken cancellationToken)
    {
        ControllerHostOptions options = new()
        {
            Listen = listen,
            Image = new PodImage(ReadImage(parsed)) { Node = PodIdentity.Node(), Proxies = ReadProxies() },
            IsInProcess = parsed.GetValue(_inProcess),
            Scratch = _scratch.Read(parsed),
            Controller = ReadSyncPeriod(parsed) is { } period
                ? new ControllerOptions { SyncPeriod = period }
                : new ControllerOptions(),
        };
        using ConnectedCluster cluster = await _kubernetes.ConnectAsync(parsed, cancellationToken);
        await ControllerHost.RunAsync(
            wiring,
            cluster,
            options,
            logging => logs.Configure(logging, parsed, LogLevel.Information),
            cancellationToken);
    }

    private static Dictionary<string, string> ReadProxies() => ProxyVariables.Names
        .Select(name => (Name: name, Value: Environment.GetEnvironmentVariable(name)))
        .Where(variable => !string.IsNullOrWhiteSpace(variable.Value))
        .ToDictionary(variable => variable.Name, variable => variable.Value!.Trim(), StringComparer.Ordinal);

    /// <summary>The image is required even if backups run in this process: restores always run in pods.</summary>
    private string ReadImage(ParseResult parsed) =>
        parsed.GetValue(_image) ?? Environment.GetEnvironmentVariable(ImageVariable) ?? throw new BackupException(
            FailureReason.InvalidInput, "run --kubernetes needs the image of its pods.")
        {
            Hint = $"Add --image IMAGE, or set {ImageVariable}, as the manifests do.",
        };

    private TimeSpan? ReadSyncPeriod(ParseResult parsed) => parsed.GetValue(_syncPeriod) switch
    {
        null => null,
        { } text when GoDuration.Parse(text) is { } period && period >= SyncPeriodMin => period,
        { } text => throw new BackupException(
            FailureReason.InvalidInput, $"--sync-period '{text}' is not a duration of at least 10s.")
        {
            Hint = "Write it as 10m or 1h30m.",
        },
    };
}

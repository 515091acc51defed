using System.CommandLine;
using EtcdBackupAgent.Composition;
using EtcdBackupAgent.Kubernetes.Resources;
using EtcdBackupAgent.Scheduling;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Commands;

/// <summary><c>run</c>: the worker that keeps every policy's schedule.</summary>
internal static class RunCommand
{
    public static Command Create(LogOptions logs)
    {
        Option<string> resources = new("--resources")
        {
            Description = "Directory with the YAML documents of policies, locations and secrets. Changes are picked up while running.",
            HelpName = "DIR",
            Required = true,
        };

        Command verb = new("run", "Keep the schedules of all policies until stopped.") { resources };
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            string directory = parsed.GetRequiredValue(resources);
            await WorkerHost.RunAsync(
                new DirectoryResourceStore(directory),
                new DirectoryRecipientPins(directory),
                new PolicyWorkerOptions(),
                logging => logs.Configure(logging, parsed, LogLevel.Information),
                cancellationToken);
            return ExitCodes.Success;
        });
        return verb.WithExample("etcd-backup-agent run --resources /etc/etcd-backup-agent --log-format json");
    }
}

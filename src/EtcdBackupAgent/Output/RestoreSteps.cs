using EtcdBackupAgent.Archive.Posix;
using EtcdBackupAgent.Core.Restores;
using EtcdBackupAgent.Snapshots.DataDirectory;

namespace EtcdBackupAgent.Output;

/// <summary>The next steps after a restore on a kubeadm node, as commands that can be run there.</summary>
internal static class RestoreSteps
{
    private const string DataDirectoryOfKubeadm = "/var/lib/etcd";

    /// <summary>Numbered steps; the lines that follow one are indented.</summary>
    public static IEnumerable<string> Of(DataDirectoryOutcome outcome, RestorePlan plan, MountTable mounts)
    {
        int number = 0;
        foreach (IReadOnlyList<string> step in Steps(outcome, plan, mounts))
        {
            yield return $"{++number}. {step[0]}";
            foreach (string line in step.Skip(1))
            {
                yield return $"   {line}";
            }
        }
    }

    private static IEnumerable<IReadOnlyList<string>> Steps(
        DataDirectoryOutcome outcome, RestorePlan plan, MountTable mounts)
    {
        yield return
        [
            "Stop the control plane on every control-plane node: move /etc/kubernetes/manifests/*.yaml to",
            "another directory, and wait until 'crictl ps' shows neither etcd nor kube-apiserver.",
            "Members of the old cluster must not start again: the restored one refuses them, but API servers",
            "that connect to them get the old data.",
        ];
        if (outcome.CertificatesPath is { } certificates)
        {
            yield return
            [
                $"If the node lost its certificates: copy the content of {certificates} to /etc/kubernetes/pki.",
            ];
        }

        if (outcome.DataDirectory != DataDirectoryOfKubeadm)
        {
            yield return ["Put the data in place:", .. MoveCommands(outcome, mounts)];
        }

        yield return Log(outcome.WalDirectory);
        if (plan.Cluster.Members.Count > 1)
        {
            IEnumerable<string> others = plan.Cluster.Members
                .Select(member => member.Name)
                .Where(name => name != plan.Name);
            yield return
            [
                $"Do the same for the other members ({string.Join(", ", others)}), from the same snapshot and with the",
                "same options but for --name and --initial-advertise-peer-urls.",
                $"Each must print the token {outcome.Summary.Token}.",
            ];
        }

        yield return ["Start the control plane: move the manifests back."];
    }

    /// <summary>A mount point cannot be renamed, so there the content is moved.</summary>
    private static IEnumerable<string> MoveCommands(DataDirectoryOutcome outcome, MountTable mounts)
    {
        bool isMount = mounts.HasMountAt(DataDirectoryOfKubeadm);
        yield return isMount
            ? $"mv {DataDirectoryOfKubeadm}/member {DataDirectoryOfKubeadm}/member.old"
            : $"mv {DataDirectoryOfKubeadm} {DataDirectoryOfKubeadm}.old";
        if (!isMount && !mounts.HasMountAt(outcome.DataDirectory))
        {
            yield return $"mv {outcome.DataDirectory} {DataDirectoryOfKubeadm}";
            yield break;
        }

        if (!isMount)
        {
            yield return $"install -d -m 700 {DataDirectoryOfKubeadm}";
        }

        string log = outcome.WalDirectory is { } wal && Path.GetDirectoryName(wal) == outcome.DataDirectory
            ? $" {wal}"
            : "";
        yield return $"mv {outcome.DataDirectory}/member{log} {DataDirectoryOfKubeadm}/";
    }

    private static IReadOnlyList<string> Log(string? walDirectory) => walDirectory is null
        ?
        [
            "If etcd.yaml has --wal-dir, do not use this data directory: restore again with --wal-dir.",
            "An old log in etcd's log directory is replayed onto the restored data without an error.",
        ]
        :
        [
            $"In etcd.yaml --wal-dir must be {walDirectory}, or a directory with the same content only.",
            "Move an old log away first: etcd replays it onto the restored data without an error.",
        ];
}

using System.CommandLine;
using EtcdBackupAgent.Core.Artifacts;

namespace EtcdBackupAgent.Commands;

/// <summary>The directory in which a backup stores encrypted bytes while the repository is too slow for them.</summary>
internal sealed class ScratchOption
{
    /// <summary>The Linux directory for large temporary files (hier(7)). On many machines /tmp is in memory.</summary>
    private const string DirectoryDefault = "/var/tmp";

    private readonly Option<string?> _directory = new("--scratch-dir")
    {
        Description = "Directory for encrypted bytes that a slow repository has not accepted yet, so that etcd does "
            + $"not have to wait; in a file without a name (default: $TMPDIR or {DirectoryDefault}, unless that is in "
            + "memory). Without encryption, nothing is written there.",
        HelpName = "DIR",
    };

    public void AddTo(Command verb) => verb.Add(_directory);

    public ScratchSpace Read(ParseResult parsed) => parsed.GetValue(_directory) is { } directory
        ? new ScratchSpace { Directory = directory, IsNamed = true }
        : new ScratchSpace
        {
            Directory = Environment.GetEnvironmentVariable("TMPDIR") is { Length: > 0 } path ? path : DirectoryDefault,
        };
}

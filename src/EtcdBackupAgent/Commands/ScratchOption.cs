using System.CommandLine;
using EtcdBackupAgent.Core.Artifacts;

namespace EtcdBackupAgent.Commands;

/// <summary>Where verbs that make backups put sealed bytes for which the repository is too slow.</summary>
internal sealed class ScratchOption
{
    /// <summary>Where large files that may go belong on a Linux (hier(7)): /tmp is memory on many machines.</summary>
    private const string DirectoryDefault = "/var/tmp";

    private readonly Option<string?> _directory = new("--scratch-dir")
    {
        Description = "Directory for sealed (encrypted) parts that a slow repository has not taken yet, so that etcd need not wait; in a file "
            + $"without a name (default: $TMPDIR or {DirectoryDefault}, unless that is memory). Without encryption nothing is put there.",
        HelpName = "DIR",
    };

    public void AddTo(Command verb) => verb.Add(_directory);

    public ScratchSpace Read(ParseResult parsed) => parsed.GetValue(_directory) is { } named
        ? new ScratchSpace { Directory = named, IsNamed = true }
        : new ScratchSpace { Directory = Environment.GetEnvironmentVariable("TMPDIR") is { Length: > 0 } set ? set : DirectoryDefault };
}

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
            + $"not have to wait, and for a sealed copy of the database with --incremental; in a file without a name "
            + $"(default: $TMPDIR or {DirectoryDefault}, unless that is in memory).",
        HelpName = "DIR",
    };

    public void AddTo(Command verb) => verb.Add(_directory);

    public ScratchSpace Read(ParseResult parsed) => SpaceIn(parsed.GetValue(_directory));

    /// <summary>Returns the scratch space in a directory, or in the default one if it is null.</summary>
    public static ScratchSpace SpaceIn(string? named) => named is not null
        ? new ScratchSpace { Directory = named, IsNamed = true }
        : new ScratchSpace
        {
            Directory = Environment.GetEnvironmentVariable("TMPDIR") is { Length: > 0 } path ? path : DirectoryDefault,
        };
}

using System.CommandLine;

namespace EtcdBackupAgent.Commands;

/// <summary>The argument that names a snapshot.</summary>
internal static class SnapshotArgument
{
    public static Argument<string> Create() => new("ID")
    {
        Description = "The snapshot: its ID, its beginning, its name, or 'latest' for the newest complete "
            + "one.",
    };
}

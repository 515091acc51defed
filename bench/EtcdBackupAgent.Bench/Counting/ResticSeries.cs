using System.Globalization;
using EtcdBackupAgent.Bench.Comparing;

namespace EtcdBackupAgent.Bench.Counting;

/// <summary>Creates a restic repository with many snapshots.</summary>
internal static class ResticSeries
{
    /// <summary>
    /// Returns commands that create it in <c>$RESTIC_REPOSITORY</c>: one backup, and then copies of the existing
    /// snapshots under another host until the number is reached. Separate backups would need a process for each
    /// snapshot.
    /// </summary>
    public static string MakeText(int count) => string.Create(CultureInfo.InvariantCulture, $$"""
        restic --quiet init
        echo 'a snapshot of a snapshot' > content
        restic --quiet backup content
        made=1 generation=0
        while [ $made -lt {{count}} ]; do
          more=$(( made < {{count}} - made ? made : {{count}} - made ))
          generation=$(( generation + 1 ))
          restic --quiet list snapshots | sed "${more}q" | xargs restic --quiet rewrite --new-host "host-$generation" > /dev/null
          made=$(( made + more ))
        done
        """);

    /// <summary>Lists the snapshots of the repository in the variables.</summary>
    public static readonly Candidate List = new("`restic snapshots`", "", "restic --quiet snapshots > /dev/null");
}

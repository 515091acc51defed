using System.Globalization;
using EtcdBackupAgent.Bench.Comparing;

namespace EtcdBackupAgent.Bench.Counting;

/// <summary>A restic repository of many snapshots.</summary>
internal static class ResticSeries
{
    /// <summary>
    /// A text that makes one in <c>$RESTIC_REPOSITORY</c>: a backup, and then copies of what is there under another
    /// host, until there are enough. A backup for each would take a process for each.
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

    /// <summary>Lists it, in a repository that is named by the variables.</summary>
    public static readonly Contender List = new("`restic snapshots`", "", "restic --quiet snapshots > /dev/null");
}

using EtcdBackupAgent.Core.Restores;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Restores;

public sealed class MountTableTests
{
    [Fact]
    public void The_fifth_field_of_each_line_is_a_mount_point_with_blanks_and_backslashes_escaped()
    {
        MountTable mounts = MountTable.Parse(
            "25 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
            + "36 25 8:2 /mnt1 /var/lib/etcd rw,noatime master:1 - ext4 /dev/sdb1 rw\n"
            + "37 25 8:3 / /mnt/a\\040b\\134c rw - ext4 /dev/sdc1 rw\n");

        Assert.True(mounts.Contains("/"));
        Assert.True(mounts.Contains("/var/lib/etcd"));
        Assert.True(mounts.Contains("/mnt/a b\\c"));
        Assert.False(mounts.Contains("/var/lib"));
    }

    [Fact]
    public void The_process_sees_its_own() => Assert.True(MountTable.OfThisProcess().Contains("/proc"));
}

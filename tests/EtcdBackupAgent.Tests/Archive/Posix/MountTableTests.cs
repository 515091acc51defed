using System.Text;
using EtcdBackupAgent.Archive.Posix;
using Xunit;

namespace EtcdBackupAgent.Tests.Archive.Posix;

/// <summary>
/// The mount table of a pod whose volumes are directories of its node, with a bind mount, a hidden mount and a name
/// with a space.
/// </summary>
public sealed class MountTableTests
{
    private const string Table =
        """
        21 0 0:30 / / rw - overlay overlay rw
        22 21 0:5 / /proc rw - proc proc rw
        30 21 8:1 /etc/kubernetes /certs ro - ext4 /dev/sda1 rw
        31 21 8:1 /etc/kubernetes/backup /repository rw - ext4 /dev/sda1 rw
        32 21 8:1 /etc /node rw - ext4 /dev/sda1 rw
        33 32 8:2 / /node/disk rw - ext4 /dev/sdb1 rw
        34 21 8:2 / /other\040disk rw - ext4 /dev/sdb1 rw
        35 21 8:3 / /stack rw - ext4 /dev/sdc1 rw
        36 21 0:40 / /stack rw - tmpfs tmpfs rw
        37 21 0:30 /srv/certs/backup /bound rw - overlay overlay rw
        """;

    private static readonly MountTable Mounts = new(Encoding.UTF8.GetBytes(Table));

    [Theory]
    [InlineData("/certs", "/repository", true)]
    [InlineData("/certs", "/repository/below", true)]
    [InlineData("/repository", "/certs", false)]
    [InlineData("/repository", "/certs/backup/x", true)]
    [InlineData("/repository", "/certs/backups", false)]
    [InlineData("/certs/pki", "/repository", false)]
    [InlineData("/node", "/certs/pki", true)]
    [InlineData("/node", "/other disk/x", true)]
    [InlineData("/node/disk", "/other disk/x", true)]
    [InlineData("/node/kubernetes", "/other disk/x", false)]
    [InlineData("/stack", "/certs", false)]
    [InlineData("/stack", "/stack/x", true)]
    [InlineData("/tmp", "/certs", false)]
    [InlineData("/", "/certs", true)]
    [InlineData("/srv/certs", "/bound", true)]
    [InlineData("/srv/certs", "/bound/new", true)]
    [InlineData("/bound", "/srv/certs/backup", true)]
    [InlineData("/bound", "/srv/certs", false)]
    [InlineData("/", "/bound", true)]
    public void A_place_is_recognized_through_every_mount(string outer, string inner, bool expected) =>
        Assert.Equal(expected, Mounts.PlacesBelow(outer).Any(place => place.Contains(Mounts.PlaceOf(inner))));

    [Theory]
    [InlineData("/", true)]
    [InlineData("/repository", true)]
    [InlineData("/other disk", true)]
    [InlineData("/repository/below", false)]
    [InlineData("/other\\040disk", false)]
    public void A_mount_point_is_found_by_its_path(string path, bool expected) =>
        Assert.Equal(expected, Mounts.HasMountAt(path));

    [Fact]
    public void The_process_sees_its_own_mounts() => Assert.True(MountTable.Read().HasMountAt("/proc"));

    [Fact]
    public void Without_a_table_paths_are_compared()
    {
        MountTable none = new([]);

        Assert.Contains(none.PlacesBelow("/a"), place => place.Contains(none.PlaceOf("/a/b")));
        Assert.DoesNotContain(none.PlacesBelow("/a"), place => place.Contains(none.PlaceOf("/ab")));
    }
}

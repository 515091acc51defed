using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Stores;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Documents;

public sealed class SnapshotNameTests
{
    [Fact]
    public void A_folder_name_has_time_and_id_and_is_found_from_its_keys()
    {
        SnapshotFolder folder = RepositoryJsonTests.NewFolder("34abbf1b");

        Assert.Equal("snapshots/20260101T000000Z-34abbf1b/", folder.ToString());
        Assert.True(SnapshotFolder.TryFind(folder.ManifestKey, out SnapshotFolder found));
        Assert.Equal(folder, found);
    }

    [Theory]
    [InlineData("repository.json")]
    [InlineData("snapshots/34abbf1b/manifest.json")]
    [InlineData("snapshots/20260101T000000Z-34ABBF1B/manifest.json")]
    [InlineData("snapshots/20260101T000000Z-34abbf1/manifest.json")]
    [InlineData("snapshots/20261301T000000Z-34abbf1b/manifest.json")]
    [InlineData("snapshots/20260101T000000Z-34abbf1b")]
    [InlineData("other/20260101T000000Z-34abbf1b/manifest.json")]
    public void Keys_of_another_form_belong_to_no_snapshot(string key) =>
        Assert.False(SnapshotFolder.TryFind(new ObjectKey(key), out _));

    [Fact]
    public void A_time_with_an_offset_is_written_in_utc_and_truncated_to_the_second()
    {
        Assert.True(SnapshotId.TryParse("00000000", out SnapshotId id));
        SnapshotFolder folder = new(new DateTimeOffset(2026, 3, 1, 1, 30, 59, 999, TimeSpan.FromHours(2)), id);

        Assert.Equal("snapshots/20260228T233059Z-00000000/", folder.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("/a")]
    [InlineData("a/")]
    [InlineData("a//b")]
    [InlineData("a/../b")]
    [InlineData("./a")]
    [InlineData("a b")]
    [InlineData("ä")]
    [InlineData("a\\b")]
    public void A_text_that_could_leave_the_store_is_not_an_object_key(string text)
    {
        Assert.False(ObjectKey.IsValid(text));
        Assert.Equal(FailureReason.InvalidInput, Assert.Throws<BackupException>(() => new ObjectKey(text)).Reason);
    }

    [Fact]
    public void A_key_has_a_maximum_length()
    {
        Assert.True(ObjectKey.IsValid(new string('a', ObjectKey.LengthMax)));
        Assert.False(ObjectKey.IsValid(new string('a', ObjectKey.LengthMax + 1)));
    }
}

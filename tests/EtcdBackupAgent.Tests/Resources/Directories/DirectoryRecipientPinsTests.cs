using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Resources.Directories;
using Xunit;

namespace EtcdBackupAgent.Tests.Resources.Directories;

public sealed class DirectoryRecipientPinsTests : IDisposable
{
    private static readonly ResourceName Location = new("kubedr-system", "remote.minio");

    private static readonly PinnedRecipients Pin = new()
    {
        RepositoryId = "0123456789abcdef",
        Recipients = [DirectoryFixture.Recipient],
        PinnedAt = new DateTimeOffset(2026, 5, 1, 14, 0, 0, TimeSpan.FromHours(2)),
    };

    private readonly DirectoryFixture _directory = new();

    private string PinPath => _directory[".pins/kubedr-system.remote.minio.json"];

    private DirectoryRecipientPins Pins => new(_directory.Path);

    [Fact]
    public async Task Nothing_is_pinned_at_first()
    {
        Assert.Null(await Pins.ReadAsync(Location, CancellationToken.None));
        Directory.CreateDirectory(_directory[".pins"]);
        Assert.Null(await Pins.ReadAsync(Location, CancellationToken.None));
    }

    [Fact]
    public async Task A_pin_is_read_as_written_and_belongs_to_one_location()
    {
        await Pins.WriteAsync(Location, Pin, CancellationToken.None);

        PinnedRecipients? read = await Pins.ReadAsync(Location, CancellationToken.None);

        Assert.Equal((Pin.RepositoryId, Pin.PinnedAt), (read?.RepositoryId, read?.PinnedAt));
        Assert.Equal(Pin.Recipients, read?.Recipients);
        Assert.Null(await Pins.ReadAsync(Location with { Namespace = "other" }, CancellationToken.None));
        Assert.Null(await Pins.ReadAsync(Location with { Name = "remote" }, CancellationToken.None));
    }

    [Fact]
    public async Task The_file_has_the_documented_format_and_only_its_owner_can_read_it()
    {
        await Pins.WriteAsync(Location, Pin, CancellationToken.None);

        Assert.Equal(
            $$"""
            {
              "formatVersion": 1,
              "repositoryId": "0123456789abcdef",
              "recipients": [
                "{{DirectoryFixture.Recipient}}"
              ],
              "pinnedAt": "2026-05-01T12:00:00+00:00"
            }
            """,
            await File.ReadAllTextAsync(PinPath));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(PinPath));
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
            File.GetUnixFileMode(_directory[".pins"]));
    }

    [Fact]
    public async Task A_later_pin_replaces_the_first_and_leaves_no_temporary_file()
    {
        await Pins.WriteAsync(Location, Pin, CancellationToken.None);
        await using FileStream first = File.OpenRead(PinPath);
        await Pins.WriteAsync(Location, Pin with { RepositoryId = "new", Recipients = [] }, CancellationToken.None);

        PinnedRecipients? read = await Pins.ReadAsync(Location, CancellationToken.None);
        Assert.Equal("new", read?.RepositoryId);
        Assert.Empty(read!.Recipients);
        Assert.Equal([PinPath], Directory.EnumerateFiles(_directory[".pins"]));

        // A reader that opened the old file still reads all of it: the file was replaced, not overwritten.
        using StreamReader reader = new(first);
        Assert.Contains("0123456789abcdef", await reader.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pin_is_not_a_document_and_does_not_change_the_version()
    {
        _directory.With("disk.yaml", DirectoryFixture.Disk);
        string before = (await _directory.LoadAsync()).Version;

        await Pins.WriteAsync(Location, Pin, CancellationToken.None);

        Assert.Equal(before, (await _directory.ExpectAsync()).Version);
    }

    [Theory]
    [InlineData("", "does not contain any JSON")]
    [InlineData("null", "it contains only null")]
    [InlineData("[]", "could not be converted")]
    [InlineData("{\"formatVersion\":1,\"repositoryId\":\"a\",\"recipients\":[", "Path: $.recipients")]
    [InlineData("{\"formatVersion\":1,\"repositoryId\":\"a\",\"recipients\":[]}", "pinnedAt")]
    [InlineData(
        "{\"formatVersion\":2,\"repositoryId\":\"a\",\"recipients\":[],\"pinnedAt\":\"2026-05-01T12:00:00Z\"}",
        "formatVersion is 2; this agent knows 1")]
    [InlineData(
        "{\"formatVersion\":1,\"repositoryId\":\"\",\"recipients\":[],\"pinnedAt\":\"2026-05-01T12:00:00Z\"}",
        "repositoryId is empty")]
    [InlineData(
        "{\"formatVersion\":1,\"repositoryId\":null,\"recipients\":[],\"pinnedAt\":\"2026-05-01T12:00:00Z\"}",
        "$.repositoryId")]
    [InlineData(
        """{"formatVersion":1,"repositoryId":"a","recipients":["age1hello"],"pinnedAt":"2026-05-01T12:00:00Z"}""",
        "'age1hello' is not a recipient")]
    [InlineData(
        "{\"formatVersion\":1,\"repositoryId\":\"a\",\"recipients\":[null],\"pinnedAt\":\"2026-05-01T12:00:00Z\"}",
        "a recipient is null")]
    [InlineData(
        """{"formatVersion":1,"repositoryId":"a","recipients":[],"recipients":[],"pinnedAt":"2026-05-01T12:00:00Z"}""",
        "uplicate")]
    [InlineData(
        "{\"formatVersion\":1,\"repositoryId\":\"a\",\"recipients\":[],\"pinnedAt\":\"yesterday\"}",
        "$.pinnedAt")]
    public async Task A_damaged_pin_never_counts_as_a_missing_pin(string text, string why)
    {
        Directory.CreateDirectory(_directory[".pins"]);
        await File.WriteAllTextAsync(PinPath, text);

        BackupException e = await Assert.ThrowsAsync<BackupException>(() =>
            Pins.ReadAsync(Location, CancellationToken.None));

        Assert.Equal(FailureReason.InvalidInput, e.Reason);
        Assert.StartsWith(
            $"{PinPath}, which contains the pinned recipients of BackupLocation kubedr-system/remote.minio, is "
            + "damaged: ",
            e.Message,
            StringComparison.Ordinal);
        Assert.Contains(why, e.Message, StringComparison.Ordinal);
        Assert.Contains("key list", e.Hint, StringComparison.Ordinal);
        Assert.Contains("delete the file", e.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unreadable_pin_never_counts_as_a_missing_pin()
    {
        Directory.CreateDirectory(PinPath);

        BackupException e = await Assert.ThrowsAsync<BackupException>(() =>
            Pins.ReadAsync(Location, CancellationToken.None));

        Assert.Equal(FailureReason.InvalidInput, e.Reason);
        Assert.StartsWith(
            "The pinned recipients of BackupLocation kubedr-system/remote.minio cannot be read: ",
            e.Message,
            StringComparison.Ordinal);
        Assert.Equal($"Make {PinPath} readable for the user that the agent runs as.", e.Hint);
    }

    [Fact]
    public async Task An_unwritable_directory_gives_a_hint()
    {
        // Not even root can create a directory there.
        DirectoryRecipientPins pins = new("/sys");

        BackupException e = await Assert.ThrowsAsync<BackupException>(() =>
            pins.WriteAsync(Location, Pin, CancellationToken.None));

        Assert.Equal(FailureReason.InvalidInput, e.Reason);
        Assert.StartsWith(
            "The recipients of BackupLocation kubedr-system/remote.minio cannot be pinned: ",
            e.Message,
            StringComparison.Ordinal);
        Assert.StartsWith(
            "Make /sys/.pins writable for one backup, or write the recipients into spec.encryption.recipients",
            e.Hint,
            StringComparison.Ordinal);
        Assert.Null(await pins.ReadAsync(Location, CancellationToken.None));
    }

    [Fact]
    public async Task A_write_that_fails_leaves_nothing_behind()
    {
        // A directory has the name of the file, so that only the rename fails.
        Directory.CreateDirectory(_directory[".pins/kubedr-system.remote.minio.json/x"]);

        await Assert.ThrowsAsync<BackupException>(() => Pins.WriteAsync(Location, Pin, CancellationToken.None));

        Assert.Equal([PinPath], Directory.EnumerateFileSystemEntries(_directory[".pins"]));
    }

    public void Dispose() => _directory.Dispose();
}

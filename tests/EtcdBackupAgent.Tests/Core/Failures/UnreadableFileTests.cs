using EtcdBackupAgent.Configuration;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Restores;
using EtcdBackupAgent.Core.Verification;
using EtcdBackupAgent.Testing.Directories;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Failures;

/// <summary>The message for a directory in place of a file, and for a missing file, states the cause.</summary>
public sealed class UnreadableFileTests : IDisposable
{
    private readonly TestDirectory _directory = new();

    public static TheoryData<Action<string>> Readers =>
    [
        path => SnapshotInput.Open(path, skipHashCheck: false),
        path => InspectRun.OfFile(path, receiveValue: null, CancellationToken.None),
        path => InputFile.ReadText("--passphrase-file", path),
        path => InputFile.ReadBytes("--identity-file", path),
    ];

    [Theory]
    [MemberData(nameof(Readers))]
    public void A_directory_is_reported_as_a_directory(Action<string> read)
    {
        BackupException e = Assert.Throws<BackupException>(() => read(_directory.Path));

        Assert.Equal(FailureReason.InvalidInput, e.Reason);
        Assert.EndsWith($"{_directory.Path} cannot be read: it is a directory.", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Readers))]
    public void A_missing_file_is_reported_as_missing(Action<string> read)
    {
        BackupException e = Assert.Throws<BackupException>(() => read(_directory["absent"]));

        Assert.EndsWith(
            $"{_directory["absent"]} cannot be read: Could not find file '{_directory["absent"]}'.",
            e.Message,
            StringComparison.Ordinal);
    }

    public void Dispose() => _directory.Dispose();
}

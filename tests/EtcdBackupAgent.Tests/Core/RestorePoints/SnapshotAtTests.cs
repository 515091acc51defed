using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.RestorePoints;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.RestorePoints;

/// <summary>A snapshot in the words of a user, and perhaps a revision in it.</summary>
public sealed class SnapshotAtTests
{
    [Theory]
    [InlineData("1a2b3c4d", "1a2b3c4d", null)]
    [InlineData("latest", "latest", null)]
    [InlineData("latest@57", "latest", 57L)]
    [InlineData("nightly-1.36.4@1", "nightly-1.36.4", 1L)]
    public void A_word_names_a_snapshot_and_perhaps_a_revision(string word, string id, long? revision)
    {
        SnapshotAt parsed = SnapshotAt.Parse(word);

        Assert.Equal(new SnapshotAt(id, revision), parsed);
        Assert.Equal(word, revision is { } known ? SnapshotAt.Text(parsed.Id, known) : parsed.Id);
    }

    [Theory]
    [InlineData("latest@")]
    [InlineData("@57")]
    [InlineData("latest@0")]
    [InlineData("latest@-1")]
    [InlineData("latest@x")]
    [InlineData("latest@99999999999999999999")]
    public void A_word_without_a_revision_behind_the_sign_is_refused(string word)
    {
        BackupException failure = Assert.Throws<BackupException>(() => SnapshotAt.Parse(word));

        Assert.Equal(FailureReason.InvalidInput, failure.Reason);
        Assert.Contains($"'{word}'", failure.Message, StringComparison.Ordinal);
    }
}

using EtcdBackupAgent.Core.Failures;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Failures;

public sealed class HintTests
{
    private static readonly BackupException Failure = new(FailureReason.TargetUnusable, "It is full.")
    {
        Hint = "Choose another directory.",
        Settings = [Setting.ScratchDirectory, Setting.S3Region],
    };

    [Fact]
    public void A_hint_ends_in_the_names_that_its_settings_have_where_it_is_shown()
    {
        Assert.Equal(
            "Choose another directory. Use --scratch-dir and --s3-region.",
            Failure.HintFor(setting => setting == Setting.S3Region ? "--s3-region" : "--scratch-dir"));
        Assert.Equal(
            "It is full. Choose another directory. Use the field region.",
            Failure.MessageWithHint(setting => setting == Setting.S3Region ? "the field region" : null));
        Assert.Equal("Choose another directory.", Failure.HintFor(_ => null));
    }

    [Fact]
    public void A_failure_without_a_hint_and_without_settings_is_its_message() => Assert.Equal(
        "It is full.", new BackupException(FailureReason.TargetUnusable, "It is full.").MessageWithHint(_ => "--x"));

    [Fact]
    public void The_same_failure_with_another_message_keeps_its_reason_hint_and_settings()
    {
        BackupException other = Failure.WithMessage("The backup failed: It is full.");

        Assert.Equal(
            (Failure.Reason, Failure.Hint, "The backup failed: It is full."),
            (other.Reason, other.Hint, other.Message));
        Assert.Equal(Failure.Settings, other.Settings);
        Assert.Same(Failure, other.InnerException);
    }
}

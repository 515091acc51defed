using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Backups;

public sealed class BackupOccasionTests
{
    [Theory]
    [InlineData("release=1.36.4", "release", "1.36.4")]
    [InlineData("backup.kubrix.io/tier=critical", "backup.kubrix.io/tier", "critical")]
    [InlineData("empty=", "empty", "")]
    [InlineData("A_b.c=X-1", "A_b.c", "X-1")]
    public void A_label_is_read(string text, string key, string value) =>
        Assert.Equal(new KeyValuePair<string, string>(key, value), Assert.Single(BackupOccasion.ParseLabels([text])));

    [Theory]
    [InlineData("release")]
    [InlineData("=value")]
    [InlineData("a b=c")]
    [InlineData("a=b=c")]
    [InlineData("-a=b")]
    [InlineData("a=b-")]
    [InlineData("/a=b")]
    [InlineData("Prefix/a=b")]
    [InlineData("a..b/c=d")]
    [InlineData("a=0123456789012345678901234567890123456789012345678901234567890123")]
    [InlineData("kubedr.catalogicsoftware.com/policy-uid=x")]
    public void What_is_not_a_label_is_refused_by_name(string text)
    {
        BackupException e = Assert.Throws<BackupException>(() => BackupOccasion.ParseLabels([text]));

        Assert.Equal(FailureReason.InvalidInput, e.Reason);
        Assert.Contains(text.Split('=')[0], e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_label_is_not_given_twice() =>
        Assert.Contains(
            "'a' is given twice",
            Assert.Throws<BackupException>(() => BackupOccasion.ParseLabels(["a=1", "a=2"])).Message,
            StringComparison.Ordinal);

    [Theory]
    [InlineData("1.36.4", true)]
    [InlineData("kcm-1-2", true)]
    [InlineData("", false)]
    [InlineData("Upper", false)]
    [InlineData("a/b", false)]
    [InlineData(".a", false)]
    [InlineData("a.", false)]
    public void A_name_suffix_has_the_letters_of_a_Kubernetes_name(string suffix, bool isValid)
    {
        BackupOccasion occasion = BackupOccasion.OnDemand(null) with { NameSuffix = suffix };
        if (isValid)
        {
            occasion.Validate();
            Assert.Equal($"nightly-{suffix}", occasion.NameOf(new ResourceName("a", "nightly")));
        }
        else
        {
            Assert.Contains(
                $"'{suffix}'", Assert.Throws<BackupException>(occasion.Validate).Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("before the upgrade", "before the upgrade")]
    [InlineData("  two\nlines\t ", "two lines")]
    [InlineData("bell\u0007", "bell")]
    [InlineData(" ", null)]
    [InlineData(null, null)]
    public void A_note_is_one_line(string? text, string? note)
    {
        Assert.Equal(note, BackupOccasion.NoteOf(text));
        BackupOccasion.OnDemand(BackupOccasion.NoteOf(text)).Validate();
    }

    [Fact]
    public void A_note_has_a_limit()
    {
        string text = new('x', BackupOccasion.NoteLengthMax + 1);

        Assert.Throws<BackupException>(BackupOccasion.OnDemand(text).Validate);
        Assert.Equal(BackupOccasion.NoteLengthMax, BackupOccasion.NoteOf(text)!.Length);
    }

    [Fact]
    public async Task The_marks_are_in_the_manifest()
    {
        using UseCaseFixture fixture = new();
        BackupRepository repository = await fixture.InitAsync();
        BackupRequest request = fixture.Request() with
        {
            Labels = new Dictionary<string, string>(StringComparer.Ordinal) { [SnapshotManifest.PolicyUidLabel] = "u" },
            Occasion = new BackupOccasion
            {
                Reason = BackupReason.OnDemand,
                Note = "before the upgrade",
                NameSuffix = "1.36.4",
                Labels = BackupOccasion.ParseLabels(["release=1.36.4", "a=b"]),
            },
        };

        await UseCaseFixture.Run(repository, SnapshotBytes.Source(SnapshotBytes.Create(512)))
            .ExecuteAsync(request, UseCaseFixture.NoProgress, CancellationToken.None);

        SnapshotManifest manifest =
            Assert.Single((await repository.TakeInventoryAsync(CancellationToken.None)).Snapshots).Manifest;
        Assert.Equal(
            ($"{request.Policy.Name}-1.36.4", "before the upgrade", BackupReason.OnDemand),
            (manifest.Name, manifest.Note, manifest.Reason));
        Assert.Equal(
            ["a=b", $"{SnapshotManifest.PolicyUidLabel}=u", "release=1.36.4"],
            manifest.Labels.Select(label => $"{label.Key}={label.Value}").Order(StringComparer.Ordinal));
    }
}

using EtcdBackupAgent.Tests.Architecture;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Signatures;

/// <summary>The table of attacks in <c>docs/security.md</c>, and the tests that prove its lines.</summary>
public sealed class AttackTable
{
    private const string None = "–";

    private static readonly Attack[] Attacks =
    [
        new(
            "reads everything",
            "encryption: it sees no byte of the database",
            None,
            "that it was read",
            []),
        new(
            "deletes snapshots, keys or documents",
            "Object Lock: the server refuses until the date",
            "the roster of a later snapshot lists what is missing",
            "the newest ones, if they were not locked",
            [
                "What_is_locked_is_neither_removed_nor_replaced",
                "A_deleted_snapshot_is_missing_until_that_is_accepted",
            ]),
        new(
            "overwrites them, or hides them under delete markers",
            "Object Lock keeps the first version",
            "`--ignore-deletions` reads it; a changed manifest has no valid signature",
            None,
            [
                "What_is_locked_is_neither_removed_nor_replaced",
                "A_changed_manifest_does_not_count",
            ]),
        new(
            "rolls the repository back to yesterday",
            "Object Lock",
            "`--expect-number`, `--expect-digest`",
            "a number or a digest that you know from elsewhere",
            [
                "Only_a_number_from_elsewhere_shows_that_the_newest_snapshots_are_gone",
            ]),
        new(
            "stores a snapshot of another repository again",
            None,
            "the signed manifest names its repository",
            None,
            [
                "A_snapshot_of_another_repository_of_the_same_signer_does_not_count",
            ]),
        new(
            "stores a removed snapshot again",
            None,
            "it is true, but old: it is not the newest, and pushes nothing out",
            None,
            [
                "A_snapshot_that_was_removed_and_comes_back_pushes_nothing_out",
            ]),
        new(
            "forges a snapshot, or twenty",
            None,
            "no valid signature: they are never `latest`, and retention does not count them",
            None,
            [
                "Forged_snapshots_push_no_true_one_out_and_are_never_the_newest",
            ]),
        new(
            "dates one 2030",
            None,
            "no valid signature; and what is dated in the future never counts as the newest",
            None,
            [
                "A_forged_snapshot_of_2030_does_not_count_and_a_signed_one_neither",
            ]),
        new(
            "forges a verification that yours are damaged",
            None,
            "no valid signature: the record does not count",
            None,
            [
                "A_forged_verification_does_not_count",
            ]),
        new(
            "forges an exclusion, a release or another statement",
            None,
            "no valid signature: it does not count, and is reported",
            None,
            [
                "A_forged_statement_does_not_count_and_is_reported",
                "A_signed_statement_of_another_repository_does_not_count",
            ]),
        new(
            "adds a recipient or a signer",
            None,
            "a change needs a signature; a replaced `repository.json` differs from the pin and from "
            + "`--signer`",
            "the pin, or your file of signers",
            [
                "A_recipient_or_a_signer_is_not_added_without_a_signature",
                "A_replaced_repository_document_is_noticed_by_the_pin_of_its_signers",
                "A_forged_document_of_the_repository_hides_the_true_one_and_does_not_replace_it",
            ]),
        new(
            "locks everything for decades, so that you pay",
            "deny `s3:PutObjectRetention` to other users",
            "`lockedUntil` is later than your setting",
            None,
            [
                "A_lock_of_decades_is_shown",
            ]),
        new(
            "administers the store, and removes the bucket",
            None,
            None,
            "a second location (`copy`)",
            [
                "A_second_location_has_everything_when_the_bucket_is_gone",
            ]),
        new(
            "takes over the node with the signing key",
            "Object Lock keeps what was there",
            "two snapshots of one number, if the true agent goes on",
            "whatever is signed after that",
            []),
        new(
            "stops the agent",
            None,
            "the alert that backups are missing",
            None,
            []),
    ];

    [Fact]
    public async Task The_table_of_the_page_has_exactly_these_lines()
    {
        string page = await File.ReadAllTextAsync(Path.Combine(SourceTree.Root, "docs", "security.md"));
        string[] lines =
        [
            .. page.Split('\n').SkipWhile(line => !line.StartsWith("| someone with all keys", StringComparison.Ordinal))
                .Skip(2)
                .TakeWhile(line => line.StartsWith('|')),
        ];

        Assert.Equal(Attacks.Select(attack => attack.Line), lines);
    }

    [Fact]
    public void Every_test_that_a_line_names_exists()
    {
        string sources = string.Concat(new[]
        {
            "tests/EtcdBackupAgent.Tests/Core/Signatures/AttackTests.cs",
            "tests/EtcdBackupAgent.IntegrationTests/Storage/VaultAttackTests.cs",
        }.Select(file => File.ReadAllText(Path.Combine(SourceTree.Root, file))));

        Assert.All(
            Attacks.SelectMany(attack => attack.Tests),
            test => Assert.Contains($"public async Task {test}(", sources, StringComparison.Ordinal));
    }

    /// <summary>A line of the table.</summary>
    private sealed record Attack(
        string Name, string PreventedBy, string DetectedBy, string Witness, IReadOnlyList<string> Tests)
    {
        public string Line => $"| {Name} | {PreventedBy} | {DetectedBy} | {Witness} |";
    }
}

using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Core.Policies;
using Xunit;

namespace EtcdBackupAgent.Tests.Resources.Binding;

public sealed class LocationEncryptionTests
{
    private const string One = DirectoryFixture.Recipient;
    private const string Other = "age1gwk42jphu5fp2fxcy8gjny9n828t2um35f59j5zxaqw0frjn4eeqyqd82d";
    private const string Identity = "AGE-SECRET-KEY-1QQPQYQSZQGPQYQSZQGPQYQSZQGPQYQSZQGPQYQSZQGPQYQSZQGPQGRWKS6";
    private const string Disk = "url: file:///backups";

    private static readonly string[] S3 = ["url: https://a", "bucketName: bucket", "credentials: c"];

    [Theory]
    [InlineData("repo_password", "repo_password")]
    [InlineData("restic_repo_password", "restic_repo_password")]
    [InlineData("restic_repo_password repo_password", "repo_password")]
    public async Task Without_spec_encryption_the_passphrase_in_the_Secret_is_used(string keys, string expected)
    {
        using DirectoryFixture directory = new();
        directory.With(
            "l.yaml",
            DirectoryFixture.BareLocation(S3),
            DirectoryFixture.Secret("c", ["access_key", "secret_key", .. keys.Split(' ')]));

        BackupLocation location = Assert.Single((await directory.ExpectAsync()).Locations).Value;

        Assert.Equal(
            new PassphraseLocation { Secret = new ResourceName("kubedr-system", "c"), SecretKey = expected },
            location.Encryption);
    }

    [Fact]
    public async Task Spec_encryption_overrides_the_passphrase_in_a_Secret_of_kubedr()
    {
        using DirectoryFixture directory = new();
        directory
            .With("c.yaml", DirectoryFixture.Secret("c", "access_key", "secret_key", "restic_repo_password"))
            .With("l.yaml", DirectoryFixture.BareLocation([.. S3, "encryption: None"]))
            .With("m.yaml", DirectoryFixture.BareLocation([.. S3, $"encryption: {{recipients: [{One}, {Other}]}}"])
                .Replace("name: l", "name: m", StringComparison.Ordinal));

        ResourceSet set = await directory.ExpectAsync();

        Assert.IsType<UnencryptedLocation>(set.Locations[new ResourceName("kubedr-system", "l")].Encryption);
        BackupLocation encrypted = set.Locations[new ResourceName("kubedr-system", "m")];
        Assert.Equal([One, Other], Assert.IsType<RecipientLocation>(encrypted.Encryption).Recipients);
    }

    [Fact]
    public async Task Post_quantum_recipients_are_accepted_but_not_together_with_others()
    {
        using AgeIdentity identity = AgeIdentity.GeneratePostQuantum();
        string recipient = $"{identity.Recipient}";
        using DirectoryFixture right = new();
        right.With("l.yaml", DirectoryFixture.BareLocation(Disk, $"encryption: {{recipients: [{recipient}]}}"));
        using DirectoryFixture mixed = new();
        mixed.With("l.yaml", DirectoryFixture.BareLocation(Disk, $"encryption: {{recipients: [{recipient}, {One}]}}"));

        BackupLocation location = Assert.Single((await right.ExpectAsync()).Locations).Value;
        ResourceSet refused = await mixed.ExpectAsync(
            "Error: l.yaml:7: BackupLocation kubedr-system/l: spec.encryption.recipients: contains post-quantum "
            + "recipients (age1pq1…) and others (age1…); write recipients of one kind");

        Assert.Equal([recipient], Assert.IsType<RecipientLocation>(location.Encryption).Recipients);
        Assert.Empty(refused.Locations);
    }

    [Theory]
    [InlineData(RecipientLocation.PostQuantumRecipientsMax, "")]
    [InlineData(RecipientLocation.PostQuantumRecipientsMax + 1, "contains 33 post-quantum recipients; at most 32")]
    public async Task The_number_of_post_quantum_recipients_is_limited(int count, string problem)
    {
        List<string> recipients = [];
        for (int i = 0; i < count; i++)
        {
            using AgeIdentity identity = AgeIdentity.GeneratePostQuantum();
            recipients.Add($"{identity.Recipient}");
        }

        using DirectoryFixture directory = new();
        directory.With(
            "l.yaml",
            DirectoryFixture.BareLocation(Disk, $"encryption: {{recipients: [{string.Join(", ", recipients)}]}}"));

        ResourceSet set = await directory.LoadAsync();

        Assert.Equal(problem.Length == 0, set.Problems.Count == 0);
        Assert.All(set.Problems, found => Assert.Contains(problem, found.ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_policy_cannot_verify_a_backup_that_the_agent_has_no_key_for()
    {
        using DirectoryFixture directory = new();
        directory
            .With("l.yaml", DirectoryFixture.BareLocation(Disk, $"encryption: {{recipients: [{One}]}}"))
            .With("p.yaml", DirectoryFixture.Policy("destination: l", "verify: AfterBackup"));

        ResourceSet set = await directory.ExpectAsync(
            "Error: p.yaml:8: MetadataBackupPolicy kubedr-system/p: spec.verify: AfterBackup needs a key that opens "
            + "the backups, but "
            + "BackupLocation kubedr-system/l has only recipients; write Never and verify where the identity is");

        Assert.Empty(set.Policies);
        Assert.Single(set.Locations);
    }

    [Theory]
    [InlineData("encryption: None", "")]
    [InlineData("credentials: c", "repo_password")]
    public async Task A_policy_can_verify_a_backup_with_a_passphrase_or_without_encryption(string line, string key)
    {
        using DirectoryFixture directory = new();
        directory
            .With(
                "l.yaml",
                DirectoryFixture.BareLocation(Disk, line),
                DirectoryFixture.Secret("c", key.Length > 0 ? [key] : ["other"]))
            .With("p.yaml", DirectoryFixture.Policy("destination: l", "verify: AfterBackup"));

        ResourceSet set = await directory.ExpectAsync();

        Assert.Equal(PolicyVerification.AfterBackup, Assert.Single(set.Policies).Value.Verify);
    }

    [Fact]
    public async Task A_duplicate_recipient_is_used_once_and_gives_a_warning()
    {
        using DirectoryFixture directory = new();
        directory.With(
            "l.yaml",
            DirectoryFixture.BareLocation(
                Disk,
                "encryption:",
                "  recipients:",
                $"  - {One}",
                $"  - {Other}",
                $"  - {One}"));

        BackupLocation location = Assert
            .Single(
                (
                    await directory.ExpectAsync(
                        $"Warning: l.yaml:11: BackupLocation kubedr-system/l: spec.encryption.recipients[2]: '{One}' "
                        + "is a duplicate"
                    )).Locations)
            .Value;

        Assert.Equal([One, Other], Assert.IsType<RecipientLocation>(location.Encryption).Recipients);
    }

    [Theory]
    [InlineData(
        "none",
        "encryption: 'none' is not an encryption; allowed is None, or a mapping with recipients: [age1…]; did you mean "
        + "'None'?"
    )]
    [InlineData("aes", "encryption: 'aes' is not an encryption; allowed is None")]
    [InlineData(One, "encryption: '" + One + "' is not an encryption; allowed is None, or a mapping with recipients")]
    [InlineData(Identity, "encryption: is a text; allowed is None")]
    [InlineData("", "encryption: is empty; allowed is None, or a mapping with recipients")]
    [InlineData("''", "encryption: is a text; allowed is None, or a mapping with recipients")]
    [InlineData("false", "encryption: is true or false; allowed is None")]
    [InlineData("[" + One + "]", "encryption: is a list; allowed is None, or a mapping with recipients")]
    [InlineData("{}", "encryption.recipients: is missing; write a list of at least one recipient, age1…")]
    [InlineData("{recipients: }", "encryption.recipients: is empty, but must be a list of at least one recipient")]
    [InlineData("{recipients: []}", "encryption.recipients: is an empty list; write at least one recipient")]
    [InlineData(
        "{recipients: " + One + "}",
        "encryption.recipients: is a text, but must be a list of at least one recipient")]
    [InlineData("{recipients: [5]}", "encryption.recipients[0]: is a number, but must be a recipient, age1…")]
    [InlineData(
        "{recipients: [" + One + ", age1hello]}",
        "encryption.recipients[1]: 'age1hello' is not a recipient; allowed is age1 and 58 more")]
    [InlineData(
        "{recipients: [" + Identity + "]}",
        "encryption.recipients[0]: is a secret key, which does not belong here; write its recipient")]
    public async Task An_invalid_encryption_is_refused_and_no_secret_key_is_shown(string value, string problem)
    {
        using DirectoryFixture directory = new();
        directory.With("l.yaml", DirectoryFixture.BareLocation(Disk, $"encryption: {value}"));

        ResourceSet set = await directory.ExpectAsync(
            $"Error: l.yaml:7: BackupLocation kubedr-system/l: spec.{problem}");

        Assert.Empty(set.Locations);
        Assert.DoesNotContain("AGE-SECRET", set.Problems[0].ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_recipient_with_a_wrong_checksum_is_refused()
    {
        using DirectoryFixture directory = new();
        directory.With("l.yaml", DirectoryFixture.BareLocation(Disk, $"encryption: {{recipients: [{One[..^1]}q]}}"));
        await directory.ExpectAsync(
            $"Error: l.yaml:7: BackupLocation kubedr-system/l: spec.encryption.recipients[0]: '{One[..^1]}q' is not a "
            + "recipient"
        );
    }

    [Fact]
    public async Task A_directory_without_an_encryption_gets_the_three_remedies()
    {
        using DirectoryFixture directory = new();
        directory.With("l.yaml", DirectoryFixture.BareLocation(Disk));

        ResourceSet set = await directory.ExpectAsync(
            "Error: l.yaml:6: BackupLocation kubedr-system/l: spec.encryption: is missing; write a passphrase as "
            + "repo_password into "
            + "a Secret, and the Secret's name into spec.credentials, or 'encryption: {recipients: [age1…]}' into the "
            + "spec to encrypt "
            + "to keys of your own, or 'encryption: None' to store the backups readable by everyone who can read the "
            + "store");

        Assert.Empty(set.Locations);
    }

    [Theory]
    [InlineData("repo_passwrd", "; did you mean 'repo_passwrd'?")]
    [InlineData("unrelated", "")]
    public async Task A_Secret_without_a_passphrase_gets_the_three_remedies(string key, string question)
    {
        using DirectoryFixture directory = new();
        directory.With(
            "l.yaml",
            DirectoryFixture.BareLocation(S3),
            DirectoryFixture.Secret("c", "access_key", "secret_key", key));

        ResourceSet set = await directory.ExpectAsync(
            "Error: l.yaml:6: BackupLocation kubedr-system/l: spec.encryption: is missing, and Secret kubedr-system/c "
            + "has neither "
            + $"repo_password nor restic_repo_password{question}; write a passphrase as repo_password into the Secret, "
            + "or 'encryption: "
            + "{recipients: [age1…]}' into the spec");

        Assert.Empty(set.Locations);
    }

    [Theory]
    [InlineData("repo_password: ''", "repo_password")]
    [InlineData("repo_password: \" \\n\"", "repo_password")]
    [InlineData("restic_repo_password: ''", "restic_repo_password")]
    [InlineData("repo_password: ''\n  restic_repo_password: good", "repo_password")]
    public async Task An_empty_passphrase_is_refused(string lines, string key)
    {
        using DirectoryFixture directory = new();
        directory.With(
            "l.yaml",
            DirectoryFixture.BareLocation(Disk, "credentials: c"),
            $"apiVersion: v1\nkind: Secret\nmetadata: {{name: c}}\nstringData:\n  {lines}\n");

        ResourceSet set = await directory.ExpectAsync(
            "Error: l.yaml:7: BackupLocation kubedr-system/l: spec.credentials: Secret kubedr-system/c has an empty "
            + $"{key}; write a passphrase"
        );

        Assert.Empty(set.Locations);
    }

    [Fact]
    public async Task The_Secret_of_a_directory_needs_only_the_passphrase()
    {
        using DirectoryFixture directory = new();
        directory.With(
            "l.yaml",
            DirectoryFixture.BareLocation(Disk, "credentials: c"),
            DirectoryFixture.Secret("c", "repo_password"));

        BackupLocation location = Assert.Single((await directory.ExpectAsync()).Locations).Value;

        Assert.Equal("repo_password", Assert.IsType<PassphraseLocation>(location.Encryption).SecretKey);
        Assert.Equal(new ResourceName("kubedr-system", "c"), location.Credentials);
    }

    [Fact]
    public async Task A_missing_Secret_is_named_with_the_keys_it_needs()
    {
        using DirectoryFixture directory = new();
        directory.With("l.yaml", DirectoryFixture.BareLocation(Disk, "credentials: c"));
        await directory.ExpectAsync(
            "Error: l.yaml:7: BackupLocation kubedr-system/l: spec.credentials: there is no Secret kubedr-system/c; it "
            + "needs the key repo_password"
        );

        directory.With("l.yaml", DirectoryFixture.BareLocation(S3));
        await directory.ExpectAsync(
            "Error: l.yaml:8: BackupLocation kubedr-system/l: spec.credentials: there is no Secret kubedr-system/c; "
            + "it needs the keys access_key, secret_key, repo_password");

        directory.With("l.yaml", DirectoryFixture.Location(S3));
        ResourceProblem only = Assert.Single((await directory.LoadAsync()).Problems);
        Assert.EndsWith("it needs the keys access_key, secret_key", only.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("other", true)]
    [InlineData("repo_password", false)]
    public async Task An_unused_Secret_of_a_directory_gives_a_warning_unless_it_has_a_passphrase(
        string key,
        bool warned)
    {
        using DirectoryFixture directory = new();
        directory.With("l.yaml", DirectoryFixture.Location(Disk, "credentials: c"), DirectoryFixture.Secret("c", key));

        ResourceSet set = await directory.ExpectAsync(warned
            ? ["Warning: l.yaml:7: BackupLocation kubedr-system/l: spec.credentials: has no effect for a directory "
                + "whose encryption is given"]
            : []);

        Assert.IsType<UnencryptedLocation>(Assert.Single(set.Locations).Value.Encryption);
    }
}

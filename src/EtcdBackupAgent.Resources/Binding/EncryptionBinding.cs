using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Secrets;
using EtcdBackupAgent.Resources.Yaml;

namespace EtcdBackupAgent.Resources.Binding;

/// <summary>
/// Binds the encryption of a location: <c>spec.encryption</c>, or else the passphrase in the location's Secret. See
/// <c>docs/policies.md</c>, "Encryption".
/// </summary>
internal static class EncryptionBinding
{
    public const string Field = "encryption";

    private const string Unencrypted = "None";
    private const string RecipientsField = "recipients";
    private const string Allowed = "allowed is None, or a mapping with recipients: [age1…]";

    /// <summary>The beginning of an identity, the secret half of a recipient; no message may repeat it.</summary>
    private const string IdentityPrefix = "AGE-SECRET-KEY-";

    /// <summary>Returns the value of <c>spec.encryption</c>, as far as it is valid; null if the field is
    /// absent.</summary>
    public static LocationEncryption? Bind(FieldReader spec)
    {
        switch (spec.Node(Field))
        {
            case null:
                return null;
            case ScalarNode { Type: ScalarType.Text, Text: Unencrypted }:
                return new UnencryptedLocation();
            case MappingNode when spec.Mapping(Field) is { } encryption:
                return new RecipientLocation { Recipients = Recipients(encryption) };
            case ScalarNode { Type: ScalarType.Text, Text.Length: > 0 } text when !ContainsIdentity(text.Text):
                spec.Error(
                    Field,
                    $"{ResourceProblems.Quote(text.Text)} is not an encryption; {Allowed}"
                    + NearestName.Question(text.Text, [Unencrypted]));
                break;
            case { } other:
                spec.Error(Field, $"is {other.TypeName}; {Allowed}");
                break;
        }

        return new RecipientLocation { Recipients = [] };
    }

    /// <summary>Reports that a location has neither an encryption nor a Secret that could contain a
    /// passphrase.</summary>
    public static void ReportAbsent(FieldReader spec) =>
        spec.Error(Field, $"is missing; write {Remedies("a Secret, and the Secret's name into spec.credentials")}");

    /// <summary>Finds the passphrase in the Secret of a location without <c>spec.encryption</c>.</summary>
    /// <returns>Null if there is none or it is empty, which is then among the problems.</returns>
    public static PassphraseLocation? OfSecret(SecretContent secret, FieldReader spec)
    {
        if (PassphraseKey(secret) is not { } key)
        {
            string question = NearestName.Question(PassphraseLocation.PreferredKey, secret.Data.Keys);
            spec.Error(
                Field,
                $"is missing, and Secret {secret.Name} has neither {PassphraseLocation.PreferredKey} nor "
                + $"{PassphraseLocation.KubedrKey}{question}; write {Remedies("the Secret")}");
            return null;
        }

        if (secret.Data[key].All(character => char.IsWhiteSpace((char)character)))
        {
            spec.Error(
                "credentials", $"Secret {secret.Name} has an empty {key}; write a passphrase that is hard to guess");
            return null;
        }

        return new PassphraseLocation { Secret = secret.Name, SecretKey = key };
    }

    /// <summary>Returns the key of the passphrase, whatever its value; null if the Secret has no passphrase.</summary>
    public static string? PassphraseKey(SecretContent secret) =>
        secret.Data.ContainsKey(PassphraseLocation.PreferredKey) ? PassphraseLocation.PreferredKey
        : secret.Data.ContainsKey(PassphraseLocation.KubedrKey) ? PassphraseLocation.KubedrKey
        : null;

    private static string Remedies(string secret) =>
        $"a passphrase as {PassphraseLocation.PreferredKey} into {secret}, "
        + $"or '{Field}: {{{RecipientsField}: [age1…]}}' into the spec to encrypt to keys of your own, "
        + $"or '{Field}: {Unencrypted}' to store the backups readable by everyone who can read the store";

    private static List<string> Recipients(FieldReader encryption)
    {
        List<string> recipients = [];
        switch (encryption.Node(RecipientsField))
        {
            case SequenceNode { Items.Count: > 0 } list:
                for (int i = 0; i < list.Items.Count; i++)
                {
                    Add(list.Items[i], $"spec.{Field}.{RecipientsField}[{i}]", recipients, encryption.Problems);
                }

                ValidateKinds([.. recipients.Select(AgeRecipient.Parse)], encryption);
                break;
            case SequenceNode:
                encryption.Error(RecipientsField, "is an empty list; write at least one recipient, age1…");
                break;
            case null:
                encryption.Error(RecipientsField, "is missing; write a list of at least one recipient, age1…");
                break;
            case { } other:
                encryption.Error(
                    RecipientsField, $"is {other.TypeName}, but must be a list of at least one recipient, age1…");
                break;
        }

        encryption.WarnAboutUnknown();
        return recipients;
    }

    private static void Add(ResourceNode item, string path, List<string> recipients, ResourceProblems problems)
    {
        if (item is not ScalarNode { Type: ScalarType.Text } text)
        {
            problems.Error(item.Where, path, $"is {item.TypeName}, but must be a recipient, age1…");
        }
        else if (ContainsIdentity(text.Text))
        {
            problems.Error(
                item.Where,
                path,
                "is a secret key, which does not belong here; write its recipient, which 'age-keygen -y' prints");
        }
        else if (!AgeRecipient.TryParse(SecretText.WithoutLineEnd(text.Text), out AgeRecipient? recipient))
        {
            problems.Error(
                item.Where,
                path,
                $"{ResourceProblems.Quote(text.Text)} is not a recipient; allowed is age1 and 58 more lower-case "
                + "characters with a checksum, or age1pq1 and 1,952 more, as 'age-keygen' prints");
        }
        else if (recipients.Contains(recipient.ToString(), StringComparer.Ordinal))
        {
            problems.Warning(
                item.Where, path, $"{ResourceProblems.Quote(text.Text)} is a duplicate and is ignored");
        }
        else
        {
            recipients.Add(recipient.ToString());
        }
    }

    private static void ValidateKinds(List<AgeRecipient> recipients, FieldReader encryption)
    {
        if (AgeRecipient.AreMixed(recipients))
        {
            encryption.Error(
                RecipientsField,
                "contains post-quantum recipients (age1pq1…) and others (age1…); write recipients of one kind");
        }
        else if (recipients.Count > RecipientLocation.PostQuantumRecipientsMax && recipients[0].IsPostQuantum)
        {
            encryption.Error(
                RecipientsField,
                $"contains {recipients.Count} post-quantum recipients; at most "
                + $"{RecipientLocation.PostQuantumRecipientsMax} are allowed");
        }
    }

    private static bool ContainsIdentity(string text) =>
        text.Contains(IdentityPrefix, StringComparison.OrdinalIgnoreCase);
}

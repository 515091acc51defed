using EtcdBackupAgent.Archive.Signatures;
using EtcdBackupAgent.Core.Secrets;
using EtcdBackupAgent.Resources.Yaml;

namespace EtcdBackupAgent.Resources.Binding;

/// <summary>
/// Binds the signers of a location: <c>spec.signers</c>. See <c>docs/policies.md</c>, "BackupLocation".
/// </summary>
internal static class SignersBinding
{
    /// <summary>The highest number of signers; the definition refuses more, too.</summary>
    public const int SignersMax = 32;

    private const string Field = "signers";

    /// <summary>Returns the signers, as far as they are valid; empty if the field is absent.</summary>
    public static IReadOnlyList<string> Bind(FieldReader spec)
    {
        switch (spec.Node(Field))
        {
            case null:
                return [];
            case SequenceNode { Items.Count: > 0 and <= SignersMax } list:
                List<string> signers = [];
                for (int i = 0; i < list.Items.Count; i++)
                {
                    Add(list.Items[i], $"spec.{Field}[{i}]", signers, spec.Problems);
                }

                return signers;
            case SequenceNode list:
                spec.Error(Field, $"has {list.Items.Count} public keys; write 1 to {SignersMax}");
                return [];
            case { } other:
                spec.Error(Field, $"is {other.TypeName}, but must be a list of public keys");
                return [];
        }
    }

    private static void Add(ResourceNode item, string path, List<string> signers, ResourceProblems problems)
    {
        if (item is not ScalarNode { Type: ScalarType.Text } text)
        {
            problems.Error(item.Where, path, $"is {item.TypeName}, but must be a public key");
        }
        else if (text.Text.Contains("PRIVATE KEY", StringComparison.Ordinal))
        {
            problems.Error(
                item.Where,
                path,
                "is a private key, which does not belong here; write the public key, which 'key list' prints");
        }
        else if (!SshPublicKey.TryParse(SecretText.WithoutLineEnd(text.Text), out SshPublicKey? key))
        {
            problems.Error(
                item.Where,
                path,
                $"{ResourceProblems.Quote(text.Text)} is not a public key; allowed is ecdsa-sha2-nistp256 or "
                + "ssh-ed25519 and base64, as 'etcd-backup-agent key list' and ssh-keygen print it");
        }
        else if (signers.Contains($"{key}", StringComparer.Ordinal))
        {
            problems.Warning(
                item.Where, path, $"{ResourceProblems.Quote(text.Text)} is a duplicate and is ignored");
        }
        else
        {
            signers.Add($"{key}");
        }
    }
}

using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Secrets;

namespace EtcdBackupAgent.Resources.Binding;

/// <summary>
/// Checks the references between the resources that could be read: a location names its Secret, which may contain its
/// passphrase; a policy names its location and, if an endpoint is https, its Secret. Plain http endpoints need no
/// Secret. A resource is valid only if the resources that it names are valid, too.
/// </summary>
/// <param name="documents">All documents, valid or not: an invalid document is not reported as missing.</param>
/// <param name="unreadable">The Secrets that could not be read, with the reason.</param>
/// <param name="isPassphraseOptional">Whether a location is valid without the passphrase that it expects in its
/// Secret.</param>
internal sealed class References(
    IEnumerable<(string Kind, ResourceName Name)> documents,
    IReadOnlyDictionary<ResourceName, string> unreadable,
    bool isPassphraseOptional)
{
    private readonly HashSet<(string Kind, ResourceName Name)> _documents = [.. documents];
    private readonly Dictionary<ResourceName, SecretContent> _secrets = [];
    private readonly List<(BackupLocation Location, FieldReader Spec)> _locations = [];
    private readonly List<(BackupPolicy Policy, FieldReader Spec)> _policies = [];

    public void Add(SecretContent secret) => _secrets.Add(secret.Name, secret);

    public void Add(BackupLocation location, FieldReader spec) => _locations.Add((location, spec));

    public void Add(BackupPolicy policy, FieldReader spec) => _policies.Add((policy, spec));

    /// <summary>Returns the resources whose references are valid, with the problems found here and earlier.</summary>
    public ResourceSet Check(List<ResourceProblem> problems)
    {
        Dictionary<ResourceName, BackupLocation> locations = _locations
            .Select(l => (Location: WithSecret(l.Location, l.Spec), l.Spec))
            .Where(l => !l.Spec.Problems.HasErrors)
            .ToDictionary(l => l.Location.Name, l => l.Location);
        return new ResourceSet
        {
            Locations = locations,
            Policies = _policies
                .Where(p => HasDestination(p.Policy, locations, p.Spec) & HasEtcdCredentials(p.Policy, p.Spec)
                    & HasKeyToVerify(p.Policy, locations, p.Spec)
                    & LockConflicts.Check(p.Policy, locations.GetValueOrDefault(p.Policy.Destination), p.Spec)
                    && !p.Spec.Problems.HasErrors)
                .ToDictionary(p => p.Policy.Name, p => p.Policy),
            Secrets = _secrets,
            Problems = problems,
        };
    }

    /// <summary>Returns the location with the key of its passphrase, if it has one. Keys that its Secret lacks are
    /// added to the problems.</summary>
    private BackupLocation WithSecret(BackupLocation location, FieldReader spec)
    {
        if (location.Credentials is not { } name)
        {
            return location;
        }

        bool needsPassphrase = location.Encryption is PassphraseLocation;
        if (location is { Url.IsFile: true, Signers.Count: 0 } && !needsPassphrase)
        {
            WarnAboutUnusedSecret(name, spec);
            return location;
        }

        IReadOnlyList<string> storeKeys =
        [
            .. location.Url.IsFile ? [] : SecretKeys.OfStore,
            .. location.Signers.Count > 0 && !isPassphraseOptional ? [SecretKeys.SigningKey] : Array.Empty<string>(),
        ];
        IReadOnlyList<string> keys = needsPassphrase ? [.. storeKeys, PassphraseLocation.PreferredKey] : storeKeys;
        if (Find(name, keys, "credentials", spec) is not { } secret)
        {
            return location;
        }

        ReportMissing(secret, storeKeys, "credentials", spec);
        ReportMalformedKeys(secret, location.Url.IsFile ? [] : SecretKeys.OfStore, spec);
        if (isPassphraseOptional && EncryptionBinding.PassphraseKey(secret) is null)
        {
            return location;
        }

        return needsPassphrase && EncryptionBinding.OfSecret(secret, spec) is { } passphrase
            ? location with { Encryption = passphrase }
            : location;
    }

    /// <summary>A passphrase in the Secret is not a mistake if spec.encryption has another value: kubedr's Secrets
    /// always have one.</summary>
    private void WarnAboutUnusedSecret(ResourceName name, FieldReader spec)
    {
        if (!_secrets.TryGetValue(name, out SecretContent? secret) || EncryptionBinding.PassphraseKey(secret) is null)
        {
            spec.Warning(
                "credentials", "has no effect for a directory whose encryption is given, and is ignored");
        }
    }

    private bool HasDestination(
        BackupPolicy policy,
        Dictionary<ResourceName, BackupLocation> locations,
        FieldReader spec)
    {
        // A missing destination is reported separately.
        if (policy.Destination.Name.Length == 0 || locations.ContainsKey(policy.Destination))
        {
            return true;
        }

        spec.Error("destination", DescribeMissing(DocumentIdentity.BackupLocation, policy.Destination));
        return false;
    }

    /// <summary>The verification of an encrypted snapshot needs a key. The agent has one only if it has a
    /// passphrase.</summary>
    private static bool HasKeyToVerify(
        BackupPolicy policy, Dictionary<ResourceName, BackupLocation> locations, FieldReader spec)
    {
        if (policy.Verify == PolicyVerification.Never
            || locations.GetValueOrDefault(policy.Destination)?.Encryption is not RecipientLocation)
        {
            return true;
        }

        spec.Error(
            PolicyBinding.VerifyField,
            $"{policy.Verify} needs a key that opens the backups, but {DocumentIdentity.BackupLocation} "
            + $"{policy.Destination} has only recipients; write {PolicyVerification.Never} and verify where the "
            + "identity is, or use a location with a passphrase");
        return false;
    }

    private bool HasEtcdCredentials(BackupPolicy policy, FieldReader spec) =>
        policy.EtcdEndpoints.All(endpoint => endpoint.Scheme == "http")
        || HasKeys(policy.EtcdCredentials, SecretKeys.OfEtcd, "etcdCreds", spec);

    private bool HasKeys(ResourceName name, IReadOnlyList<string> keys, string field, FieldReader spec) =>
        Find(name, keys, field, spec) is { } secret && !ReportMissing(secret, keys, field, spec);

    private SecretContent? Find(ResourceName name, IReadOnlyList<string> keys, string field, FieldReader spec)
    {
        if (!_secrets.TryGetValue(name, out SecretContent? secret))
        {
            string needed = $"the key{(keys.Count == 1 ? "" : "s")} {string.Join(", ", keys)}";
            string why = unreadable.TryGetValue(name, out string? fact)
                ? $"{DocumentIdentity.Secret} {name} cannot be read: {fact}"
                : DescribeMissing(DocumentIdentity.Secret, name);
            spec.Error(field, $"{why}; it needs {needed}");
        }

        return secret;
    }

    /// <summary>Whether any key is missing or empty.</summary>
    private static bool ReportMissing(SecretContent secret, IReadOnlyList<string> keys, string field, FieldReader spec)
    {
        string[] missing =
        [
            .. keys.Where(key => !secret.Data.TryGetValue(key, out byte[]? value) || value.Length == 0),
        ];
        foreach (string key in missing)
        {
            IEnumerable<string> others = secret.Data.Keys.Except(keys, StringComparer.Ordinal);
            spec.Error(field, $"Secret {secret.Name} has no {key}{NearestName.Question(key, others)}");
        }

        return missing.Length > 0;
    }

    /// <summary>Reports access keys with white space: no server accepts them, and it could only report a wrong
    /// key.</summary>
    private static void ReportMalformedKeys(SecretContent secret, IReadOnlyList<string> keys, FieldReader spec)
    {
        foreach (string key in keys)
        {
            if (secret.Data.TryGetValue(key, out byte[]? value) && value.Length > 0
                && SecretText.FaultOfToken(value) is { } fault)
            {
                spec.Error(
                    "credentials",
                    $"the {key} of Secret {secret.Name} {fault}; one line end at its end does not count, all other "
                    + "characters do");
            }
        }
    }

    private string DescribeMissing(string kind, ResourceName name)
    {
        if (_documents.Contains((kind, name)))
        {
            return $"{kind} {name} is itself invalid";
        }

        IEnumerable<string> others = _documents
            .Where(d => d.Kind == kind && d.Name.Namespace == name.Namespace)
            .Select(d => d.Name.Name);
        return $"there is no {kind} {name}{NearestName.Question(name.Name, others)}";
    }
}

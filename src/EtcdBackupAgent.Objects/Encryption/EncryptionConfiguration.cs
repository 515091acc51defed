using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Objects.Kinds;

namespace EtcdBackupAgent.Objects.Encryption;

/// <summary>
/// The file of <c>kube-apiserver --encryption-provider-config</c>: which keys an API server encrypts values with before
/// it writes them to etcd. Source: https://kubernetes.io/docs/reference/config-api/apiserver-config.v1/
/// </summary>
/// <param name="rules">The entries of <c>resources</c>, in their order.</param>
public sealed class EncryptionConfiguration(IReadOnlyList<EncryptionRule> rules)
{
    /// <summary>The entries, in their order.</summary>
    public IReadOnlyList<EncryptionRule> Rules { get; } = rules;

    /// <summary>Reads a configuration.</summary>
    /// <param name="file">The name of the file, for messages.</param>
    /// <param name="text">Its content: YAML or JSON.</param>
    /// <exception cref="BackupException">The text is not such a configuration. The message has no secret.</exception>
    public static EncryptionConfiguration Parse(string file, string text) =>
        new EncryptionConfigurationReader(file).Read(text);

    /// <summary>
    /// Returns the providers that can have encrypted a value of a resource, in the order in which they are tried: those
    /// of the first entry that the server uses for it, then all others, because the entries can have changed since the
    /// value was written.
    /// </summary>
    public IEnumerable<EncryptionProvider> ProvidersOf(GroupResource? resource) => Rules
        .OrderByDescending(rule => resource is null ? 0 : rule.Precision(resource))
        .SelectMany(rule => rule.Providers);
}

/// <summary>One entry: resources, and the providers that encrypt them.</summary>
/// <param name="Resources">Names such as <c>secrets</c>, <c>deployments.apps</c>, <c>*.apps</c>, <c>*.</c> and
/// <c>*.*</c>.</param>
/// <param name="Providers">The first one encrypts; all of them decrypt.</param>
public sealed record EncryptionRule(IReadOnlyList<string> Resources, IReadOnlyList<EncryptionProvider> Providers)
{
    /// <summary>Returns how precisely the entry names a resource: 0 if it does not, 3 for the name itself.</summary>
    public int Precision(GroupResource resource) =>
        Resources.Contains(resource.ToString()) ? 3
        : Resources.Contains($"*.{resource.Group}") ? 2
        : Resources.Contains("*.*") ? 1
        : 0;
}

/// <summary>One provider of an entry.</summary>
/// <param name="Name">The provider, as encrypted values name it; <c>identity</c> for plain ones.</param>
/// <param name="Keys">The keys, in their order. A name can occur several times.</param>
public sealed record EncryptionProvider(string Name, IReadOnlyList<EncryptionKey> Keys);

/// <summary>A key with its name.</summary>
public sealed class EncryptionKey(string name, byte[] secret)
{
    public string Name { get; } = name;

    /// <summary>The key itself. It is in no message, and not in <see cref="object.ToString"/>.</summary>
    public ReadOnlyMemory<byte> Secret { get; } = secret;

    /// <inheritdoc/>
    public override string ToString() => Name;
}

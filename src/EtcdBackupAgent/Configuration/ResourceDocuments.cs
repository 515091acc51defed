using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Resources.Directories;

namespace EtcdBackupAgent.Configuration;

/// <summary>The documents of <c>--resources DIR</c>, for a verb that needs one policy or location.</summary>
internal sealed class ResourceDocuments
{
    private readonly string _address;

    private ResourceDocuments(string address, ResourceSet set)
    {
        _address = address;
        Set = set;
    }

    public ResourceSet Set { get; }

    /// <summary>
    /// Reads the directory. The caller reports the problems of documents: the document that it needs may have none.
    /// </summary>
    public static async Task<ResourceDocuments> LoadAsync(string directory, CancellationToken cancellationToken)
    {
        DirectoryResourceStore store = new(directory);
        return new ResourceDocuments(store.Address, await store.LoadAsync(cancellationToken));
    }

    /// <summary>Returns the documents that a repository was chosen from.</summary>
    public static ResourceDocuments Of(ResourceRepository repository) =>
        new(new DirectoryResourceStore(repository.Directory).Address, repository.Resources);

    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/> if the policy does not exist or has an error.
    /// </exception>
    public BackupPolicy RequirePolicy(ResourceName name) => Require("MetadataBackupPolicy", name, Set.Policies);

    /// <inheritdoc cref="RequirePolicy"/>
    public BackupLocation RequireLocation(ResourceName name) => Require("BackupLocation", name, Set.Locations);

    private T Require<T>(string kind, ResourceName name, IReadOnlyDictionary<ResourceName, T> found)
    {
        if (found.TryGetValue(name, out T? resource))
        {
            return resource;
        }

        bool hasErrors = Set.Problems.Any(p => p.Severity == ProblemSeverity.Error && p.Name == name);
        throw new BackupException(
            FailureReason.InvalidInput,
            hasErrors
                ? $"{kind} {name} in {_address} has errors (above)."
                : $"There is no {kind} {name} in {_address}.")
        {
            Hint = hasErrors
                ? "Correct the document; the lines above show what is wrong and where."
                : found.Count == 0
                    ? $"The directory contains no {kind}."
                    : $"The directory contains: {string.Join(", ", found.Keys.Order(ByText))}.",
        };
    }

    private static Comparer<ResourceName> ByText { get; } =
        Comparer<ResourceName>.Create((a, b) => string.CompareOrdinal(a.ToString(), b.ToString()));
}

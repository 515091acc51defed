using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Worker;

/// <summary>
/// Keeps the previous versions of documents that become invalid while the agent runs. A deleted document is removed. A
/// document with an error is kept, and so are all documents while there is text that cannot be read as a document.
/// </summary>
internal static class LastGoodResources
{
    /// <summary>
    /// Returns the resources just read, with the previous version of those that have an error now, and of all that they
    /// need.
    /// </summary>
    public static ResourceSet Merge(ResourceSet read, ResourceSet previous)
    {
        ResourceProblem[] errors = [.. read.Problems.Where(problem => problem.Severity == ProblemSeverity.Error)];
        if (errors.Length == 0)
        {
            return read;
        }

        Dictionary<ResourceName, BackupPolicy> policies = KeepPrevious(
            "MetadataBackupPolicy",
            read.Policies,
            previous.Policies,
            errors);
        Dictionary<ResourceName, BackupLocation> locations = KeepPrevious(
            "BackupLocation",
            read.Locations,
            previous.Locations,
            errors);
        Dictionary<ResourceName, SecretContent> secrets = KeepPrevious(
            "Secret",
            read.Secrets,
            previous.Secrets,
            errors);
        foreach (BackupPolicy policy in policies.Values)
        {
            AddIfMissing(policy.Destination, locations, previous.Locations);
            AddIfMissing(policy.EtcdCredentials, secrets, previous.Secrets);
        }

        foreach (
            ResourceName secret in locations.Values.Select(location => location.Credentials).OfType<ResourceName>())
        {
            AddIfMissing(secret, secrets, previous.Secrets);
        }

        return read with { Policies = policies, Locations = locations, Secrets = secrets };
    }

    private static Dictionary<ResourceName, T> KeepPrevious<T>(
        string kind,
        IReadOnlyDictionary<ResourceName, T> read,
        IReadOnlyDictionary<ResourceName, T> previous,
        ResourceProblem[] errors)
    {
        Dictionary<ResourceName, T> merged = new(read);
        foreach ((ResourceName name, T value) in previous)
        {
            if (errors.Any(error => error.Name is null || (error.Kind == kind && error.Name == name)))
            {
                merged.TryAdd(name, value);
            }
        }

        return merged;
    }

    private static void AddIfMissing<T>(
        ResourceName name, Dictionary<ResourceName, T> merged, IReadOnlyDictionary<ResourceName, T> previous)
    {
        if (!merged.ContainsKey(name) && previous.TryGetValue(name, out T? value))
        {
            merged.Add(name, value);
        }
    }
}

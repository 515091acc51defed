using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Worker;

/// <summary>
/// Keeps the previous versions of documents that become invalid while the agent runs. A deleted document is removed. A
/// document with an error is kept, and so are all documents while there is text that cannot be read as a document.
/// </summary>
internal static class LastGood
{
    /// <summary>
    /// Returns the resources just read, with the previous version of those that have an error now, and of all that they
    /// need.
    /// </summary>
    public static ResourceSet Over(ResourceSet read, ResourceSet before)
    {
        ResourceProblem[] errors = [.. read.Problems.Where(problem => problem.Severity == ProblemSeverity.Error)];
        if (errors.Length == 0)
        {
            return read;
        }

        Dictionary<ResourceName, BackupPolicy> policies = Kept(
            "MetadataBackupPolicy",
            read.Policies,
            before.Policies,
            errors);
        Dictionary<ResourceName, BackupLocation> locations = Kept(
            "BackupLocation",
            read.Locations,
            before.Locations,
            errors);
        Dictionary<ResourceName, SecretContent> secrets = Kept("Secret", read.Secrets, before.Secrets, errors);
        foreach (BackupPolicy policy in policies.Values)
        {
            Need(policy.Destination, locations, before.Locations);
            Need(policy.EtcdCredentials, secrets, before.Secrets);
        }

        foreach (
            ResourceName secret in locations.Values.Select(location => location.Credentials).OfType<ResourceName>())
        {
            Need(secret, secrets, before.Secrets);
        }

        return read with { Policies = policies, Locations = locations, Secrets = secrets };
    }

    private static Dictionary<ResourceName, T> Kept<T>(
        string kind,
        IReadOnlyDictionary<ResourceName, T> read,
        IReadOnlyDictionary<ResourceName, T> before,
        ResourceProblem[] errors)
    {
        Dictionary<ResourceName, T> kept = new(read);
        foreach ((ResourceName name, T value) in before)
        {
            if (errors.Any(error => error.Name is null || (error.Kind == kind && error.Name == name)))
            {
                kept.TryAdd(name, value);
            }
        }

        return kept;
    }

    private static void Need<T>(
        ResourceName name, Dictionary<ResourceName, T> kept, IReadOnlyDictionary<ResourceName, T> before)
    {
        if (!kept.ContainsKey(name) && before.TryGetValue(name, out T? value))
        {
            kept.Add(name, value);
        }
    }
}

using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Worker;

/// <summary>
/// The resources that the worker uses, kept up to date by reading the store periodically. The store is polled and not
/// watched: a mounted ConfigMap changes by a swap of links, which file watchers miss.
/// </summary>
internal sealed class ResourcesInUse
{
    private readonly IResourceStore _store;
    private readonly ILogger _logger;
    private readonly HashSet<string> _reported = [];
    private volatile ResourceSet _current;
    private string _appliedVersion;
    private string _lastReadVersion;

    private ResourcesInUse(IResourceStore store, ResourceSet first, ILogger logger)
    {
        (_store, _current, _logger) = (store, first, logger);
        _appliedVersion = _lastReadVersion = first.Version;
        Report(first);
    }

    public ResourceSet Current => _current;

    /// <summary>Whether the last read of the store succeeded.</summary>
    public bool AreReadable { get; private set; } = true;

    /// <summary>Reads the store for the first time.</summary>
    /// <exception cref="BackupException">
    /// The store cannot be read, or a document has an error and <paramref name="refusesInvalid"/> is true.
    /// </exception>
    public static async Task<ResourcesInUse> LoadAsync(
        IResourceStore store, bool refusesInvalid, ILogger logger, CancellationToken cancellationToken)
    {
        ResourceSet first = await store.LoadAsync(cancellationToken);
        if (refusesInvalid)
        {
            first.ThrowIfInvalid(store.Address);
        }

        return new ResourcesInUse(store, first, logger);
    }

    /// <summary>
    /// Reads the store again. A change is applied when two reads in a row return it, so that a half-written file is not
    /// used.
    /// </summary>
    /// <param name="isComplete">Whether the caller knows that a change is complete: then one read is enough.</param>
    /// <param name="cancellationToken">A cancelled call leaves <see cref="Current"/> unchanged.</param>
    /// <returns>Whether <see cref="Current"/> has changed.</returns>
    public async Task<bool> PollAsync(bool isComplete, CancellationToken cancellationToken)
    {
        ResourceSet read;
        try
        {
            read = await _store.LoadAsync(cancellationToken);
            AreReadable = true;
        }
        catch (BackupException e)
        {
            if (AreReadable)
            {
                _logger.ResourcesUnreadable(e.Reason, e.Message);
            }

            AreReadable = false;
            return false;
        }

        bool isStable = isComplete || read.Version == _lastReadVersion;
        _lastReadVersion = read.Version;
        if (!isStable || read.Version == _appliedVersion)
        {
            return false;
        }

        _appliedVersion = read.Version;
        Report(read);
        _current = LastGoodResources.Merge(read, _current);
        _logger.ResourcesChanged(_current.Policies.Count);
        return true;
    }

    /// <summary>Logs the problems that the previous read did not have.</summary>
    private void Report(ResourceSet read)
    {
        foreach (ResourceProblem problem in read.Problems.Where(problem => !_reported.Contains(problem.ToString())))
        {
            if (problem.Severity == ProblemSeverity.Error)
            {
                _logger.ResourceError(problem);
            }
            else
            {
                _logger.ResourceWarning(problem);
            }
        }

        _reported.Clear();
        _reported.UnionWith(read.Problems.Select(problem => problem.ToString()));
    }
}

using System.Runtime.CompilerServices;
using System.Text;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Objects.Querying;
using EtcdBackupAgent.Objects.Reading;

namespace EtcdBackupAgent.Objects.Comparing;

/// <summary>How two sides are compared.</summary>
public sealed record ComparisonOptions
{
    /// <summary>Which objects are compared, and what is left out.</summary>
    public required ComparedSelection Selection { get; init; }

    /// <summary>Whether the values of Secrets are shown.</summary>
    public bool ShowSecrets { get; init; }

    /// <summary>Is called with each object that had to be read, in clear.</summary>
    public Action<FoundObject> OnRead { get; init; } = _ => { };
}

/// <summary>Compares the objects of two sides. Memory does not depend on the size of the objects.</summary>
/// <remarks>
/// 1. Read both sides in the order of their keys, one step at a time.
/// 2. A key of one side only is an object that was added or removed, unless the other side cannot read its resource.
/// 3. A key of both sides with equal stored bytes is not decoded.
/// 4. Otherwise both objects are read, each by the definitions of its own side, and compared field by field.
/// </remarks>
/// <param name="old">The old side.</param>
/// <param name="new">The new side.</param>
/// <param name="options">How they are compared.</param>
public sealed class ObjectComparison(IComparedObjects old, IComparedObjects @new, ComparisonOptions options)
{
    private readonly ObjectDifferences _differences = new(options.Selection.Noise, options.ShowSecrets);

    /// <summary>Returns the objects that differ, in the order of their keys.</summary>
    /// <exception cref="BackupException">
    /// A side cannot be read; or <see cref="FailureReason.KubernetesObjectMissing"/> after the last change, if neither
    /// side has an object that is named.
    /// </exception>
    public async IAsyncEnumerable<ObjectChange> CompareAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? oldCluster = await old.FindClusterUidAsync(cancellationToken);
        bool isOneCluster = oldCluster is not null && oldCluster == await @new.FindClusterUidAsync(cancellationToken);
        MissingNames missing = new(options.Selection);

        // 1
        await using IAsyncEnumerator<ComparedObject> olds =
            old.ReadAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);
        await using IAsyncEnumerator<ComparedObject> news =
            @new.ReadAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);
        bool hasOld = await olds.MoveNextAsync();
        bool hasNew = await news.MoveNextAsync();
        while (hasOld || hasNew)
        {
            int order = !hasOld ? 1 : !hasNew ? -1 : olds.Current.Key.Span.SequenceCompareTo(news.Current.Key.Span);
            missing.Remove(order > 0 ? news.Current : olds.Current);
            ObjectChange? change = order switch
            {
                // 2
                < 0 => Single(ObjectChangeKind.Removed, olds.Current),
                > 0 => Single(ObjectChangeKind.Added, news.Current),

                // 3, 4
                _ => IsEqual(olds.Current, news.Current) ? null : Compare(olds.Current, news.Current, isOneCluster),
            };
            if (change is not null)
            {
                yield return change;
            }

            hasOld = order > 0 ? hasOld : await olds.MoveNextAsync();
            hasNew = order < 0 ? hasNew : await news.MoveNextAsync();
        }

        missing.Require(old.Name, @new.Name);
    }

    private bool IsEqual(ComparedObject oldObject, ComparedObject newObject) =>
        oldObject.ValueDigest is { } digest
        && digest == newObject.ValueDigest
        && (!options.Selection.Noise.IncludesMetadata || oldObject.ModRevision == newObject.ModRevision);

    private ObjectChange? Single(ObjectChangeKind kind, ComparedObject compared)
    {
        bool isNew = kind == ObjectChangeKind.Added;
        if (Read(compared) is not { } found || !IsSelected(found) || (isNew ? old : @new).LeavesOut(found.Place))
        {
            return null;
        }

        return new ObjectChange
        {
            Kind = kind,
            Place = found.Place,
            Type = found.Content.Kind,
            OldRevision = isNew ? null : compared.ModRevision,
            NewRevision = isNew ? compared.ModRevision : null,
        };
    }

    private ObjectChange? Compare(ComparedObject oldObject, ComparedObject newObject, bool isOneCluster)
    {
        if (Read(oldObject) is not { } oldFound
            || Read(newObject) is not { } newFound
            || (!IsSelected(oldFound) && !IsSelected(newFound)))
        {
            return null;
        }

        StoredObject oldContent = oldFound.Content;
        StoredObject newContent = newFound.Content;
        IReadOnlyList<FieldChange> fields = _differences.Between(oldContent, newContent, out string? problem);
        bool isRecreated = isOneCluster
            && ObjectUid.Of(oldContent) is { } oldUid && ObjectUid.Of(newContent) is { } newUid && oldUid != newUid;
        return fields.Count == 0 && problem is null && !isRecreated
            ? null
            : new ObjectChange
            {
                Kind = ObjectChangeKind.Changed,
                Place = newFound.Place,
                Type = newContent.Kind ?? oldContent.Kind,
                OldRevision = oldFound.ModRevision,
                NewRevision = newFound.ModRevision,
                IsRecreated = isRecreated,
                Fields = fields,
                Problem = problem,
            };
    }

    private FoundObject? Read(ComparedObject compared)
    {
        FoundObject? found = compared.Read();
        if (found is not null)
        {
            options.OnRead(found);
        }

        return found;
    }

    private bool IsSelected(FoundObject found) => options.Selection.HasLabels(found.Place, found.Content);

    /// <summary>The names of the selection that no object had yet.</summary>
    private sealed class MissingNames
    {
        private readonly HashSet<string> _ends;

        public MissingNames(ComparedSelection selection) => _ends =
            [.. selection.Parts.SelectMany(part => part.Names).Select(name => $"/{name}")];

        public void Remove(ComparedObject compared)
        {
            if (_ends.Count > 0)
            {
                string key = Encoding.UTF8.GetString(compared.Key.Span);
                _ends.Remove(key[key.LastIndexOf('/')..]);
            }
        }

        public void Require(string oldName, string newName)
        {
            if (_ends.Count > 0)
            {
                string names = string.Join("', '", _ends.Select(end => end[1..]).Order(StringComparer.Ordinal));
                throw new BackupException(
                    FailureReason.KubernetesObjectMissing, $"'{names}' is neither in {oldName} nor in {newName}.")
                {
                    Hint = "-n NAME selects one namespace; without it all are searched.",
                };
            }
        }
    }
}

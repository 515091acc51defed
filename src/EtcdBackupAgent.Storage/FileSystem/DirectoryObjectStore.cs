using EtcdBackupAgent.Archive.Posix;
using EtcdBackupAgent.Core.Addresses;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Stores;
using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.Storage.FileSystem;

/// <summary>
/// A directory, in which every object is a file of its key's path. A file gets its name when all of it is on the disk, and the call
/// returns when its name is, too: a power cut leaves whole objects and pending ones.
/// </summary>
public sealed class DirectoryObjectStore : IObjectStore
{
    /// <summary>How often a directory may vanish, because another process found it empty, between its making and its use.</summary>
    private const int VanishedMax = 20;

    private readonly TimeProvider _time;
    private readonly ObjectTree _tree;
    private readonly string _root;
    private readonly string _pending;

    /// <summary>Touches nothing yet.</summary>
    public DirectoryObjectStore(string directory, TimeProvider time)
    {
        _time = time;
        _root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory));
        _tree = new ObjectTree(_root);
        _pending = Path.Combine(_root, PendingFile.DirectoryName);
    }

    public string Address => DirectoryUrl.Of(_root);

    public string? LocalDirectory => _root;

    public Task EnsureCreatedAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Run("make the directory", () => ObjectTree.CreateDirectory(_root, durable: true));
        return Task.CompletedTask;
    }

    public Task<long> PutAsync(ObjectKey key, Stream content, CancellationToken cancellationToken) =>
        WriteAsync(key, content, Replace, cancellationToken);

    public async Task<bool> TryCreateAsync(
        ObjectKey key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        bool created = false;
        using MemoryStream bytes = new(content.ToArray(), writable: false);
        await WriteAsync(key, bytes, (file, path) => created = DurableNames.TryLink(file, path), cancellationToken);
        return created;
    }

    public Task<Stream> OpenReadAsync(ObjectKey key, ByteRange? range, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        string path = _tree.PathOf(key);
        SafeFileHandle? file = null;
        try
        {
            if (!File.Exists(path))
            {
                throw new FileNotFoundException("It is not there.", path);
            }

            file = File.OpenHandle(
                path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.SequentialScan);
            return Task.FromResult<Stream>(new FileReadStream(file, key, _root, range));
        }
        catch (Exception e) when (FileErrors.IsFromFileSystem(e))
        {
            file?.Dispose();
            throw FileErrors.IsMissing(e)
                ? new BackupException(FailureReason.ObjectNotFound, $"There is no '{key}' in {Address}.", e)
                : FileErrors.Translate(e, $"read '{key}'", _root);
        }
    }

    public IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancellationToken) =>
        _tree.Walk(prefix, cancellationToken).ToAsyncEnumerable();

    public Task DeleteAsync(IReadOnlyCollection<ObjectKey> keys, CancellationToken cancellationToken)
    {
        List<BackupException> failures = [];
        HashSet<string> directories = new(StringComparer.Ordinal);
        foreach (ObjectKey key in keys)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                string path = _tree.PathOf(key);
                Run($"delete '{key}'", () => Remove(path));
                directories.Add(Path.GetDirectoryName(path) ?? _root);
            }
            catch (BackupException e)
            {
                failures.Add(e);
            }
        }

        Run("delete empty directories", () => _tree.RemoveEmpty(directories));
        return failures switch
        {
            [] => Task.CompletedTask,
            [var only] => throw only,
            [var first, ..] => throw new BackupException(
                first.Reason, $"{failures.Count} of {keys.Count} objects could not be deleted. The first: {first.Message}", first)
            {
                Hint = first.Hint,
            },
        };
    }

    public IAsyncEnumerable<PendingUpload> ListPendingUploadsAsync(CancellationToken cancellationToken) =>
        ListPending(cancellationToken).ToAsyncEnumerable();

    public Task AbortUploadAsync(PendingUpload upload, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (PendingFile.Parse(upload.UploadId) is null)
        {
            throw new BackupException(
                FailureReason.InvalidInput, $"'{upload.UploadId}' is not the name of an unfinished file in {Address}.");
        }

        Run($"delete the unfinished '{upload.Key}'", () => Discard(Path.Combine(_pending, upload.UploadId)));
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        // Nothing is held between calls.
    }

    /// <summary>Writes a file, and gives it its name when it is whole.</summary>
    /// <remarks>
    /// 1. Make a pending file. 2. Write the content and sync it. 3. Give it its name, making the directories for it. 4. Sync the
    /// directory. 5. Whatever happened: the pending name goes.
    /// </remarks>
    private async Task<long> WriteAsync(
        ObjectKey key, Stream content, Action<string, string> publish, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        string path = _tree.PathOf(key);

        // 1
        string action = $"store '{key}'";
        using PendingFile file = Run(action, () => Create(key));
        try
        {
            // 2
            long length = await file.WriteAsync(content, cancellationToken);

            // 3, 4
            Run(action, () => Publish(file.Path, path, publish));
            return length;
        }
        catch (PendingWriteException e)
        {
            throw FileErrors.Translate(e.InnerException ?? e, action, _root);
        }
        finally
        {
            // 5
            file.Dispose();
            DiscardIfPossible(file.Path);
        }
    }

    private PendingFile Create(ObjectKey key)
    {
        if (!Directory.Exists(_root))
        {
            throw new BackupException(
                FailureReason.StoreFailed, $"Cannot store '{key}': the directory '{_root}' does not exist.")
            {
                Hint = "See that it is mounted; 'init' makes a new one.",
            };
        }

        return InDirectory(
            () => ObjectTree.CreateDirectory(_pending, durable: false),
            () => PendingFile.Create(_pending, key, _time.GetUtcNow()));
    }

    private static void Publish(string file, string path, Action<string, string> publish)
    {
        string directory = Path.GetDirectoryName(path) ?? throw new InvalidOperationException($"'{path}' has no directory.");
        InDirectory(
            () => ObjectTree.CreateDirectory(directory, durable: true),
            () =>
            {
                publish(file, path);
                return true;
            });
        DurableNames.SyncDirectory(directory);
    }

    /// <summary>Does something in a directory that is made for it; again, if another process removed the empty directory meanwhile.</summary>
    private static T InDirectory<T>(Action makeDirectory, Func<T> action)
    {
        for (int vanished = 0; ; vanished++)
        {
            try
            {
                makeDirectory();
                return action();
            }
            catch (Exception e) when (vanished < VanishedMax && FileErrors.IsMissing(e))
            {
                // Once more.
            }
        }
    }

    private static void Replace(string file, string path) => DurableNames.Rename(file, path);

    private static void Remove(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (DirectoryNotFoundException)
        {
            // Then it is not there either.
        }
    }

    private void Discard(string pendingFile)
    {
        Remove(pendingFile);
        ObjectTree.TryRemove(_pending);
    }

    private void DiscardIfPossible(string pendingFile)
    {
        try
        {
            Discard(pendingFile);
        }
        catch (Exception e) when (FileErrors.IsFromFileSystem(e))
        {
            // What the caller is told is how the write ended; a file that stays shows among the pending ones.
        }
    }

    private List<PendingUpload> ListPending(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!Directory.Exists(_pending))
        {
            return [];
        }

        return Run(
            "list unfinished files",
            () => new DirectoryInfo(_pending).EnumerateFiles()
                .Select(file => PendingFile.Parse(file.Name))
                .OfType<PendingUpload>()
                .OrderBy(upload => upload.UploadId, StringComparer.Ordinal)
                .ToList());
    }

    private void Run(string action, Action step) => Run(action, () =>
    {
        step();
        return true;
    });

    private T Run<T>(string action, Func<T> step)
    {
        try
        {
            return step();
        }
        catch (Exception e) when (FileErrors.IsFromFileSystem(e))
        {
            throw FileErrors.Translate(e, action, _root);
        }
    }
}

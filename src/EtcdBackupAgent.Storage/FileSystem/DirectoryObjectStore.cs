using EtcdBackupAgent.Archive.Posix;
using EtcdBackupAgent.Core.Addresses;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Stores;
using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.Storage.FileSystem;

/// <summary>
/// A directory in which every object is a file at its key's path. A file gets its name after all of it is on the disk,
/// and the call returns after the name is, too. A power failure leaves only complete objects and pending ones.
/// </summary>
public sealed class DirectoryObjectStore : IObjectStore
{
    /// <summary>
    /// The number of times a directory may disappear between its creation and its use, because another process found it
    /// empty.
    /// </summary>
    private const int VanishedMax = 20;

    private readonly TimeProvider _time;
    private readonly ObjectTree _tree;
    private readonly string _root;
    private readonly string _pending;

    /// <summary>Creates the store without access to the file system.</summary>
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
        Run("create the directory", () => ObjectTree.CreateDirectory(_root, durable: true));
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
                throw new FileNotFoundException("The file does not exist.", path);
            }

            file = File.OpenHandle(
                path,
                FileMode.Open,
                FileAccess.Read,
                FileShare.ReadWrite | FileShare.Delete,
                FileOptions.SequentialScan);
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
            [var first, ..] => throw first.WithMessage(
                $"{failures.Count} of {keys.Count} objects could not be deleted. The first: {first.Message}"),
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
        // There is no resource to release between calls.
    }

    /// <summary>Writes a file and gives it its name when it is complete.</summary>
    /// <remarks>
    /// 1. Create a pending file. 2. Write the content and sync it. 3. Create the directories and give the file its
    /// name. 4. Sync the directory. 5. Remove the pending name in any case.
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
                Hint = "Check that it is mounted; 'init' creates a new one.",
            };
        }

        return InDirectory(
            () => ObjectTree.CreateDirectory(_pending, durable: false),
            () => PendingFile.Create(_pending, key, _time.GetUtcNow()));
    }

    private static void Publish(string file, string path, Action<string, string> publish)
    {
        string directory = Path.GetDirectoryName(path)
            ?? throw new InvalidOperationException($"'{path}' has no directory.");
        InDirectory(
            () => ObjectTree.CreateDirectory(directory, durable: true),
            () =>
            {
                publish(file, path);
                return true;
            });
        DurableNames.SyncDirectory(directory);
    }

    /// <summary>
    /// Creates a directory and does something in it; retries if another process removes the empty directory in the
    /// meantime.
    /// </summary>
    private static T InDirectory<T>(Action createDirectory, Func<T> action)
    {
        for (int vanished = 0; ; vanished++)
        {
            try
            {
                createDirectory();
                return action();
            }
            catch (Exception e) when (vanished < VanishedMax && FileErrors.IsMissing(e))
            {
                // Retry.
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
            // Without the directory, the file does not exist either.
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
            // The caller gets the result of the write. A remaining file is listed as a pending upload.
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

using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Restores;
using EtcdBackupAgent.Objects.Applying;
using EtcdBackupAgent.Objects.Json;
using EtcdBackupAgent.Objects.Kinds;
using EtcdBackupAgent.Objects.Masking;
using EtcdBackupAgent.Objects.Printing;
using EtcdBackupAgent.Objects.Querying;

namespace EtcdBackupAgent.Objects.Exporting;

/// <summary>
/// Writes objects as a tree of files, one for each, that <c>kubectl apply -R -f</c> and git take. One object at a time
/// is in memory.
/// </summary>
/// <remarks>
/// 1. Leave out what the cluster makes itself.
/// 2. Remove what an API server fills in.
/// 3. Write the file, of which only the owner may read a Secret.
/// 4. Move the tree into the directory: nothing is visible in it before all is written.
/// </remarks>
/// <param name="target">The directory, claimed by <see cref="Claim"/>.</param>
/// <param name="options">What is exported, and in which form.</param>
public sealed class ObjectExport(RestoreTarget target, ExportOptions options)
{
    private const string Tree = "objects";
    private const string LastApplied = "kubectl.kubernetes.io/last-applied-configuration";
    private const string Duplicates = "stored twice, under two prefixes";
    private const string LeftOutSecrets = "Secrets, as requested";

    private readonly SortedDictionary<string, long> _omitted = new(StringComparer.Ordinal);
    private readonly ArrayBufferWriter<byte> _json = new();
    private long _objects;
    private long _files;
    private long _secrets;
    private string _folder = "";

    /// <summary>Claims a directory for an export. Disposing it removes what is not finished.</summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.TargetUnusable"/>: the directory is not empty, or cannot be written.
    /// </exception>
    public static RestoreTarget Claim(string directory) => RestoreTarget.Claim(
        directory, "Nothing is overwritten: choose an empty directory, or one that does not exist.");

    /// <summary>Writes objects.</summary>
    /// <param name="objects">Objects with content, with managed fields and with the values of Secrets.</param>
    /// <param name="cancellationToken">A cancelled export leaves nothing behind.</param>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.TargetUnusable"/>: the directory cannot be written. What reading the objects throws
    /// leaves nothing behind either.
    /// </exception>
    public ExportSummary Write(IEnumerable<FoundObject> objects, CancellationToken cancellationToken)
    {
        string tree = target.Staged(Tree);
        try
        {
            Directory.CreateDirectory(tree);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw RestoreTarget.Unusable(tree, e);
        }

        foreach (FoundObject found in objects)
        {
            cancellationToken.ThrowIfCancellationRequested();
            _objects++;
            WriteObject(tree, found);
        }

        // 4
        target.PublishContent(Tree);
        target.Sync();
        return new ExportSummary(target.Path, _objects, _files, _secrets, _omitted);
    }

    private void WriteObject(string tree, FoundObject found)
    {
        JsonObject item = (JsonObject)SortedJson.Parse(found.Content.Json.Span)!;
        GroupVersionKind kind = found.Content.Kind ?? new GroupVersionKind("", "");
        bool isSecret = SecretMask.Covers(kind) || found.Place.Resource == new GroupResource("", "secrets");

        // 1
        string? omitted = isSecret && options.WithoutSecrets
            ? LeftOutSecrets
            : options.Omitted?.ReasonFor(found.Place, item);
        string path = Path.Join(tree, ExportPath.Of(found.Place));
        omitted ??= Path.Exists(path) ? Duplicates : null;
        if (omitted is not null)
        {
            _omitted[omitted] = _omitted.GetValueOrDefault(omitted) + 1;
            return;
        }

        // 2
        ReadOnlyMemory<byte> json = options.AsRead ? found.Content.Json : Applicable(kind, item);

        // 3
        try
        {
            WriteFile(path, json, isSecret);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw RestoreTarget.Unusable(path, e);
        }

        _files++;
        _secrets += isSecret ? 1 : 0;
    }

    private ReadOnlyMemory<byte> Applicable(GroupVersionKind kind, JsonObject item)
    {
        JsonObject applicable = ApplicableObject.Of(kind, item);

        // kubectl writes it from the file.
        applicable.Inner("metadata")?.RemoveFrom("annotations", LastApplied);
        _json.ResetWrittenCount();
        PrintedJson.Write(applicable, _json);
        return _json.WrittenMemory;
    }

    private void WriteFile(string path, ReadOnlyMemory<byte> json, bool isSecret)
    {
        string folder = Path.GetDirectoryName(path)!;
        if (folder != _folder)
        {
            Directory.CreateDirectory(folder);
            _folder = folder;
        }

        FileStreamOptions file = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (isSecret)
        {
            file.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using StreamWriter text = new(path, Utf8, file) { NewLine = "\n" };
        KubectlYaml yaml = new(text);
        yaml.Write(json);
        yaml.End();
    }

    private static UTF8Encoding Utf8 { get; } = new(encoderShouldEmitUTF8Identifier: false);
}

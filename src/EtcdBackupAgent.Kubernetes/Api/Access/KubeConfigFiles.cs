using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Resources.Yaml;
using YamlDotNet.Core;

namespace EtcdBackupAgent.Kubernetes.Api.Access;

/// <summary>
/// The merged clusters, users and contexts of several kubeconfig files. For each name, and for the current context, the
/// first file that has it wins. Source: kubernetes.io, "Merging kubeconfig files".
/// </summary>
internal sealed class KubeConfigFiles
{
    /// <summary>The greatest size of a file in bytes.</summary>
    private const long FileBytesMax = 1 << 20;

    private readonly Dictionary<(string Kind, string Name), KubeConfigEntry> _entries = [];

    public string? CurrentContext { get; private set; }

    /// <summary>Reads the files; files that do not exist are skipped.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>: no file exists, or one is not a
    /// kubeconfig.</exception>
    public static async Task<KubeConfigFiles> ReadAsync(
        IReadOnlyList<string> files,
        CancellationToken cancellationToken)
    {
        KubeConfigFiles merged = new();
        string[] present = [.. files.Where(File.Exists)];
        if (present.Length == 0)
        {
            throw new BackupException(
                FailureReason.InvalidInput, $"No kubeconfig file exists: '{string.Join("', '", files)}'.");
        }

        foreach (string file in present)
        {
            merged.Add(file, await ParseAsync(file, cancellationToken));
        }

        return merged;
    }

    /// <summary>Returns the entry with a kind (<c>cluster</c>, <c>user</c> or <c>context</c>) and a name; null if no
    /// file has it.</summary>
    public KubeConfigEntry? Find(string kind, string name) => _entries.GetValueOrDefault((kind, name));

    /// <summary>The names of all contexts, for a message.</summary>
    public IEnumerable<string> Contexts =>
        _entries.Keys.Where(key => key.Kind == "context").Select(key => key.Name).Order(StringComparer.Ordinal);

    private static async Task<KubeConfigEntry> ParseAsync(string file, CancellationToken cancellationToken)
    {
        List<ResourceNode> documents = [];
        try
        {
            if (new FileInfo(file).Length > FileBytesMax)
            {
                throw new IOException($"it has more than {FileBytesMax:N0} bytes");
            }

            YamlDocuments.Parse(file, await File.ReadAllTextAsync(file, cancellationToken), documents);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BackupException(
                FailureReason.InvalidInput,
                $"The kubeconfig file '{file}' cannot be read: {e.Message.TrimEnd('.')}.",
                e);
        }
        catch (YamlException e)
        {
            throw new BackupException(
                FailureReason.InvalidInput, $"The kubeconfig file '{file}' is not YAML: line {e.Start.Line}.", e);
        }

        // An empty file has no entries, as for kubectl.
        return documents.FirstOrDefault() switch
        {
            null => new KubeConfigEntry(
                file,
                "kubeconfig",
                new MappingNode(file, 1, new Dictionary<string, ResourceNode>())),
            MappingNode root => new KubeConfigEntry(file, "kubeconfig", root),
            _ => throw new BackupException(
                FailureReason.InvalidInput, $"The file '{file}' is not a kubeconfig: it is not a mapping."),
        };
    }

    private void Add(string file, KubeConfigEntry root)
    {
        CurrentContext ??= root.Text("current-context");
        foreach (string kind in (string[])["cluster", "user", "context"])
        {
            foreach (ResourceNode item in root.Items($"{kind}s"))
            {
                if (item is not MappingNode mapping
                    || new KubeConfigEntry(file, $"list of {kind}s", mapping).Text("name") is not { } name)
                {
                    throw root.Invalid($"an item of '{kind}s' has no name");
                }

                KubeConfigEntry named = new(file, $"{kind} '{name}'", mapping);
                if (named.Child(kind) is { } entry)
                {
                    _entries.TryAdd((kind, name), entry);
                }
            }
        }
    }
}

using System.IO.Compression;
using EtcdBackupAgent.Objects.Kinds;

namespace EtcdBackupAgent.Objects.Tables;

/// <summary>
/// The built-in kinds of Kubernetes: their messages, field by field, and the names of their resources. The format is in
/// docs/spec/objects.md, and <c>eng/field-table/generate</c> writes the file.
/// </summary>
public sealed class FieldTable
{
    private static readonly Lazy<FieldTable> BuiltIn = new(ReadEmbedded);

    private readonly Dictionary<GroupVersionKind, MessageType> _kinds;
    private readonly Dictionary<string, MessageType> _messages;

    internal FieldTable(
        string kubernetesVersion,
        IReadOnlyList<BuiltInResource> resources,
        Dictionary<GroupVersionKind, MessageType> kinds,
        Dictionary<string, MessageType> messages)
    {
        KubernetesVersion = kubernetesVersion;
        Resources = resources;
        _kinds = kinds;
        _messages = messages;
    }

    /// <summary>The table that is built into the program.</summary>
    public static FieldTable Kubernetes => BuiltIn.Value;

    /// <summary>The version of the libraries that the table was made from, such as <c>0.36.4</c>.</summary>
    public string KubernetesVersion { get; }

    /// <summary>The resources that an API server stores. If two share a storage prefix, the stored one comes first.
    /// </summary>
    public IReadOnlyList<BuiltInResource> Resources { get; }

    /// <summary>The kinds whose bytes can be decoded, in all their versions.</summary>
    public IReadOnlyCollection<GroupVersionKind> Kinds => _kinds.Keys;

    internal IReadOnlyCollection<MessageType> Messages => _messages.Values;

    /// <summary>Returns the message of a kind; null if the table has none.</summary>
    internal MessageType? Find(GroupVersionKind kind) => _kinds.GetValueOrDefault(kind);

    /// <summary>Returns the message with a full name.</summary>
    internal MessageType Message(string name) => _messages[name];

    private static FieldTable ReadEmbedded()
    {
        using Stream packed = typeof(FieldTable).Assembly.GetManifestResourceStream("field-table.gz")!;
        using GZipStream text = new(packed, CompressionMode.Decompress);
        using StreamReader lines = new(text);
        return FieldTableReader.Read(lines);
    }
}

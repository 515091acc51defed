using System.Text.Json.Nodes;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Processes;
using YamlDotNet.Serialization;

namespace EtcdBackupAgent.IntegrationTests.Manifests;

/// <summary>
/// Reads the folder <c>manifests</c> of the repository as files, and as the objects that stock kubectl builds from
/// them.
/// </summary>
internal static class ManifestFiles
{
    /// <summary>The plural names of the kinds, which are the file names of their definitions.</summary>
    public static readonly string[] Plurals =
        ["backuplocations", "metadatabackuppolicies", "metadatabackuprecords", "metadatarestores"];

    /// <summary>The names of the definitions.</summary>
    public static readonly string[] Definitions =
        [.. Plurals.Select(plural => $"{plural}.kubedr.catalogicsoftware.com")];

    private static readonly IDeserializer Yaml =
        new DeserializerBuilder().WithAttemptingUnquotedStringTypeDeserialization().Build();

    private static readonly ISerializer Json = new SerializerBuilder().JsonCompatible().Build();

    public static string Repository { get; } = FindRepository();

    /// <summary>Returns the path of a file or folder in <c>manifests</c>.</summary>
    public static string At(string name) => Path.Combine(Repository, "manifests", name);

    public static string Read(string name) => File.ReadAllText(At(name));

    /// <summary>Returns the objects that <c>kubectl kustomize</c> builds from a folder.</summary>
    public static async Task<IReadOnlyList<JsonObject>> KustomizeAsync(string folder) =>
        Objects((await Tool.RunAsync(Peers.Kubectl, ["kustomize", At(folder)])).Output);

    /// <summary>Parses the documents of a YAML text.</summary>
    public static IReadOnlyList<JsonObject> Objects(string yaml) =>
    [
        .. yaml.Split("\n---\n")
            .Select(document => Yaml.Deserialize(document))
            .OfType<object>()
            .Select(document => JsonNode.Parse(Json.Serialize(document))!.AsObject()),
    ];

    /// <summary>Returns the value at a path of field names and list indexes, or null.</summary>
    public static JsonNode? At(JsonNode? node, params object[] path)
    {
        foreach (object step in path)
        {
            node = step is int index ? node?[index] : node?[(string)step];
        }

        return node;
    }

    /// <summary>Returns the single object with a kind and a name.</summary>
    public static JsonObject Find(IEnumerable<JsonObject> objects, string kind, string name) =>
        objects.Single(item => (string?)item["kind"] == kind && (string?)At(item, "metadata", "name") == name);

    private static string FindRepository()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "EtcdBackupAgent.sln")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException(
            $"No folder above {AppContext.BaseDirectory} contains EtcdBackupAgent.sln.");
    }
}

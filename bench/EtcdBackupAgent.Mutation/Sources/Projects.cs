using System.Text.Json;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace EtcdBackupAgent.Mutation.Sources;

/// <summary>
/// The projects of src, compiled in memory with the arguments of the build. Each is compiled when it is first needed.
/// </summary>
internal sealed class Projects(WorkTree tree)
{
    private const string Arguments = "CscCommandLineArgs";
    private const string References = "ProjectReference";

    private readonly Dictionary<string, Project> _projects = new(StringComparer.Ordinal);

    /// <summary>Returns a project by the name of its directory in src.</summary>
    /// <exception cref="MutationException">The project does not compile.</exception>
    public async Task<Project> GetAsync(string name, CancellationToken cancellationToken)
    {
        if (!_projects.TryGetValue(name, out Project? project))
        {
            project = await LoadAsync(name, cancellationToken);
            _projects.Add(name, project);
        }

        return project;
    }

    private async Task<Project> LoadAsync(string name, CancellationToken cancellationToken)
    {
        string directory = Path.Combine(tree.Root, "src", name);
        string json = await tree.ItemsAsync(
            Path.Combine(directory, $"{name}.csproj"), [Arguments, References], cancellationToken);
        using JsonDocument document = JsonDocument.Parse(json);
        JsonElement items = document.RootElement.GetProperty("Items");

        List<Project> referenced = [];
        foreach (string reference in Identities(items, References))
        {
            Project direct = await GetAsync(Path.GetFileNameWithoutExtension(reference), cancellationToken);
            referenced.AddRange([direct, .. direct.Referenced]);
        }

        CSharpCommandLineArguments arguments = CSharpCommandLineParser.Default.Parse(
            Identities(items, Arguments), directory, sdkDirectory: null);
        return Project.Compile(name, directory, arguments, [.. referenced.Distinct()], cancellationToken);
    }

    private static IEnumerable<string> Identities(JsonElement items, string item) =>
        items.GetProperty(item).EnumerateArray().Select(element => element.GetProperty("Identity").GetString()!);
}

using ArchUnitNET.Domain;
using ArchUnitNET.Loader;
using Xunit;

namespace EtcdBackupAgent.Tests.Architecture;

/// <summary>
/// Enforces the second half of the dependency rule of <c>docs/architecture.md</c>: the folders of a project have no
/// cyclic dependencies.
/// </summary>
public sealed class FolderCycleTests
{
    /// <summary>The name for the files of a project that are not in a folder.</summary>
    private const string RootFolder = ".";

    private static readonly ArchUnitNET.Domain.Architecture Sources =
        new ArchLoader().LoadAssemblies(Projects.All).Build();

    public static TheoryData<string> ProjectNames => new(Projects.All.Select(Projects.Name));

    [Theory]
    [MemberData(nameof(ProjectNames))]
    public void Folders_of_a_project_have_no_cyclic_dependencies(string project)
    {
        (string From, string To, string Example)[] uses = [.. Uses(project)];
        ILookup<string, string> used = uses.ToLookup(use => use.From, use => use.To);
        string[] cycles =
        [
            .. uses.Where(use => Reachable(used, use.To).Contains(use.From))
                .Select(use => $"{use.From} → {use.To}: {use.Example}"),
        ];

        Assert.Empty(cycles);
    }

    [Fact]
    public void Only_the_command_line_uses_the_composition() =>
        Assert.Equal(["Commands"], Uses("EtcdBackupAgent").Where(use => use.To == "Composition").Select(use => use.From)
            .Where(folder => folder != RootFolder).Distinct());

    [Fact]
    public void Composition_contains_only_the_wiring_and_the_hosts() =>
        Assert.Equal(
            [
                "AgentHost",
                "ArchiveHost",
                "ControllerHost",
                "ControllerHostOptions",
                "Monitoring",
                "Wiring",
                "WorkerHost",
            ],
            Projects.Program.GetTypes()
                .Where(type => type.Namespace == "EtcdBackupAgent.Composition" && !type.IsNested)
                .Select(type => type.Name)
                .Order(StringComparer.Ordinal));

    /// <summary>Returns the dependencies between folders of a project, each with two types as an example.</summary>
    private static IEnumerable<(string From, string To, string Example)> Uses(string project) =>
        from type in Sources.Types
        let user = Folder(project, type)
        where user is not null
        from dependency in type.Dependencies
        let used = Folder(project, dependency.Target)
        where used is not null && used != user
        group $"{type.Name} uses {dependency.Target.Name}" by (user, used) into pair
        select (pair.Key.user, pair.Key.used, pair.First());

    /// <summary>Returns the top-level folder of a type in a project; null for a type of another project.</summary>
    private static string? Folder(string project, IType type)
    {
        // A type parameter has neither an assembly nor a namespace.
        if (type.Assembly?.Name.Split(',')[0] is not { } assembly || AssemblyOf(project) != assembly)
        {
            return null;
        }

        string name = type.Namespace.FullName;
        return name == project ? RootFolder
            : name.StartsWith($"{project}.", StringComparison.Ordinal) ? name[(project.Length + 1)..].Split('.')[0]
            : null;
    }

    private static string AssemblyOf(string project) =>
        Projects.All.Single(one => Projects.Name(one) == project).GetName().Name!;

    private static HashSet<string> Reachable(ILookup<string, string> used, string from)
    {
        HashSet<string> reached = [];
        Stack<string> open = new([from]);
        while (open.TryPop(out string? folder))
        {
            foreach (string next in used[folder].Where(reached.Add))
            {
                open.Push(next);
            }
        }

        return reached;
    }
}

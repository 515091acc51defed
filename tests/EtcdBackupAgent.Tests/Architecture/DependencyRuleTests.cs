using System.Reflection;
using Xunit;

namespace EtcdBackupAgent.Tests.Architecture;

/// <summary>
/// Enforces the dependency rule of <c>docs/architecture.md</c>: the projects that a project may reference, and the
/// project that may reference a package.
/// </summary>
public sealed class DependencyRuleTests
{
    private const string OwnPrefix = "EtcdBackupAgent.";

    public static TheoryData<Assembly, Assembly[]> Rule =>
        new()
        {
            { Projects.Archive, [] },
            { Projects.Snapshots, [Projects.Archive] },
            { Projects.Core, [Projects.Snapshots, Projects.Archive] },
            { Projects.Etcd, [Projects.Core, Projects.Snapshots, Projects.Archive] },
            { Projects.Storage, [Projects.Core, Projects.Snapshots, Projects.Archive] },
            { Projects.Objects, [Projects.Core, Projects.Snapshots, Projects.Archive] },
            { Projects.Resources, [Projects.Core, Projects.Snapshots, Projects.Archive] },
            {
                Projects.Kubernetes,
                [Projects.Objects, Projects.Resources, Projects.Core, Projects.Snapshots, Projects.Archive]
            },
            {
                Projects.Program,
                [
                    Projects.Core,
                    Projects.Snapshots,
                    Projects.Archive,
                    Projects.Etcd,
                    Projects.Storage,
                    Projects.Objects,
                    Projects.Resources,
                    Projects.Kubernetes,
                ]
            },
        };

    [Theory]
    [MemberData(nameof(Rule))]
    public void A_project_references_only_the_projects_below_it(Assembly project, Assembly[] allowed)
    {
        string[] referenced = [.. Names(project).Where(name => name.StartsWith(OwnPrefix, StringComparison.Ordinal))];

        Assert.Empty(referenced.Except(allowed.Select(a => a.GetName().Name)));
    }

    [Theory]
    [InlineData("OpenTelemetry")]
    [InlineData("Quartz")]
    [InlineData("Spectre.Console")]
    [InlineData("System.CommandLine")]
    public void Only_the_program_references_the_package(string package) =>
        Assert.Equal([Projects.Program], ProjectsWith(package));

    [Fact]
    public void Only_the_storage_adapter_references_the_aws_sdk() =>
        Assert.Equal([Projects.Storage], ProjectsWith("AWSSDK"));

    [Fact]
    public void Only_the_objects_reference_DiffPlex() => Assert.Equal([Projects.Objects], ProjectsWith("DiffPlex"));

    [Fact]
    public void Only_the_archive_and_the_objects_reference_BouncyCastle() =>
        Assert.Equal(
            [Projects.Archive, Projects.Objects],
            ProjectsWith("BouncyCastle").OrderBy(project => project.GetName().Name, StringComparer.Ordinal));

    [Theory]
    [InlineData("Google.Protobuf")]
    [InlineData("Grpc.")]
    public void Only_the_etcd_adapter_references_the_package(string package) =>
        Assert.Equal([Projects.Etcd], ProjectsWith(package));

    [Fact]
    public void The_leaves_and_the_core_reference_only_the_platform_and_BouncyCastle() =>
        Assert.All(
            [Projects.Snapshots, Projects.Archive, Projects.Core],
            project => Assert.All(
                Names(project),
                name => Assert.True(
                    name.StartsWith(OwnPrefix, StringComparison.Ordinal)
                    || name.StartsWith("System.", StringComparison.Ordinal)
                    || name.StartsWith("Microsoft.Win32.", StringComparison.Ordinal)
                    || (project == Projects.Archive && name == "BouncyCastle.Cryptography"),
                    $"{project.GetName().Name} references {name}")));

    [Fact]
    public void Only_one_folder_uses_Quartz()
    {
        Type[] users =
        [
            .. Projects.Program.GetTypes().Where(type => type.GetInterfaces().Any(IsQuartz) || type.GetFields(
                BindingFlags.Instance | BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public)
                .Any(field => IsQuartz(field.FieldType))),
        ];

        Assert.NotEmpty(users);
        Assert.All(users, type => Assert.Equal("EtcdBackupAgent.Scheduling", type.Namespace));

        static bool IsQuartz(Type type) => type.Assembly.GetName().Name == "Quartz";
    }

    private static Assembly[] ProjectsWith(string package) =>
        [.. Rule.Select(row => (Assembly)row[0]).Where(
            project => Names(project).Any(name => name.StartsWith(package, StringComparison.Ordinal)))];

    private static IEnumerable<string> Names(Assembly project) =>
        project.GetReferencedAssemblies().Select(a => a.Name!);
}

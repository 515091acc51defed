using System.Reflection;
using Xunit;

namespace EtcdBackupAgent.Tests.Architecture;

/// <summary>
/// Holds the dependency rule of <c>docs/architecture.md</c>: who may know whom, and which packages stay behind which
/// door.
/// </summary>
public sealed class DependencyRuleTests
{
    private const string Own = "EtcdBackupAgent.";

    public static TheoryData<Assembly, Assembly[]> Rule =>
        new()
        {
            { Projects.Archive, [] },
            { Projects.Snapshots, [Projects.Archive] },
            { Projects.Core, [Projects.Snapshots, Projects.Archive] },
            { Projects.Etcd, [Projects.Core, Projects.Snapshots, Projects.Archive] },
            { Projects.Storage, [Projects.Core, Projects.Snapshots, Projects.Archive] },
            { Projects.Resources, [Projects.Core, Projects.Snapshots, Projects.Archive] },
            { Projects.Kubernetes, [Projects.Resources, Projects.Core, Projects.Snapshots, Projects.Archive] },
            {
                Projects.Program,
                [
                    Projects.Core,
                    Projects.Snapshots,
                    Projects.Archive,
                    Projects.Etcd,
                    Projects.Storage,
                    Projects.Resources,
                    Projects.Kubernetes,
                ]
            },
        };

    [Theory]
    [MemberData(nameof(Rule))]
    public void A_project_knows_only_those_below_it(Assembly project, Assembly[] allowed)
    {
        string[] known = [.. Names(project).Where(name => name.StartsWith(Own, StringComparison.Ordinal))];

        Assert.Empty(known.Except(allowed.Select(a => a.GetName().Name)));
    }

    [Theory]
    [InlineData("OpenTelemetry")]
    [InlineData("Quartz")]
    [InlineData("Spectre.Console")]
    [InlineData("System.CommandLine")]
    public void Only_the_program_knows(string package) =>
        Assert.Equal([Projects.Program], WhoKnows(package));

    [Fact]
    public void Only_the_storage_adapter_knows_the_aws_sdk() => Assert.Equal([Projects.Storage], WhoKnows("AWSSDK"));

    [Theory]
    [InlineData("Google.Protobuf")]
    [InlineData("Grpc.")]
    public void Only_the_etcd_adapter_knows(string package) => Assert.Equal([Projects.Etcd], WhoKnows(package));

    [Fact]
    public void The_leaves_and_the_core_know_nothing_but_the_platform() =>
        Assert.All(
            [Projects.Snapshots, Projects.Archive, Projects.Core],
            project => Assert.All(
                Names(project),
                name => Assert.True(
                    name.StartsWith(Own, StringComparison.Ordinal)
                    || name.StartsWith("System.", StringComparison.Ordinal)
                    || name.StartsWith("Microsoft.Win32.", StringComparison.Ordinal),
                    $"{project.GetName().Name} knows {name}")));

    [Fact]
    public void Quartz_is_spoken_in_one_folder_only()
    {
        Type[] speakers =
        [
            .. Projects.Program.GetTypes().Where(type => type.GetInterfaces().Any(IsQuartz) || type.GetFields(
                BindingFlags.Instance | BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public)
                .Any(field => IsQuartz(field.FieldType))),
        ];

        Assert.NotEmpty(speakers);
        Assert.All(speakers, type => Assert.Equal("EtcdBackupAgent.Scheduling", type.Namespace));

        static bool IsQuartz(Type type) => type.Assembly.GetName().Name == "Quartz";
    }

    private static Assembly[] WhoKnows(string package) =>
        [.. Rule.Select(row => (Assembly)row[0]).Where(
            project => Names(project).Any(name => name.StartsWith(package, StringComparison.Ordinal)))];

    private static IEnumerable<string> Names(Assembly project) =>
        project.GetReferencedAssemblies().Select(a => a.Name!);
}

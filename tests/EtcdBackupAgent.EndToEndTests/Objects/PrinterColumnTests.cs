using System.Text.RegularExpressions;
using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.KubernetesApi;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Objects;

/// <summary>
/// The columns of a definition are those that stock kubectl shows, with the cells of a real API server.
/// </summary>
public sealed partial class PrinterColumnTests : IDisposable
{
    private const string Definitions = """
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: {name: widgets.example.com}
        spec:
          group: example.com
          scope: Namespaced
          names: {plural: widgets, singular: widget, kind: Widget}
          versions:
          - name: v1alpha1
            served: true
            storage: true
            additionalPrinterColumns:
            - {name: Old, type: string, jsonPath: .spec.color}
            schema: &schema
              openAPIV3Schema:
                type: object
                x-kubernetes-preserve-unknown-fields: true
          - name: v1
            served: true
            storage: false
            schema: *schema
            additionalPrinterColumns:
            - {name: Color, type: string, jsonPath: .spec.color}
            - {name: Size, type: integer, jsonPath: .spec.size}
            - {name: Ratio, type: number, jsonPath: .spec.ratio}
            - {name: Ready, type: string, jsonPath: '.status.conditions[?(@.type=="Ready")].status'}
            - {name: Expired, type: date, jsonPath: .spec.expired}
            - {name: Enabled, type: boolean, jsonPath: .spec.enabled}
            - {name: Owner, type: string, jsonPath: '.metadata.annotations.example\.com/owner', priority: 1}
            - {name: First Part, type: string, jsonPath: '.spec.parts[0].name', priority: 1}
            - {name: Parts, type: string, jsonPath: '.spec.parts[*].name', priority: 1}
            - {name: Last, type: string, jsonPath: '.spec.parts[-1:].name', priority: 1}
            - {name: All, type: string, jsonPath: .spec.parts, priority: 1}
            - {name: As Text, type: string, jsonPath: .spec.ratio, priority: 1}
            - {name: Quoted, type: string, jsonPath: ".spec['color']", priority: 1}
            - {name: Invalid, type: string, jsonPath: '.spec["color"]', priority: 1}
            - {name: Never, type: string, jsonPath: .spec.color}
        ---
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: {name: plains.example.com}
        spec:
          group: example.com
          scope: Cluster
          names: {plural: plains, singular: plain, kind: Plain}
          versions:
          - name: v1
            served: true
            storage: true
            schema:
              openAPIV3Schema: {type: object}
        """;

    private const string Objects = """
        apiVersion: example.com/v1
        kind: Widget
        metadata: {name: full, namespace: default, annotations: {example.com/owner: team a}}
        spec:
          color: "red"
          size: 12
          ratio: 1234567.5
          expired: "2020-02-03T04:05:06Z"
          enabled: true
          parts: [{name: "<one>"}, {name: two}]
        status: {conditions: [{type: Synced, status: "False"}, {type: Ready, status: "True"}]}
        ---
        apiVersion: example.com/v1
        kind: Widget
        metadata: {name: empty, namespace: default}
        ---
        apiVersion: example.com/v1
        kind: Widget
        metadata: {name: odd, namespace: default}
        spec:
          color: "two\nlines"
          size: 2.9
          ratio: 0.00001
          expired: soon
          enabled: "yes"
          parts: {name: none}
        status: {conditions: {type: Ready}}
        ---
        apiVersion: example.com/v1
        kind: Widget
        metadata: {name: whole, namespace: default}
        spec: {size: "12", ratio: 1000000, expired: "2999-01-01T00:00:00Z", enabled: false, parts: []}
        ---
        apiVersion: example.com/v1
        kind: Plain
        metadata: {name: plain}
        """;

    private readonly TestDirectory _directory = new();

    [Fact]
    public async Task Tables_of_custom_resources_have_the_columns_and_cells_of_kubectl()
    {
        await using KubernetesApiServer server = await KubernetesApiServer.StartAsync();
        await server.ApplyAsync(Definitions);
        await server.UntilDefinitionsServedAsync();
        await server.ApplyAsync(Objects);
        await server.Etcd.EtcdctlAsync("snapshot", "save", _directory["etcd.db"]);

        foreach (string[] selection in new string[][]
        {
            ["widgets"], ["widgets", "-o", "wide"], ["widgets", "-A"], ["widgets", "-A", "-o", "wide"], ["plains"],
        })
        {
            string table = await server.KubectlAsync(["get", .. selection]);
            string[] headers = Gap().Split(table.Split('\n')[0].TrimEnd());
            string[][] expected = Cells(table, headers);

            ToolResult listed =
                await Agent.RunAsync(["objects", "list", "--file", _directory["etcd.db"], .. selection]);

            Assert.Equal("", listed.StandardError);
            string[][] cells = Cells(listed.Output, headers);
            if (selection[0] == "plains")
            {
                // The age of an object that is a few seconds old.
                Assert.Equal(["NAME", "AGE"], cells[0]);
                Assert.Matches("^[0-9]+s$", cells[1][1]);
                expected[1][1] = cells[1][1];
            }

            Assert.Equal(expected, cells);
        }
    }

    public void Dispose() => _directory.Dispose();

    /// <summary>Reads a table by the places of its headers.</summary>
    private static string[][] Cells(string table, string[] headers)
    {
        string[] lines = table.TrimEnd('\n').Split('\n');
        List<int> starts = [];
        foreach (string header in headers)
        {
            int from = starts.Count == 0 ? 0 : starts[^1] + 1;
            int start = lines[0].IndexOf(header, from, StringComparison.Ordinal);
            Assert.True(start >= 0, $"{header} in {lines[0]}");
            starts.Add(start);
        }

        return
        [
            .. lines.Select(line => starts
                .Select((start, column) =>
                {
                    int end = column + 1 < starts.Count ? starts[column + 1] : line.Length;
                    return start >= line.Length ? "" : line[start..Math.Min(end, line.Length)].Trim();
                })
                .ToArray()),
        ];
    }

    [GeneratedRegex("  +", RegexOptions.None, 1000)]
    private static partial Regex Gap();
}

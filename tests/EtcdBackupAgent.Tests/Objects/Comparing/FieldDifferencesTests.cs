using System.Text.Json.Nodes;
using EtcdBackupAgent.Objects.Comparing;
using Xunit;

namespace EtcdBackupAgent.Tests.Objects.Comparing;

public sealed class FieldDifferencesTests
{
    [Fact]
    public void Applying_the_changes_to_one_document_gives_the_other_one()
    {
        int compared = 0;
        for (int seed = 0; seed < 3000; seed++)
        {
            Random random = new(seed);
            JsonObject old = RandomDocuments.Fields(random, depth: 4);
            JsonNode? @new = RandomDocuments.Change(random, old, depth: 4);

            IReadOnlyList<FieldChange> changes = FieldDifferences.Between(old, @new);

            JsonNode? applied = AppliedChanges.WithoutPlaces(AppliedChanges.Apply(old, changes));
            JsonNode? expected = AppliedChanges.WithoutPlaces(@new);
            Assert.True(
                JsonNode.DeepEquals(applied, expected),
                $"seed {seed}:\n{old.ToJsonString()}\n{@new?.ToJsonString()}\n{applied?.ToJsonString()}");
            compared += changes.Count;
        }

        Assert.True(compared > 5000, $"only {compared} changes were applied");
    }

    [Fact]
    public void Each_change_has_the_values_that_its_path_finds_in_both_documents()
    {
        for (int seed = 0; seed < 1000; seed++)
        {
            Random random = new(seed);
            JsonObject old = RandomDocuments.Fields(random, depth: 4);
            JsonNode? @new = RandomDocuments.Change(random, old, depth: 4);

            foreach (FieldChange change in FieldDifferences.Between(old, @new)
                .Where(change => change.Kind != FieldChangeKind.Reordered))
            {
                Assert.Equal(
                    change.Kind != FieldChangeKind.Added,
                    change.Path.TryFind(old, isOld: true, out JsonNode? oldValue));
                Assert.Equal(
                    change.Kind != FieldChangeKind.Removed,
                    change.Path.TryFind(@new, isOld: false, out JsonNode? newValue));
                Assert.True(change.Kind == FieldChangeKind.Added || JsonNode.DeepEquals(oldValue, change.Old));
                Assert.True(change.Kind == FieldChangeKind.Removed || JsonNode.DeepEquals(newValue, change.New));
            }
        }
    }

    [Theory]
    [InlineData("""{"a":1}""", """{"a":1.0}""", "")]
    [InlineData("""{"spec":{"replicas":3}}""", """{"spec":{"replicas":5}}""", "Changed spec.replicas 3 5")]
    [InlineData("""{"data":{"app.conf":"x"}}""", """{"data":{}}""", """Removed data["app.conf"] "x" null""")]
    [InlineData("""{"a":null}""", "{}", "Removed a null null")]
    [InlineData("""{"a":{}}""", """{"a":[]}""", "Changed a {} []")]
    [InlineData(
        """{"c":[{"name":"a","v":1},{"name":"b","v":1}]}""",
        """{"c":[{"name":"n","v":0},{"name":"a","v":1},{"name":"b","v":2}]}""",
        """Changed c[name="b"].v 1 2; Added c[name="n"] null {"name":"n","v":0}""")]
    [InlineData(
        """{"c":[{"name":"a"},{"name":"b"}]}""",
        """{"c":[{"name":"b"},{"name":"a"}]}""",
        """Reordered c ["a","b"] ["b","a"]""")]
    [InlineData(
        """{"c":[{"name":"a"},{"name":"a"}]}""", """{"c":[{"name":"a"}]}""", """Removed c[1] {"name":"a"} null""")]
    [InlineData(
        """{"p":[{"containerPort":80,"protocol":"TCP"}]}""",
        """{"p":[{"containerPort":80,"protocol":"UDP"}]}""",
        """Changed p[containerPort=80].protocol "TCP" "UDP" """)]
    [InlineData("""{"a":["x","y","z"]}""", """{"a":["y","z","w"]}""", """Removed a[0] "x" null; Added a[2] null "w" """)]
    [InlineData(
        """{"r":[{"verbs":["get"]},{"verbs":["list"]}]}""",
        """{"r":[{"verbs":["get","watch"]},{"verbs":["list"]}]}""",
        """Added r[0].verbs[1] null "watch" """)]
    public void Fields_are_named_with_both_values(string old, string @new, string expected) => Assert.Equal(
        expected.Trim(),
        string.Join("; ", FieldDifferences.Between(JsonNode.Parse(old), JsonNode.Parse(@new)).Select(
            change => $"{change.Kind} {change.Path} {Text(change.Old)} {Text(change.New)}")));

    private static string Text(JsonNode? node) => node?.ToJsonString() ?? "null";
}

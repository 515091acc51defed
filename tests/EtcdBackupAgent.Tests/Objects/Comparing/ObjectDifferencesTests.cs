using System.Text;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Objects.Comparing;
using EtcdBackupAgent.Objects.Decoding;
using EtcdBackupAgent.Objects.Keys;
using EtcdBackupAgent.Objects.Kinds;
using EtcdBackupAgent.Objects.Printing;
using EtcdBackupAgent.Objects.Reading;
using Xunit;

namespace EtcdBackupAgent.Tests.Objects.Comparing;

public sealed class ObjectDifferencesTests
{
    private const string Marker = "hidden";

    [Theory]
    [InlineData("""{"data":{"p":"hidden1","q":"x"}}""", """{"data":{"p":"hidden2","q":"x"}}""", "data.p *** ***")]
    [InlineData("""{"data":{"p":"hidden1"}}""", """{"data":{"p":"hidden1","q":"hidden2"}}""", "data.q  ***")]
    [InlineData("""{"data":{"p":"hidden1"}}""", "{}", """data {"p":"***"} """)]
    [InlineData("""{"data":["hidden1"]}""", """{"data":["hidden2"]}""", "data *** ***")]
    [InlineData("""{"data":[{"name":"hidden1"},{"name":"b"}]}""", """{"data":[{"name":"b"},{"name":"hidden1"}]}""", "data *** ***")]
    [InlineData("""{"type":"Opaque"}""", """{"type":"other"}""", """type "Opaque" "other" """)]
    public void Changes_of_a_secret_are_found_in_clear_and_shown_masked(string old, string @new, string expected)
    {
        IReadOnlyList<FieldChange> changes = Between(old, @new, Noise.Standard);

        Assert.Equal(expected.Trim(), string.Join("; ", changes.Select(Text)).Trim());
        Assert.DoesNotContain(Marker, ChangeDocument.Of(changes).ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public void No_random_change_of_a_secret_shows_a_value_of_it()
    {
        int changed = 0;
        for (int seed = 0; seed < 1000; seed++)
        {
            Random random = new(seed);
            string old = Secret(random);
            string @new = Secret(random);

            IReadOnlyList<FieldChange> changes = Between(old, @new, Noise.Parse("--include", ["all"]));

            string shown = ChangeDocument.Of(changes).ToJsonString()
                + string.Concat(changes.Select(Text))
                + string.Concat(changes.SelectMany(ChangeValues.Lines).Select(line => line.Text));
            Assert.DoesNotContain(Marker, shown, StringComparison.Ordinal);
            changed += changes.Count;
        }

        Assert.True(changed > 2000, $"only {changed} changes were compared");
    }

    [Fact]
    public void Values_are_shown_if_they_are_asked_for()
    {
        FieldChange change = Assert.Single(new ObjectDifferences(Noise.Standard, showSecrets: true).Between(
            Stored("""{"data":{"p":"hidden1"}}"""), Stored("""{"data":{"p":"hidden2"}}"""), out _));

        Assert.Equal("""data.p "hidden1" "hidden2" """.Trim(), Text(change));
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("status", "status.phase")]
    [InlineData("managed-fields", "metadata.managedFields[0].manager")]
    [InlineData(
        "metadata",
        "metadata.annotations[\"kubectl.kubernetes.io/last-applied-configuration\"] "
        + "metadata.generation metadata.resourceVersion metadata.uid")]
    [InlineData("leases", "metadata.annotations[\"control-plane.alpha.kubernetes.io/leader\"]")]
    [InlineData("events,endpoints", "")]
    public void Noise_is_left_out_unless_it_is_included(string included, string expected)
    {
        static string Object(int n) => $$"""
            {
              "metadata": {
                "name": "a", "uid": "u{{n}}", "resourceVersion": "{{n}}", "generation": {{n}},
                "managedFields": [{"manager": "m{{n}}"}],
                "annotations": {
                  "control-plane.alpha.kubernetes.io/leader": "{{n}}",
                  "kubectl.kubernetes.io/last-applied-configuration": "{{n}}"
                }
              },
              "status": {"phase": "{{n}}"}
            }
            """;

        IReadOnlyList<FieldChange> changes = Between(Object(1), Object(2), Noise.Parse("--include", [included]));

        Assert.Equal(expected, string.Join(' ', changes.Select(change => change.Path)));
    }

    [Fact]
    public void A_word_that_is_not_noise_is_refused_with_the_names()
    {
        BackupException refused =
            Assert.Throws<BackupException>(() => Noise.Parse("--include", ["status,managedfields"]));

        Assert.Equal(FailureReason.InvalidInput, refused.Reason);
        Assert.Equal(
            "--include 'managedfields' is not valid: allowed are status, managed-fields, metadata, leases, events, "
            + "endpoints, all.",
            refused.Message);
        Assert.Equal("Did you mean managed-fields?", refused.Hint);
    }

    [Fact]
    public void Fields_that_the_table_does_not_have_are_compared_by_their_bytes()
    {
        StoredObject old = Stored("{}") with { UnknownFields = [new UnknownField("m", 99, new byte[] { 1, 2 })] };
        StoredObject same = Stored("{}") with { UnknownFields = [new UnknownField("m", 99, new byte[] { 1, 2 })] };
        StoredObject other = Stored("{}") with { UnknownFields = [new UnknownField("m", 99, new byte[] { 1, 3 })] };
        ObjectDifferences differences = new(Noise.Standard, showSecrets: false);

        Assert.Empty(differences.Between(old, same, out string? none));
        Assert.Empty(differences.Between(old, other, out string? problem));

        Assert.Null(none);
        Assert.Equal("fields of a newer version of Kubernetes", problem);
    }

    private static string Secret(Random random)
    {
        JsonObject secret = new()
        {
            ["type"] = $"t{random.Next(3)}",
            ["metadata"] = new JsonObject { ["name"] = "a" },
        };
        foreach (string field in new[] { "data", "stringData" }.Where(_ => random.Next(3) > 0))
        {
            secret[field] = random.Next(4) == 0
                ? Hidden(random, RandomDocuments.Value(random, depth: 3))
                : Hidden(random, RandomDocuments.Fields(random, depth: 2));
        }

        if (random.Next(2) == 0)
        {
            JsonNode copy = secret.DeepClone();
            secret["metadata"]!["annotations"] = new JsonObject
            {
                ["kubectl.kubernetes.io/last-applied-configuration"] =
                    random.Next(5) == 0 ? copy.ToJsonString()[..^1] : copy.ToJsonString(),
            };
        }

        return secret.ToJsonString();
    }

    /// <summary>Replaces all texts by marked ones, some with several lines.</summary>
    private static JsonNode? Hidden(Random random, JsonNode? node) => node switch
    {
        JsonObject fields => new JsonObject(
            fields.Select(field => KeyValuePair.Create(field.Key, Hidden(random, field.Value)))),
        JsonArray items => new JsonArray([.. items.Select(item => Hidden(random, item))]),
        _ => JsonValue.Create($"{Marker}{(random.Next(2) == 0 ? "\n" : "")}{Marker}{random.Next(3)}"),
    };

    private static IReadOnlyList<FieldChange> Between(string old, string @new, Noise noise) =>
        new ObjectDifferences(noise, showSecrets: false).Between(Stored(old), Stored(@new), out _);

    private static StoredObject Stored(string json) => new()
    {
        Outcome = ReadOutcome.Read,
        KeyContent = KeyContent.Object,
        Kind = new GroupVersionKind("v1", "Secret"),
        Json = Encoding.UTF8.GetBytes(json),
    };

    private static string Text(FieldChange change) => $"{change.Path} "
        + $"{(change.Kind == FieldChangeKind.Added ? "" : ChangeValues.Text(change.Old))} "
        + $"{(change.Kind == FieldChangeKind.Removed ? "" : ChangeValues.Text(change.New))}";
}

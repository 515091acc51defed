using System.Text.Json.Nodes;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Manifests;

/// <summary>The permissions of each service account. A new permission must be added here as well.</summary>
public sealed class RoleTests
{
    private const string Controller = """
        backuplocations: get list watch
        backuplocations/status: patch
        cronjobs: create delete get list patch watch
        deployments: create delete get list patch watch
        events: create list
        jobs: create get list watch
        leases: create get update
        metadatabackuppolicies: get list patch watch
        metadatabackuppolicies/status: patch
        metadatabackuprecords: create delete get list patch watch
        metadatabackuprecords/status: patch
        metadatarestores: get list watch
        metadatarestores/status: patch
        namespaces: get
        persistentvolumeclaims: get
        pods: list
        secrets: get
        """;

    private const string Backup = """
        backuplocations: get
        events: create
        leases: create get update
        metadatabackuppolicies: get
        metadatabackuppolicies/status: patch
        metadatabackuprecords: create delete get list patch
        metadatabackuprecords/status: patch
        """;

    private const string Restore = """
        backuplocations: get
        events: create
        metadatabackuppolicies: get
        metadatabackuprecords: get
        metadatarestores: get
        metadatarestores/status: patch
        """;

    [Theory]
    [InlineData("etcd-backup-agent-controller", Controller)]
    [InlineData("etcd-backup-agent-backup", Backup)]
    [InlineData("etcd-backup-agent-restore", Restore)]
    public async Task A_service_account_has_only_these_permissions_in_its_namespace(string name, string rights)
    {
        IReadOnlyList<JsonObject> objects = await ManifestFiles.KustomizeAsync("base");
        JsonObject role = ManifestFiles.Find(objects, "Role", name);
        JsonObject binding = ManifestFiles.Find(objects, "RoleBinding", name);
        JsonObject account = ManifestFiles.Find(objects, "ServiceAccount", name);

        Assert.Equal(rights.ReplaceLineEndings("\n"), Rights(role));
        Assert.Equal(name, (string?)binding["roleRef"]!["name"]);
        JsonNode subject = Assert.Single(binding["subjects"]!.AsArray())!;
        Assert.Equal(name, (string?)subject["name"]);
        Assert.All(
            [role, binding, account],
            item => Assert.Equal(
                (string?)subject["namespace"], (string?)ManifestFiles.At(item, "metadata", "namespace")));
    }

    [Fact]
    public async Task The_pods_of_objects_can_read_everything_and_write_only_what_every_backup_writes()
    {
        IReadOnlyList<JsonObject> objects = await ManifestFiles.KustomizeAsync("objects");
        JsonObject role = ManifestFiles.Find(objects, "ClusterRole", "etcd-backup-agent-objects");
        JsonObject binding = ManifestFiles.Find(objects, "RoleBinding", "etcd-backup-agent-objects");

        Assert.Equal("*: get list", Rights(role));
        Assert.Equal("etcd-backup-agent-backup", (string?)binding["roleRef"]!["name"]);
    }

    [Fact]
    public async Task Outside_its_namespace_the_controller_can_only_read_the_four_definitions()
    {
        JsonObject role = ManifestFiles.Find(
            await ManifestFiles.KustomizeAsync("base"), "ClusterRole", "etcd-backup-agent-controller");

        JsonNode rule = Assert.Single(role["rules"]!.AsArray())!;
        Assert.Equal("customresourcedefinitions: get", Rights(role));
        Assert.Equal(
            ManifestFiles.Definitions,
            rule["resourceNames"]!.AsArray().Select(item => (string?)item));
    }

    private static string Rights(JsonObject role) => string.Join(
        '\n',
        role["rules"]!.AsArray()
            .SelectMany(rule => Texts(rule!["resources"]).SelectMany(
                resource => Texts(rule["verbs"]).Select(verb => (Resource: resource, Verb: verb))))
            .GroupBy(right => right.Resource, right => right.Verb, StringComparer.Ordinal)
            .OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => $"{group.Key}: {string.Join(' ', group.Order(StringComparer.Ordinal))}"));

    private static IEnumerable<string> Texts(JsonNode? list) => list!.AsArray().Select(item => (string)item!);
}

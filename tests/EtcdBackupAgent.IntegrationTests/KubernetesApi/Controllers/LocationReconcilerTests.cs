using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.IntegrationTests.KubernetesApi.Cluster;
using EtcdBackupAgent.IntegrationTests.Manifests;
using EtcdBackupAgent.Kubernetes.Objects;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.KubernetesApi.Controllers;

/// <summary>Single reconciliations of a location, on a real API server.</summary>
[Collection(ClusterTests.Name)]
public sealed class LocationReconcilerTests(ClusterFixture fixture) : ControllerTests(fixture)
{
    [Fact]
    public async Task A_new_location_gets_a_repository_a_status_and_one_event()
    {
        await Scene.ApplyAsync("BackupLocation", "fresh", $"url: file://{PathOf("fresh")}, encryption: None");

        await ReconcileAsync("fresh");

        Assert.True(File.Exists(Path.Combine(PathOf("fresh"), "repository.json")));
        JsonObject item = await Scene.GetAsync(ClusterKinds.BackupLocation, "fresh");
        Assert.Equal(
            ("Completed", 1L),
            ((string?)item["status"]!["initStatus"], (long?)item["status"]!["observedGeneration"]));
        Assert.NotNull(item["status"]!["initTime"]);
        Assert.Equal("True RepositoryUsable", SceneObjects.Condition(item, "Ready"));
        Assert.Equal(
            [$"Normal InitSucceeded: Repo at file://{PathOf("fresh")} is successfully initialized"],
            await Scene.EventsAsync());
        Assert.Empty(await ReconcileAsync("fresh"));
    }

    [Fact]
    public async Task A_new_repository_has_the_signers_of_its_location()
    {
        await Scene.ApplyAsync(
            "BackupLocation",
            "signed",
            $"url: file://{PathOf("signed")}, encryption: None, signers: ['{Documents.Signer}']");

        await ReconcileAsync("signed");

        Assert.Contains(
            Documents.Signer,
            await File.ReadAllTextAsync(Path.Combine(PathOf("signed"), "repository.json")),
            StringComparison.Ordinal);
        Assert.Equal("True RepositoryUsable", await ReadyAsync("signed"));
    }

    [Fact]
    public async Task An_existing_repository_is_adopted_unchanged()
    {
        string document = await File.ReadAllTextAsync(Path.Combine(Scene.RepositoryPath, "repository.json"));

        await ReconcileAsync(ClusterScene.Location);

        Assert.Equal("True RepositoryUsable", await ReadyAsync(ClusterScene.Location));
        Assert.Equal(document, await File.ReadAllTextAsync(Path.Combine(Scene.RepositoryPath, "repository.json")));
    }

    [Fact]
    public async Task A_location_with_a_passphrase_is_pinned_and_recovers_when_its_Secret_is_corrected()
    {
        string spec = $"url: file://{PathOf("secret")}, credentials: right";
        await Scene.CreateSecretAsync("right", "a passphrase");
        await Scene.CreateSecretAsync("wrong", "another one");
        await Scene.ApplyAsync("BackupLocation", "first", spec);
        await ReconcileAsync("first");
        JsonNode pinned = (await Scene.GetAsync(ClusterKinds.BackupLocation, "first"))["status"]!["pinned"]!;
        Assert.StartsWith("age1", (string?)Assert.Single((JsonArray)pinned["recipients"]!), StringComparison.Ordinal);

        await Scene.ApplyAsync("BackupLocation", "second", spec.Replace("right", "wrong", StringComparison.Ordinal));
        await ReconcileAsync("second");
        Assert.Equal("False KeyRefused", await ReadyAsync("second"));
        Assert.Empty(await ReconcileAsync("second"));
        Assert.Single(
            await Scene.EventsAsync(),
            line => line.StartsWith("Warning InitFailed", StringComparison.Ordinal));
        JsonNode failed = (await Scene.GetAsync(ClusterKinds.BackupLocation, "second"))["status"]!;
        Assert.Equal("Failed", (string?)failed["initStatus"]);
        Assert.NotNull(failed["initErrorMessage"]);

        await Scene.PatchAsync(
            ClusterKinds.Secret,
            "wrong",
            $$$"""{"data":{"restic_repo_password":"{{{Convert.ToBase64String("a passphrase"u8)}}}"}}""");
        await ReconcileAsync("second");
        Assert.Equal("True RepositoryUsable", await ReadyAsync("second"));
        Assert.Null((await Scene.GetAsync(ClusterKinds.BackupLocation, "second"))["status"]!["initErrorMessage"]);
    }

    [Fact]
    public async Task A_repository_other_than_the_pinned_one_is_refused_until_the_pin_is_removed()
    {
        await Scene.CreateSecretAsync("right", "a passphrase");
        await Scene.ApplyAsync("BackupLocation", "swapped", $"url: file://{PathOf("swapped")}, credentials: right");
        await ReconcileAsync("swapped");
        Directory.Delete(PathOf("swapped"), recursive: true);

        await ReconcileAsync("swapped");
        Assert.Equal("False ProtectionChanged", await ReadyAsync("swapped"));
        Assert.Empty(await ReconcileAsync("swapped"));

        await Scene.PatchAsync(ClusterKinds.BackupLocation, "swapped", """{"status":{"pinned":null}}""", "status");
        await ReconcileAsync("swapped");
        Assert.Equal("True RepositoryUsable", await ReadyAsync("swapped"));
    }

    [Fact]
    public async Task An_unreachable_store_is_reported_once_and_the_location_recovers_with_it()
    {
        Controllers.IsStoreUnreachable = true;
        await ReconcileAsync(ClusterScene.Location);
        Assert.Equal("False StoreUnreachable", await ReadyAsync(ClusterScene.Location));
        Assert.Empty(await ReconcileAsync(ClusterScene.Location));

        Controllers.IsStoreUnreachable = false;
        await ReconcileAsync(ClusterScene.Location);

        Assert.Equal("True RepositoryUsable", await ReadyAsync(ClusterScene.Location));
        Assert.Equal(
            ["Warning InitFailed: The store is away.", "Normal InitSucceeded"],
            (await Scene.EventsAsync()).OrderDescending(StringComparer.Ordinal).Select(line => line.Split(": Repo")[0])
        );
    }

    [Fact]
    public async Task A_missing_Secret_is_named_and_the_location_recovers_when_it_is_created()
    {
        await Scene.ApplyAsync("BackupLocation", "early", $"url: file://{PathOf("early")}, credentials: late");
        await ReconcileAsync("early");
        JsonObject item = await Scene.GetAsync(ClusterKinds.BackupLocation, "early");
        Assert.Equal("False InvalidInput", SceneObjects.Condition(item, "Ready"));
        Assert.Contains("late", (string?)item["status"]!["initErrorMessage"], StringComparison.Ordinal);

        await Scene.CreateSecretAsync("late", "a passphrase");
        await ReconcileAsync("early");

        Assert.Equal("True RepositoryUsable", await ReadyAsync("early"));
    }

    [Fact]
    public async Task A_location_that_was_deleted_and_created_again_is_synced_at_once()
    {
        SnapshotManifest manifest = await Scene.StoreAsync(Scene.Manifest(0));
        await ReconcileAsync(ClusterScene.Location);
        string spec = $"url: file://{Scene.RepositoryPath}, encryption: None";
        Assert.NotNull(await Scene.FindRecordAsync(manifest.Id));

        // The controller observes both changes as one, or first the deletion.
        foreach (bool isDeletionObserved in new[] { false, true })
        {
            await Scene.DeleteAsync(ClusterKinds.BackupLocation, ClusterScene.Location);
            if (isDeletionObserved)
            {
                await ReconcileAsync(ClusterScene.Location);
                Assert.Equal([ClusterScene.Location], Controllers.LocationsGone);
            }

            await Scene.ApplyAsync("BackupLocation", ClusterScene.Location, spec);
            await ReconcileAsync(ClusterScene.Location);

            JsonNode status = (await Scene.LocationAsync())["status"]!;
            Assert.Equal(1, (int?)status["snapshots"]);
            Assert.NotNull(status["lastSyncTime"]);
        }
    }

    [Fact]
    public async Task A_Secret_that_was_created_again_with_another_passphrase_is_checked_again()
    {
        await Scene.CreateSecretAsync("replaced", "a passphrase");
        await Scene.ApplyAsync("BackupLocation", "locked", $"url: file://{PathOf("locked")}, credentials: replaced");
        await ReconcileAsync("locked");
        Assert.Equal("True RepositoryUsable", await ReadyAsync("locked"));

        await Scene.DeleteAsync(ClusterKinds.Secret, "replaced");
        await Scene.CreateSecretAsync("replaced", "another one");
        await ReconcileAsync("locked");

        Assert.Equal("False KeyRefused", await ReadyAsync("locked"));
    }

    [Fact]
    public async Task A_location_that_does_not_exist_is_ignored()
    {
        Assert.Empty(await ReconcileAsync("missing"));
    }

    /// <summary>Returns a path beside the scene's repository.</summary>
    private string PathOf(string name) => Path.Combine(Path.GetDirectoryName(Scene.RepositoryPath)!, name);

    private Task<string[]> ReconcileAsync(string name) => Controllers.ReconcileAsync(Controllers.Location, name);

    private Task<string> ReadyAsync(string name) => Scene.ReadyAsync(ClusterKinds.BackupLocation, name);
}

using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.IntegrationTests.KubernetesApi.Cluster;
using EtcdBackupAgent.Kubernetes.Objects;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.KubernetesApi.Controllers;

/// <summary>One look after the other at a location, on a real API server.</summary>
[Collection(ClusterTests.Name)]
public sealed class LocationReconcilerTests(ClusterFixture fixture) : ControllerTests(fixture)
{
    [Fact]
    public async Task A_new_location_gets_a_repository_a_status_and_one_event_and_then_nothing_more()
    {
        await Scene.ApplyAsync("BackupLocation", "fresh", $"url: file://{At("fresh")}, encryption: None");

        await LookAsync("fresh");

        Assert.True(File.Exists(Path.Combine(At("fresh"), "repository.json")));
        JsonObject item = await Scene.GetAsync(ClusterKinds.BackupLocation, "fresh");
        Assert.Equal(
            ("Completed", 1L),
            ((string?)item["status"]!["initStatus"], (long?)item["status"]!["observedGeneration"]));
        Assert.NotNull(item["status"]!["initTime"]);
        Assert.Equal("True RepositoryUsable", SceneObjects.Condition(item, "Ready"));
        Assert.Equal(
            [$"Normal InitSucceeded: Repo at file://{At("fresh")} is successfully initialized"],
            await Scene.EventsAsync());
        Assert.Empty(await LookAsync("fresh"));
    }

    [Fact]
    public async Task A_repository_that_is_there_is_adopted_as_it_is()
    {
        string document = await File.ReadAllTextAsync(Path.Combine(Scene.RepositoryPath, "repository.json"));

        await LookAsync(ClusterScene.Location);

        Assert.Equal("True RepositoryUsable", await ReadyAsync(ClusterScene.Location));
        Assert.Equal(document, await File.ReadAllTextAsync(Path.Combine(Scene.RepositoryPath, "repository.json")));
    }

    [Fact]
    public async Task A_location_with_a_passphrase_is_pinned_and_one_that_has_another_passphrase_heals_with_its_Secret()
    {
        string spec = $"url: file://{At("secret")}, credentials: right";
        await Scene.CreateSecretAsync("right", "a passphrase");
        await Scene.CreateSecretAsync("wrong", "another one");
        await Scene.ApplyAsync("BackupLocation", "first", spec);
        await LookAsync("first");
        JsonNode pinned = (await Scene.GetAsync(ClusterKinds.BackupLocation, "first"))["status"]!["pinned"]!;
        Assert.StartsWith("age1", (string?)Assert.Single((JsonArray)pinned["recipients"]!), StringComparison.Ordinal);

        await Scene.ApplyAsync("BackupLocation", "second", spec.Replace("right", "wrong", StringComparison.Ordinal));
        await LookAsync("second");
        Assert.Equal("False KeyRefused", await ReadyAsync("second"));
        Assert.Empty(await LookAsync("second"));
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
        await LookAsync("second");
        Assert.Equal("True RepositoryUsable", await ReadyAsync("second"));
        Assert.Null((await Scene.GetAsync(ClusterKinds.BackupLocation, "second"))["status"]!["initErrorMessage"]);
    }

    [Fact]
    public async Task Another_repository_in_the_place_of_the_pinned_one_is_refused_until_the_pin_is_removed()
    {
        await Scene.CreateSecretAsync("right", "a passphrase");
        await Scene.ApplyAsync("BackupLocation", "swapped", $"url: file://{At("swapped")}, credentials: right");
        await LookAsync("swapped");
        Directory.Delete(At("swapped"), recursive: true);

        await LookAsync("swapped");
        Assert.Equal("False ProtectionChanged", await ReadyAsync("swapped"));
        Assert.Empty(await LookAsync("swapped"));

        await Scene.PatchAsync(ClusterKinds.BackupLocation, "swapped", """{"status":{"pinned":null}}""", "status");
        await LookAsync("swapped");
        Assert.Equal("True RepositoryUsable", await ReadyAsync("swapped"));
    }

    [Fact]
    public async Task A_store_that_is_away_fails_once_and_heals_when_it_is_back()
    {
        Controllers.IsStoreAway = true;
        await LookAsync(ClusterScene.Location);
        Assert.Equal("False StoreUnreachable", await ReadyAsync(ClusterScene.Location));
        Assert.Empty(await LookAsync(ClusterScene.Location));

        Controllers.IsStoreAway = false;
        await LookAsync(ClusterScene.Location);

        Assert.Equal("True RepositoryUsable", await ReadyAsync(ClusterScene.Location));
        Assert.Equal(
            ["Warning InitFailed: The store is away.", "Normal InitSucceeded"],
            (await Scene.EventsAsync()).OrderDescending(StringComparer.Ordinal).Select(line => line.Split(": Repo")[0])
        );
    }

    [Fact]
    public async Task A_Secret_that_is_not_there_is_named_and_the_location_heals_when_it_comes()
    {
        await Scene.ApplyAsync("BackupLocation", "early", $"url: file://{At("early")}, credentials: late");
        await LookAsync("early");
        JsonObject item = await Scene.GetAsync(ClusterKinds.BackupLocation, "early");
        Assert.Equal("False InvalidInput", SceneObjects.Condition(item, "Ready"));
        Assert.Contains("late", (string?)item["status"]!["initErrorMessage"], StringComparison.Ordinal);

        await Scene.CreateSecretAsync("late", "a passphrase");
        await LookAsync("early");

        Assert.Equal("True RepositoryUsable", await ReadyAsync("early"));
    }

    [Fact]
    public async Task A_location_that_was_deleted_and_made_again_is_synced_at_once()
    {
        SnapshotManifest manifest = await Scene.StoreAsync(Scene.Manifest(0));
        await LookAsync(ClusterScene.Location);
        string spec = $"url: file://{Scene.RepositoryPath}, encryption: None";
        Assert.NotNull(await Scene.FindRecordAsync(manifest.Id));

        // The controller sees the two as one, or sees that it is gone first.
        foreach (bool isSeenGone in new[] { false, true })
        {
            await Scene.DeleteAsync(ClusterKinds.BackupLocation, ClusterScene.Location);
            if (isSeenGone)
            {
                await LookAsync(ClusterScene.Location);
                Assert.Equal([ClusterScene.Location], Controllers.LocationsGone);
            }

            await Scene.ApplyAsync("BackupLocation", ClusterScene.Location, spec);
            await LookAsync(ClusterScene.Location);

            JsonNode status = (await Scene.LocationAsync())["status"]!;
            Assert.Equal(1, (int?)status["snapshots"]);
            Assert.NotNull(status["lastSyncTime"]);
        }
    }

    [Fact]
    public async Task A_Secret_that_was_deleted_and_made_again_with_another_passphrase_is_noticed()
    {
        await Scene.CreateSecretAsync("replaced", "a passphrase");
        await Scene.ApplyAsync("BackupLocation", "locked", $"url: file://{At("locked")}, credentials: replaced");
        await LookAsync("locked");
        Assert.Equal("True RepositoryUsable", await ReadyAsync("locked"));

        await Scene.DeleteAsync(ClusterKinds.Secret, "replaced");
        await Scene.CreateSecretAsync("replaced", "another one");
        await LookAsync("locked");

        Assert.Equal("False KeyRefused", await ReadyAsync("locked"));
    }

    [Fact]
    public async Task What_is_gone_or_going_is_left_alone()
    {
        Assert.Empty(await LookAsync("nobody"));
    }

    /// <summary>A place beside the scene's repository.</summary>
    private string At(string name) => Path.Combine(Path.GetDirectoryName(Scene.RepositoryPath)!, name);

    private Task<string[]> LookAsync(string name) => Controllers.LookAsync(Controllers.Location, name);

    private Task<string> ReadyAsync(string name) => Scene.ReadyAsync(ClusterKinds.BackupLocation, name);
}

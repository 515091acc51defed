using System.Text.Json.Nodes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Kubernetes;

/// <summary>A Secret whose values have a line end, as editors and <c>echo</c> write them, works for every reader: the
/// controller, which uses the API, and pods, which use variables.</summary>
public sealed class SecretLineEndTests
{
    [Fact]
    public async Task A_line_end_after_keys_and_passphrase_does_not_matter_from_init_to_restore()
    {
        await using ClusterScene scene = await ClusterScene.StartAsync();
        scene.StartController();
        foreach ((string name, string lineEnd) in ((string, string)[])[("lf", "\n"), ("crlf", "\r\n")])
        {
            SceneBucket bucket = scene.NewBucket();
            await scene.CreateCredentialsAsync($"{name}-credentials", lineEnd: lineEnd);
            await scene.ApplyAsync(scene.Location(name, bucket.Name, $"{name}-credentials"));
            await scene.ApplyAsync(scene.Policy(name, name, spec => spec["verify"] = "AfterBackup"));
            await scene.UntilReadyAsync("metadatabackuppolicies", name);

            string id = await scene.BackUpAsync(name);
            await RestoreAsync(scene, name, id);

            // The passphrase without the line end is equivalent.
            Assert.Contains(
                "sound",
                (await scene.RunWithoutClusterAsync(bucket, "verify", "latest")).Output,
                StringComparison.Ordinal);
        }

        scene.AssertNoRefusals();
    }

    private static async Task RestoreAsync(ClusterScene scene, string name, string id)
    {
        await scene.ApplyAsync($$$"""
            apiVersion: v1
            kind: PersistentVolumeClaim
            metadata: {name: {{{name}}}-restored}
            spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}} }
            ---
            apiVersion: {{{ClusterScene.Group}}}/v1alpha1
            kind: MetadataRestore
            metadata: {name: {{{name}}}-restore}
            spec:
              mbrName: mbr-{{{id}}}
              pvcName: {{{name}}}-restored
            """);
        JsonObject restore = await scene.UntilAsync(
            "metadatarestores", $"{name}-restore", "ended",
            item => (string?)item["status"]?["restoreStatus"] is "Completed" or "Failed");
        Assert.True((string?)restore["status"]!["restoreStatus"] == "Completed", $"{restore}\n{scene.Diagnostics()}");
        Assert.True(File.Exists(Path.Combine(scene.Pods.ClaimDirectory($"{name}-restored"), "etcd-snapshot.db")));
    }
}

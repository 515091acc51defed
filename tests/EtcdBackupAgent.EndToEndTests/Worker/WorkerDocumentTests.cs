using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Worker;

/// <summary>Documents that are invalid at the start, and documents that change while the worker runs.</summary>
public sealed class WorkerDocumentTests
{
    [Fact]
    public async Task Invalid_documents_fail_the_start_and_every_problem_is_reported_once()
    {
        using WorkerScene scene = await WorkerScene.NewAsync();
        scene.WritePolicy("good", new PolicyText());
        scene.WriteText("bad.yaml", """
            apiVersion: kubedr.catalogicsoftware.com/v1alpha1
            kind: MetadataBackupPolicy
            metadata:
              name: bad
            spec:
              destination: disk
              schedule: "61 * * * *"
              retainNumBackups: 0
            ---
            apiVersion: kubedr.catalogicsoftware.com/v1alpha1
            kind: MetadataBackupPolicy
            metadata:
              name: lost
            spec:
              destination: nowhere
            """);

        ToolResult result = await scene.RunAsync();

        Assert.Equal(2, result.ExitCode);
        Assert.Equal(1, Lines(result, "bad.yaml:7: MetadataBackupPolicy kubedr-system/bad: spec.schedule:"));
        Assert.Equal(1, Lines(result, "bad.yaml:8: MetadataBackupPolicy kubedr-system/bad: spec.retainNumBackups:"));
        Assert.Equal(1, Lines(result, "bad.yaml:15: MetadataBackupPolicy kubedr-system/lost: spec.destination:"));
        Assert.Equal(1, Lines(result, "'61 * * * *': minute: 61 is out of range; allowed is 0 to 59"));
        Assert.Equal(1, Lines(result, "nowhere"));
        Assert.DoesNotContain("   at ", result.StandardError, StringComparison.Ordinal);
        Assert.Empty(await scene.SnapshotsAsync());
    }

    [Fact]
    public async Task A_directory_that_does_not_exist_is_reported()
    {
        ToolResult result = await Fixtures.Agent.RunAsync(["run", "--resources", "/nowhere/resources"]);

        Assert.Equal(2, result.ExitCode);
        Assert.Equal(1, Lines(result, "/nowhere/resources"));
        Assert.Contains("hint: ", result.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Changes_are_applied_while_the_worker_runs_and_an_invalid_document_keeps_its_last_good_version()
    {
        using WorkerScene scene = await WorkerScene.NewAsync();
        scene.WritePolicy("often", new PolicyText { Schedule = "@every 1s", Retain = 3 });
        await using PeerProcess worker = scene.Start();
        await worker.UntilLoggedAsync("Backup of policy kubedr-system/often completed");

        // 1. One is suspended, one is new.
        scene.WritePolicy("often", new PolicyText { Schedule = "@every 1s", Retain = 3, Suspend = true });
        scene.WritePolicy("added", new PolicyText { Schedule = "@every 2s", Retain = 3 });
        await worker.UntilLoggedAsync("Policy kubedr-system/often is suspended.");
        await worker.UntilLoggedAsync("Backup of policy kubedr-system/added completed");
        int oftenStarted = worker.Count("Backup of policy kubedr-system/often started");

        // 2. The new one becomes invalid.
        scene.WriteText("added.json", """
            {"apiVersion": "kubedr.catalogicsoftware.com/v1alpha1", "kind": "MetadataBackupPolicy",
             "metadata": {"name": "added"}, "spec": {"destination": "disk", "retainNumBackups": "three"}}
            """);
        await worker.UntilLoggedAsync("spec.retainNumBackups:");
        int before = worker.Count("Backup of policy kubedr-system/added completed");
        await worker.UntilLoggedAsync("Backup of policy kubedr-system/added completed", before + 2);

        // 3. Another change is still applied.
        scene.WritePolicy("later", new PolicyText());
        await worker.UntilLoggedAsync("Backup of policy kubedr-system/later completed");
        Assert.Equal(1, worker.Count("spec.retainNumBackups:"));
        Assert.Equal(0, worker.Count("is removed"));
        Assert.Equal(oftenStarted, worker.Count("Backup of policy kubedr-system/often started"));
        await worker.StopAsync();
    }

    private static int Lines(ToolResult result, string text) =>
        result.StandardError.Split('\n').Count(line => line.Contains(text, StringComparison.Ordinal));
}

using System.Text.Json.Nodes;
using EtcdBackupAgent.Kubernetes.Controllers;
using EtcdBackupAgent.Kubernetes.Objects;
using Xunit;

namespace EtcdBackupAgent.Tests.Kubernetes.Controllers;

/// <summary>Pods that do not start, with the statuses that schedulers and kubelets write. Source: kubernetes.io, "Pod
/// Lifecycle" and "Debug Pods".</summary>
public sealed class PodStateTests
{
    private const string Unschedulable = """
        {"phase":"Pending","conditions":[{"type":"PodScheduled","status":"False","reason":"Unschedulable",
        "message":"0/1 nodes are available: 1 node(s) had untolerated taint {dedicated: etcd}. preemption: none."}]}
        """;

    private const string Creating = """
        {"phase":"Pending","conditions":[{"type":"PodScheduled","status":"True"},
        {"type":"ContainersReady","status":"False","reason":"ContainersNotReady","message":"unready: [backup]"}],
        "containerStatuses":[{"name":"backup","state":{"waiting":{"reason":"ContainerCreating"}}}]}
        """;

    [Theory]
    [InlineData(
        Unschedulable,
        "no node was found for the pod (Unschedulable): 0/1 nodes are available: 1 node(s) had untolerated taint "
        + "{dedicated: etcd}. preemption: none")]
    [InlineData(
        """{"phase":"Pending","conditions":[{"type":"PodScheduled","status":"False","reason":"SchedulingGated"}]}""",
        "the pod waits for its scheduling gates (SchedulingGated)")]
    [InlineData(
        """
        {"phase":"Pending","containerStatuses":[{"state":{"waiting":{"reason":"CreateContainerConfigError",
        "message":"secret \"backup-credentials\" not found"}}}]}
        """,
        "the container could not be started (CreateContainerConfigError): secret \"backup-credentials\" not found")]
    [InlineData(
        """{"containerStatuses":[{"state":{"waiting":{"reason":"InvalidImageName","message":"couldn't parse it"}}}]}""",
        "the image could not be pulled (InvalidImageName): couldn't parse it")]
    [InlineData(
        """
        {"initContainerStatuses":[{"state":{"waiting":{"reason":"ErrImagePull","message":"not found"}}}],
        "containerStatuses":[{"state":{"waiting":{"reason":"PodInitializing"}}}]}
        """,
        "the image could not be pulled (ImagePullBackOff): not found")]
    [InlineData(Creating, null)]
    [InlineData("""{"phase":"Pending"}""", null)]
    public void The_status_of_a_pod_gives_the_cause_of_its_delay(string status, string? cause) =>
        Assert.Equal(cause, PodState.Delay(Pod(status), [])?.Cause);

    [Fact]
    public void The_cause_of_a_failed_image_pull_stays_the_same_between_two_attempts()
    {
        EventObject[] events =
        [
            Event("Normal", "Pulling", "Pulling image \"agent:1\"", 1),
            Event("Warning", "Failed", "Failed to pull image \"agent:1\": failed to resolve reference: not found", 2),
            Event("Warning", "Failed", "Error: ErrImagePull", 2),
            Event("Normal", "BackOff", "Back-off pulling image \"agent:1\"", 3),
            Event("Warning", "Failed", "Error: ImagePullBackOff", 3),
        ];

        string? during = PodState.Delay(Waiting("ErrImagePull", "failed to resolve: not found"), events)?.Cause;
        string? between = PodState.Delay(Waiting("ImagePullBackOff", "Back-off pulling image"), events)?.Cause;

        Assert.Equal(
            "the image could not be pulled (ImagePullBackOff): "
            + "Failed to pull image \"agent:1\": failed to resolve reference: not found",
            during);
        Assert.Equal(during, between);
    }

    [Fact]
    public void A_failed_mount_is_known_only_from_events_and_all_failed_mounts_are_named()
    {
        const string certificates =
            "MountVolume.SetUp failed for volume \"certificates\" : hostPath type check failed: /a is not a directory";
        const string credentials =
            "MountVolume.SetUp failed for volume \"etcd-creds\" : secret \"etcd-creds\" not found";
        EventObject[] events =
        [
            Event("Normal", "Scheduled", "Successfully assigned kubedr-system/nightly to control-1", 1),
            Event("Warning", "FailedMount", "MountVolume.SetUp failed for volume \"scratch\" : which is over", 1),
            Event("Warning", "FailedMount", certificates, 10),
            Event("Warning", "FailedMount", credentials, 9),
            Event("Warning", "FailedMount", "Unable to attach or mount volumes: unmounted volumes=[certificates]", 11),
        ];

        Assert.Equal(
            $"the pod could not be started (FailedMount): {certificates}; {credentials}",
            PodState.Delay(Pod(Creating), events)?.Cause);
        Assert.Null(PodState.Delay(Pod(Creating), events[..1]));
    }

    [Fact]
    public void The_time_of_an_event_in_the_newer_form_is_read()
    {
        JsonObject series = Event("Warning", "FailedCreatePodSandBox", "network: no CNI", 1).Json;
        series["lastTimestamp"] = null;
        series["series"] = new JsonObject { ["count"] = 3, ["lastObservedTime"] = "2026-01-01T00:30:00.000000Z" };

        StartDelay? delay = PodState.Delay(
            Pod(Creating), [new EventObject(series), Event("Warning", "FailedMount", "before", 2)]);

        Assert.Equal("FailedCreatePodSandBox", delay?.Reason);
    }

    [Theory]
    [InlineData("""{"phase":"Running"}""", true)]
    [InlineData("""{"phase":"Failed","reason":"Evicted"}""", true)]
    [InlineData("""{"phase":"Pending","containerStatuses":[{"state":{"running":{}}}]}""", true)]
    [InlineData("""{"phase":"Pending","containerStatuses":[{"state":{"terminated":{"exitCode":1}}}]}""", true)]
    [InlineData(Creating, false)]
    [InlineData(Unschedulable, false)]
    public void A_pod_has_started_if_a_container_is_running_or_has_run(string status, bool hasStarted) =>
        Assert.Equal(hasStarted, PodState.HasStarted(Pod(status)));

    [Fact]
    public void A_message_contains_its_Job_and_the_cause()
    {
        StartDelay delay = new("FailedMount", "the pod could not be started", "a volume is missing.");

        string message = delay.Message("nightly-backup-1f2e3d4c");

        Assert.Equal(
            "Job nightly-backup-1f2e3d4c has not started: "
            + "the pod could not be started (FailedMount): a volume is missing.",
            message);
        Assert.Equal("nightly-backup-1f2e3d4c", StartDelay.JobOf(message));
        Assert.Equal(delay.Cause, StartDelay.CauseOf(message, "nightly-backup-1f2e3d4c"));
        Assert.Null(StartDelay.CauseOf(message, "nightly-backup-1f2e3d4"));
        Assert.Null(StartDelay.JobOf("The pod of the last backup has started."));
        Assert.Null(StartDelay.JobOf(null));
    }

    private static PodObject Pod(string status) => new(
        new JsonObject { ["metadata"] = new JsonObject { ["name"] = "pod-1" }, ["status"] = JsonNode.Parse(status) });

    private static PodObject Waiting(string reason, string message)
    {
        PodObject pod = Pod("""{"phase":"Pending","containerStatuses":[{"state":{"waiting":{}}}]}""");
        JsonNode waiting = pod.Json["status"]!["containerStatuses"]![0]!["state"]!["waiting"]!;
        waiting["reason"] = reason;
        waiting["message"] = message;
        return pod;
    }

    private static EventObject Event(string type, string reason, string message, int minute) => new(new JsonObject
    {
        ["type"] = type,
        ["reason"] = reason,
        ["message"] = message,
        ["lastTimestamp"] = $"2026-01-01T00:{minute:00}:00Z",
    });
}

using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Tests.Observability;
using EtcdBackupAgent.Worker;
using Xunit;

namespace EtcdBackupAgent.Tests.Worker;

public sealed class ClusterPoliciesTests : IDisposable
{
    private const string LastSuccess = "etcd_backup_agent_last_success_timestamp_seconds{";

    private readonly MeasuredAgent _agent = new();

    public void Dispose() => _agent.Dispose();

    [Fact]
    public void A_new_policy_with_the_same_name_starts_with_new_measures()
    {
        ClusterPolicies policies = new(_agent.Metrics, _ => false, _agent.Clock);
        string now = $"{_agent.Clock.GetUtcNow().AddMinutes(1):yyyy-MM-ddTHH:mm:ssZ}";
        JsonObject status = new() { ["backupStatus"] = "Completed", ["backupTime"] = now, ["lastSuccessTime"] = now };
        policies.Seen(Policy("first", status), policy: null);
        policies.Seen(Policy("first", status), policy: null);
        Assert.Equal("1", Of("kubedr_num_successful_backups"));
        Assert.Contains(LastSuccess, _agent.Text, StringComparison.Ordinal);

        policies.Seen(Policy("second", []), policy: null);

        Assert.Equal("0", Of("kubedr_num_successful_backups"));
        Assert.DoesNotContain(LastSuccess, _agent.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_backup_whose_pod_does_not_start_is_neither_running_nor_failed()
    {
        ClusterPolicies policies = new(_agent.Metrics, _ => false, _agent.Clock);

        policies.Seen(Policy("first", Run(10, "Pending")), policy: null);
        Assert.Equal(("0", "0"), (Of("kubedr_num_failed_backups"), Of("etcd_backup_agent_backups_in_flight")));

        // The controller writes it when the pod runs, and the pod writes it again with its own time.
        policies.Seen(Policy("first", Run(10, "Initializing")), policy: null);
        policies.Seen(Policy("first", Run(70, "Initializing")), policy: null);
        Assert.Equal("1", Of("etcd_backup_agent_backups_in_flight"));

        policies.Seen(Policy("first", Run(80, "Completed")), policy: null);
        Assert.Equal(("1", "0"), (Of("kubedr_num_successful_backups"), Of("etcd_backup_agent_backups_in_flight")));
    }

    [Fact]
    public void A_policy_is_added_when_its_location_is_ready_and_stays_when_it_no_longer_is()
    {
        int woken = 0;
        ClusterPolicies policies = new(_agent.Metrics, _ => true, _agent.Clock) { InProcessChanged = () => woken++ };

        policies.Seen(Policy("first", []), InProcess);
        policies.Seen(Policy("first", Ready("False")), InProcess);
        Assert.Empty(policies.InProcess);

        policies.Seen(Policy("first", Ready("True")), InProcess);
        policies.Seen(Policy("first", Ready("False")), InProcess);
        Assert.Equal(["nightly"], policies.InProcess);
        Assert.Equal(1, woken);
    }

    private static BackupPolicy InProcess { get; } = new()
    {
        Name = new ResourceName("kubedr-system", "nightly"),
        Destination = new ResourceName("kubedr-system", "remote"),
        EtcdEndpoints = [new Uri(BackupPolicy.EtcdEndpointDefault)],
        EtcdCredentials = new ResourceName("kubedr-system", "etcd-creds"),
        Retention = PolicyRetention.Newest(1),
        Suspend = false,
        Options = new Dictionary<string, string>(StringComparer.Ordinal),
        Execution = PolicyExecution.InProcess,
    };

    private static JsonObject Ready(string status) => new()
    {
        ["conditions"] = new JsonArray(new JsonObject { ["type"] = "Ready", ["status"] = status }),
    };

    private string? Of(string metric) => _agent[$"{metric}{{policyName=\"nightly\"}}"];

    private JsonObject Run(int seconds, string state) => new()
    {
        ["backupStatus"] = state,
        ["backupTime"] = $"{_agent.Clock.GetUtcNow().AddSeconds(seconds):yyyy-MM-ddTHH:mm:ssZ}",
    };

    private static PolicyObject Policy(string uid, JsonObject status) => new(new JsonObject
    {
        ["metadata"] = new JsonObject { ["name"] = "nightly", ["uid"] = uid },
        ["status"] = status.DeepClone(),
    });
}

using System.Text.Json.Nodes;
using EtcdBackupAgent.Composition;
using EtcdBackupAgent.Tests.Observability;
using Xunit;

namespace EtcdBackupAgent.Tests.Composition;

public sealed class ClusterPoliciesTests : IDisposable
{
    private const string LastSuccess = "etcd_backup_agent_last_success_timestamp_seconds{";

    private readonly MeasuredAgent _agent = new();

    public void Dispose() => _agent.Dispose();

    [Fact]
    public void Another_policy_of_the_same_name_begins_anew()
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
    public void A_backup_whose_pod_does_not_start_is_neither_under_way_nor_failed()
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

    private string? Of(string metric) => _agent[$"{metric}{{policyName=\"nightly\"}}"];

    private JsonObject Run(int seconds, string state) => new()
    {
        ["backupStatus"] = state,
        ["backupTime"] = $"{_agent.Clock.GetUtcNow().AddSeconds(seconds):yyyy-MM-ddTHH:mm:ssZ}",
    };

    private static JsonObject Policy(string uid, JsonObject status) => new()
    {
        ["metadata"] = new JsonObject { ["name"] = "nightly", ["uid"] = uid },
        ["status"] = status.DeepClone(),
    };
}

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
        Assert.Equal("1", _agent["kubedr_num_successful_backups{policyName=\"nightly\"}"]);
        Assert.Contains(LastSuccess, _agent.Text, StringComparison.Ordinal);

        policies.Seen(Policy("second", []), policy: null);

        Assert.Equal("0", _agent["kubedr_num_successful_backups{policyName=\"nightly\"}"]);
        Assert.DoesNotContain(LastSuccess, _agent.Text, StringComparison.Ordinal);
    }

    private static JsonObject Policy(string uid, JsonObject status) => new()
    {
        ["metadata"] = new JsonObject { ["name"] = "nightly", ["uid"] = uid },
        ["status"] = status.DeepClone(),
    };
}

using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Restoring;
using EtcdBackupAgent.Objects.Kinds;
using EtcdBackupAgent.Objects.Restoring;
using EtcdBackupAgent.Tests.Kubernetes.Api;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace EtcdBackupAgent.Tests.Kubernetes.Restoring;

/// <summary>How the responses of an API server are understood when objects are restored.</summary>
public sealed class ClusterTargetTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    private static readonly ServedResource Secrets = new()
    {
        Name = new GroupResource("", "secrets"),
        Version = "v1",
        Kind = "Secret",
        IsNamespaced = true,
    };

    [Theory]
    [InlineData(409, "AlreadyExists", "exists", TargetRefusal.Exists)]
    [InlineData(409, "Conflict", "changed", TargetRefusal.Conflict)]
    [InlineData(404, "NotFound", "namespaces \\\"web\\\" not found", TargetRefusal.Missing)]
    [InlineData(404, "", "the server could not find the requested resource", TargetRefusal.NotServed)]
    [InlineData(405, "MethodNotAllowed", "not allowed", TargetRefusal.NotServed)]
    [InlineData(403, "Forbidden", "exceeded quota", TargetRefusal.NotAdmitted)]
    [InlineData(400, "BadRequest", "admission webhook does not support dry run", TargetRefusal.NotAdmitted)]
    [InlineData(500, "InternalError", "failed calling webhook", TargetRefusal.Failed)]
    [InlineData(403, "Forbidden", "User \\\"a\\\" cannot create resource \\\"secrets\\\" in API group",
        TargetRefusal.RightMissing)]
    public async Task A_refusal_of_a_write_has_its_reason(
        int status, string reason, string message, TargetRefusal expected)
    {
        await using FakeApi api = await FakeApi.StartAsync(FakeApi.Refusal(status, reason, message));
        using KubernetesClient client = api.Client(TimeProvider.System);

        TargetRefusedException refused = await Assert.ThrowsAsync<TargetRefusedException>(
            () => new ClusterTarget(client).WriteAsync(Write(WriteMethod.Create), isDryRun: false, None));

        Assert.Equal(expected, refused.Refusal);
        Assert.Equal(
            expected == TargetRefusal.RightMissing ? "create secrets in namespace web" : null, refused.MissingRight);
        Assert.Equal(message.Replace("\\", "", StringComparison.Ordinal), refused.Message);
    }

    [Theory]
    [InlineData(WriteMethod.Create, true,
        "POST /api/v1/namespaces/web/secrets?fieldManager=etcd-backup-agent&dryRun=All")]
    [InlineData(WriteMethod.Create, false, "POST /api/v1/namespaces/web/secrets?fieldManager=etcd-backup-agent")]
    [InlineData(WriteMethod.Apply, true,
        "PATCH /api/v1/namespaces/web/secrets/a?fieldManager=etcd-backup-agent&dryRun=All&force=true")]
    [InlineData(WriteMethod.Replace, true,
        "PUT /api/v1/namespaces/web/secrets/a?fieldManager=etcd-backup-agent&dryRun=All")]
    public async Task A_write_is_sent_as_its_method_says(WriteMethod method, bool isDryRun, string request)
    {
        await using FakeApi api = await FakeApi.StartAsync(FakeApi.Json("""{"kind":"Secret"}"""));
        using KubernetesClient client = api.Client(TimeProvider.System);

        await new ClusterTarget(client).WriteAsync(Write(method), isDryRun, None);

        Assert.Equal([request], api.Requests);
    }

    [Theory]
    [InlineData("""{"status":{"allowed":true}}""", 201, true)]
    [InlineData("""{"status":{"allowed":false}}""", 201, false)]
    [InlineData("""{"kind":"Status","reason":"","code":404}""", 404, null)]
    public async Task A_right_is_asked_for_by_a_review(string response, int status, bool? expected)
    {
        string sent = "";
        RequestDelegate respond = FakeApi.Json(response, status);
        await using FakeApi api = await FakeApi.StartAsync(async context =>
        {
            using StreamReader reader = new(context.Request.Body);
            sent = await reader.ReadToEndAsync();
            await respond(context);
        });
        using KubernetesClient client = api.Client(TimeProvider.System);

        bool? may = await new ClusterTarget(client).MayAsync("create", Secrets, "web", None);

        Assert.Equal(expected, may);
        Assert.Equal(["POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews"], api.Requests);
        Assert.Equal(
            """{"verb":"create","group":"","resource":"secrets","namespace":"web"}""",
            JsonNode.Parse(sent)!["spec"]!["resourceAttributes"]!.ToJsonString());
    }

    [Fact]
    public async Task A_server_that_refuses_the_credentials_ends_the_restore()
    {
        await using FakeApi api = await FakeApi.StartAsync(FakeApi.Refusal(401, "Unauthorized", "no"));
        using KubernetesClient client = api.Client(TimeProvider.System);

        BackupException failure = await Assert.ThrowsAsync<BackupException>(
            () => new ClusterTarget(client).FindAsync(Secrets, "web", "a", None));

        Assert.Equal(FailureReason.KubernetesDenied, failure.Reason);
    }

    private static ObjectWrite Write(WriteMethod method) => new(
        method, Secrets, "web", new JsonObject { ["metadata"] = new JsonObject { ["name"] = "a" } });
}

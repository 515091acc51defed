using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Publishing;
using EtcdBackupAgent.Tests.Kubernetes.Api;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace EtcdBackupAgent.Tests.Kubernetes.Publishing;

/// <summary>The order of what is published; the integration tests show that a real API server accepts it.</summary>
public sealed class PublisherTests
{
    private const string Policy =
        """{"metadata":{"name":"nightly","namespace":"kubedr","uid":"u1","resourceVersion":"1","generation":3}}""";

    private readonly List<JsonNode> _written = [];

    [Fact]
    public async Task The_status_says_that_a_run_has_begun_before_the_backup_begins_and_that_it_failed_after_it()
    {
        await using FakeApi api = await FakeApi.StartAsync(
            FakeApi.Json(Policy),
            WriteAsync,
            FakeApi.Json(Policy),
            WriteAsync,
            FakeApi.Json(Policy),
            WriteAsync);
        using KubernetesClient client = api.Client(TimeProvider.System);
        List<BackupException> unpublished = [];
        string during = "";

        BackupException thrown = await Assert.ThrowsAsync<BackupException>(
            () => new Publisher(client, "pod-1", TimeProvider.System).RunAsync(
                new PublishedRun(new ResourceName("kubedr", "nightly"), "disk"),
                _ =>
                {
                    during = string.Join(' ', _written.Select(status => status["status"]!["backupStatus"]));
                    throw new BackupException(FailureReason.StoreFull, "The bucket is full.");
                },
                unpublished.Add,
                CancellationToken.None));

        Assert.Equal(FailureReason.StoreFull, thrown.Reason);
        Assert.Equal("Initializing", during);
        Assert.Empty(unpublished);
        Assert.Equal("Failed", (string?)_written[1]["status"]!["backupStatus"]);
        Assert.Equal("The bucket is full.", (string?)_written[1]["status"]!["backupErrorMessage"]);
        Assert.Equal(("Warning", "BackupFailed"), ((string?)_written[2]["type"], (string?)_written[2]["reason"]));
    }

    private async Task WriteAsync(HttpContext context)
    {
        JsonNode body = (await JsonNode.ParseAsync(context.Request.Body))!;
        _written.Add(body);
        await FakeApi.Json(body.ToJsonString())(context);
    }
}

using System.Net;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Api.Access;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Processes;
using EtcdBackupAgent.Testing.Time;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace EtcdBackupAgent.Tests.Kubernetes.Api;

/// <summary>How the client handles responses that a real API server rarely sends.</summary>
public sealed class KubernetesClientTests
{
    private static readonly ResourceKind Secrets = new("", "v1", "secrets");
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task A_request_that_was_not_started_is_sent_again_after_the_time_that_the_server_names()
    {
        ManualTime time = new(DateTimeOffset.UnixEpoch);
        await using FakeApi api = await FakeApi.StartAsync(
            async context =>
            {
                context.Response.Headers.RetryAfter = "7";
                await FakeApi.Refusal(429, "TooManyRequests", "slow down")(context);
            },
            FakeApi.Json("""{"kind":"Secret"}"""));
        using KubernetesClient client = api.Client(time);

        Task<JsonObject> created = client.CreateAsync(Secrets, "a", [], None);
        await TestDeadline.UntilAsync("the second request", () =>
        {
            if (api.Requests.Count == 1)
            {
                time.Advance(TimeSpan.FromSeconds(1));
            }

            return Task.FromResult(api.Requests.Count == 2);
        });

        Assert.Equal("Secret", (string?)(await created)["kind"]);
        Assert.True(time.GetUtcNow() >= DateTimeOffset.UnixEpoch + TimeSpan.FromSeconds(7));
    }

    [Fact]
    public async Task A_request_that_is_never_started_fails_after_five_attempts()
    {
        RequestDelegate slow = async context =>
        {
            context.Response.Headers.RetryAfter = "0";
            await FakeApi.Refusal(429, "TooManyRequests", "slow down")(context);
        };
        await using FakeApi api = await FakeApi.StartAsync([.. Enumerable.Repeat(slow, 9)]);
        using KubernetesClient client = api.Client(TimeProvider.System);

        ApiStatusException e = await Assert.ThrowsAsync<ApiStatusException>(() =>
            client.GetAsync(Secrets, "a", "b", None));

        Assert.Equal("slow down", e.Message);
        Assert.Equal(5, api.Requests.Count);
    }

    [Fact]
    public async Task A_refused_token_is_read_again_once()
    {
        using TestDirectory directory = new();
        await File.WriteAllTextAsync(directory["token"], "old\n");
        await using FakeApi api = await FakeApi.StartAsync(
            FakeApi.Json("{}"),
            FakeApi.Refusal(401, "Unauthorized", "Unauthorized"),
            FakeApi.Json("{}"),
            FakeApi.Refusal(401, "Unauthorized", "Unauthorized"),
            FakeApi.Refusal(401, "Unauthorized", "Unauthorized"));
        using KubernetesClient client = api.Client(
            TimeProvider.System, new TokenFile(directory["token"], certificate: null, TimeProvider.System));

        await client.GetAsync(Secrets, "a", "b", None);
        await File.WriteAllTextAsync(directory["token"], "new\n");
        await client.GetAsync(Secrets, "a", "b", None);
        ApiStatusException e = await Assert.ThrowsAsync<ApiStatusException>(() =>
            client.GetAsync(Secrets, "a", "b", None));

        string[] tokens = [.. api.Requests.Select(request => request[(request.LastIndexOf(' ') + 1)..])];
        Assert.Equal(["old", "old", "new", "new", "new"], tokens);
        Assert.Equal(HttpStatusCode.Unauthorized, e.Code);
    }

    [Fact]
    public async Task All_pages_are_read_and_read_again_from_the_start_if_they_expire()
    {
        static string Page(string name, string next) =>
            $$$"""{"metadata":{"resourceVersion":"5","continue":"{{{next}}}"},"items":[{"metadata":{"name":"{{{name}}}"}}]}""";
        await using FakeApi api = await FakeApi.StartAsync(
            FakeApi.Json(Page("a", "x/1")),
            FakeApi.Refusal(410, "Expired", "too old"),
            FakeApi.Json(Page("b", "")));
        using KubernetesClient client = api.Client(TimeProvider.System);

        ResourceList list = await client.ListAsync(Secrets, "a", new ResourceSelection(Labels: "c=d"), None);

        Assert.Equal("b", ObjectMetadata.Name(Assert.Single(list.Items)));
        const string path = "GET /api/v1/namespaces/a/secrets?labelSelector=c%3Dd";
        Assert.Equal([$"{path}&limit=500", $"{path}&limit=500&continue=x%2F1", $"{path}&limit=0"], api.Requests);
    }

    [Theory]
    [InlineData(409, "AlreadyExists", false, true)]
    [InlineData(409, "Conflict", true, false)]
    public async Task An_existing_object_and_a_conflict_are_distinguished(
        int code, string reason, bool conflict, bool exists)
    {
        await using FakeApi api = await FakeApi.StartAsync(FakeApi.Refusal(code, reason, "no"));
        using KubernetesClient client = api.Client(TimeProvider.System);

        ApiStatusException e = await Assert.ThrowsAsync<ApiStatusException>(() =>
            client.CreateAsync(Secrets, "a", [], None));

        Assert.Equal((conflict, exists), (e.IsConflict, e.IsAlreadyExists));
    }

    [Theory]
    [InlineData(422, """[{"reason":"FieldValueInvalid","message":"invalid","field":"spec.schedule"}]""", true)]
    [InlineData(422, """[{"message":"ValidatingAdmissionPolicy 'p' denied request"}]""", false)]
    [InlineData(403, """[{"reason":"FieldValueForbidden","message":"no","field":"spec"}]""", false)]
    [InlineData(422, "null", false)]
    public async Task Only_the_validation_of_the_server_names_fields(int code, string causes, bool isInvalid)
    {
        await using FakeApi api = await FakeApi.StartAsync(FakeApi.Json(
            $$$"""{"kind":"Status","reason":"Invalid","message":"no","code":{{{code}}},"details":{"causes":{{{causes}}}}}""",
            code));
        using KubernetesClient client = api.Client(TimeProvider.System);

        ApiStatusException e =
            await Assert.ThrowsAsync<ApiStatusException>(() => client.CreateAsync(Secrets, "a", [], None));

        Assert.Equal((true, isInvalid), (e.IsRefusal, e.IsInvalid));
    }

    [Theory]
    [InlineData("<html>", 200, FailureReason.KubernetesFailed, "the response is not JSON")]
    [InlineData("[1]", 200, FailureReason.KubernetesFailed, "the response is not JSON")]
    [InlineData(
        "<html>", 502, FailureReason.KubernetesFailed, "the server responded with 502 without a Kubernetes status")]
    [InlineData("", 302, FailureReason.KubernetesFailed, "the server responded with 302 without a Kubernetes status")]
    [InlineData("{}", 403, FailureReason.KubernetesDenied, "the server responded with 403")]
    [InlineData("""{"message":"who?"}""", 401, FailureReason.KubernetesDenied, "who?")]
    [InlineData("""{"reason":"Conflict","message":"changed."}""", 409, FailureReason.KubernetesConflict, "changed")]
    public async Task An_invalid_response_becomes_a_failure_with_a_reason(
        string body,
        int status,
        FailureReason reason,
        string why)
    {
        await using FakeApi api = await FakeApi.StartAsync(FakeApi.Json(body, status));
        using KubernetesClient client = api.Client(
            TimeProvider.System,
            new FixedCredentials("secret-token", certificate: null));

        Exception e = await Assert.ThrowsAnyAsync<Exception>(() => client.GetAsync(Secrets, "a", "b", None));
        BackupException failure = ApiFailure.From(client.Connection, "read the Secret 'a/b'", e);

        Assert.True(ApiFailure.IsKnown(e), $"{e}");
        Assert.Equal(reason, failure.Reason);
        Assert.Equal($"Cannot read the Secret 'a/b' at {api.Url.AbsoluteUri.TrimEnd('/')}: {why}.", failure.Message);
        Assert.DoesNotContain(
            "secret-token",
            $"{failure} {client.Connection} {client.Connection.Credentials}",
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_does_not_run_is_unreachable()
    {
        using KubernetesClient client = new(
            new KubernetesConnection
            {
                Server = new Uri($"http://127.0.0.1:{FreePort.Take()}/"),
                Credentials = new FixedCredentials(token: null, certificate: null),
            },
            TimeProvider.System);

        Exception e = await Assert.ThrowsAnyAsync<Exception>(() => client.GetAsync(Secrets, "a", "b", None));
        BackupException failure = ApiFailure.From(client.Connection, "look", e);

        Assert.Equal(FailureReason.KubernetesUnreachable, failure.Reason);
        Assert.EndsWith(": connection refused.", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_kind_that_is_not_served_yet_is_not_reported_as_a_missing_object()
    {
        await using FakeApi api = await FakeApi.StartAsync(context =>
        {
            context.Response.StatusCode = 404;
            return context.Response.WriteAsync("404 page not found");
        });
        using KubernetesClient client = api.Client(TimeProvider.System);

        ApiStatusException e = await Assert.ThrowsAsync<ApiStatusException>(
            () => client.FindAsync(Secrets, "a", "b", None));

        Assert.True(e.IsNotServed);
    }

    [Fact]
    public async Task Find_returns_null_for_a_missing_object()
    {
        await using FakeApi api = await FakeApi.StartAsync(FakeApi.Refusal(404, "NotFound", "no such secret"));
        using KubernetesClient client = api.Client(TimeProvider.System);

        Assert.Null(await client.FindAsync(Secrets, "a", "b", None));
    }

    [Fact]
    public async Task A_request_without_a_response_times_out()
    {
        ManualTime time = new(DateTimeOffset.UnixEpoch);
        await using FakeApi api = await FakeApi.StartAsync(async context =>
        {
            TaskCompletionSource gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
            await using CancellationTokenRegistration registration = context.RequestAborted.Register(gone.SetResult);
            await gone.Task;
        });
        using KubernetesClient client = api.Client(time);

        Task<JsonObject> response = client.GetAsync(Secrets, "a", "b", None);
        await TestDeadline.UntilAsync("the request", () => Task.FromResult(api.Requests.Count == 1));
        time.Advance(TimeSpan.FromMinutes(1));

        await Assert.ThrowsAsync<TimeoutException>(() => response);
    }
}

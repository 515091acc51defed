using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Testing.Storage;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Storage.Dialects;

/// <summary>Servers that delete several objects in one request only under conditions, or not at all.</summary>
[Collection(RgwTests.Name)]
public sealed class DeletionTests(RgwFixture fixture)
{
    [Fact]
    public async Task A_batch_has_the_MD5_of_its_body_for_servers_that_require_it()
    {
        await using DialectScene scene = await DialectScene.CreateAsync(fixture);
        ObjectKey[] keys = await scene.FillAsync("a", "b", "c");
        scene.Proxy.Answer = request => Task.FromResult(
            S3Calls.Of(request) == S3Call.DeleteObjects && !request.Headers.ContainsKey("Content-MD5")
                ? new S3Answer(StatusCodes.Status400BadRequest, "MissingContentMD5")
                : null);

        await scene.Store.DeleteAsync(keys, CancellationToken.None);

        // The real server compares the MD5 with the body.
        Assert.Empty(await scene.KeysAsync());
        Assert.Single(scene.Proxy.Requests);
    }

    [Theory]
    [InlineData(400, "MissingRequestBodyError")]
    [InlineData(403, "AccessDenied")]
    [InlineData(405, "MethodNotAllowed")]
    [InlineData(501, "NotImplemented")]
    public async Task Without_batches_objects_are_deleted_one_by_one_and_that_is_remembered(int status, string code)
    {
        await using DialectScene scene = await DialectScene.CreateAsync(fixture);
        ObjectKey[] keys = await scene.FillAsync("a", "b", "c", "d", "kept");
        scene.Refuse(S3Call.DeleteObjects, new S3Answer(status, code));

        await scene.Store.DeleteAsync(keys[..2], CancellationToken.None);
        await scene.Store.DeleteAsync(keys[2..4], CancellationToken.None);

        Assert.Equal(["kept"], await scene.KeysAsync());
        Assert.Single(scene.Proxy.Requests, request => request.StartsWith("POST", StringComparison.Ordinal));
        Assert.Contains(code, Assert.Single(scene.Log.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Objects_that_a_batch_leaves_behind_are_deleted_one_by_one()
    {
        await using DialectScene scene = await DialectScene.CreateAsync(fixture);
        ObjectKey[] keys = await scene.FillAsync("a", "b");
        scene.Refuse(S3Call.DeleteObjects, new S3Answer(StatusCodes.Status200OK, "")
        {
            Body = "<DeleteResult><Error><Key>a</Key><Code>AccessDenied</Code></Error>"
                + "<Error><Key>b</Key><Code>AccessDenied</Code></Error></DeleteResult>",
        });

        await scene.Store.DeleteAsync(keys, CancellationToken.None);

        Assert.Empty(await scene.KeysAsync());
    }

    [Fact]
    public async Task If_neither_is_allowed_the_permission_is_reported_and_nothing_is_deleted()
    {
        await using DialectScene scene = await DialectScene.CreateAsync(fixture);
        ObjectKey[] keys = await scene.FillAsync("a", "b");
        scene.Proxy.Answer = request => Task.FromResult(
            S3Calls.Of(request) is S3Call.DeleteObjects or S3Call.DeleteObject
                ? new S3Answer(StatusCodes.Status403Forbidden, "AccessDenied")
                : null);

        BackupException e = await Assert.ThrowsAsync<BackupException>(
            () => scene.Store.DeleteAsync(keys, CancellationToken.None));

        Assert.Equal(FailureReason.StoreDenied, e.Reason);
        Assert.Contains($"s3:DeleteObject on "
            + $"arn:aws:s3:::{scene.Options.BucketName}/*", e.Hint, StringComparison.Ordinal);
        Assert.Equal(["a", "b"], await scene.KeysAsync());
    }

    [Fact]
    public async Task A_wrong_key_does_not_cause_single_deletions()
    {
        await using DialectScene scene = await DialectScene.CreateAsync(fixture);
        ObjectKey[] keys = await scene.FillAsync("a", "b");
        scene.Refuse(S3Call.DeleteObjects, new S3Answer(StatusCodes.Status403Forbidden, "InvalidAccessKeyId"));

        await Assert.ThrowsAsync<BackupException>(() => scene.Store.DeleteAsync(keys, CancellationToken.None));

        Assert.Single(scene.Proxy.Requests);
    }

    [Fact]
    public async Task A_missing_object_is_not_an_error_if_the_server_returns_404()
    {
        await using DialectScene scene = await DialectScene.CreateAsync(fixture);
        scene.Refuse(S3Call.DeleteObject, new S3Answer(StatusCodes.Status404NotFound, "NoSuchKey"));

        await scene.Store.DeleteAsync([new ObjectKey("a")], CancellationToken.None);
    }
}

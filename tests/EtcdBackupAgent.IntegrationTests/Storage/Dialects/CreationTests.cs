using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Testing.Storage;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Storage.Dialects;

/// <summary>"Created only if absent" on servers that do not support the condition, or ignore it.</summary>
[Collection(RgwTests.Name)]
public sealed class CreationTests(RgwFixture fixture)
{
    private static readonly ObjectKey Key = new("repository.json");
    private static readonly byte[] Ours = "ours"u8.ToArray();
    private static readonly byte[] Theirs = "theirs"u8.ToArray();

    [Fact]
    public async Task Without_the_condition_a_repository_is_created_with_a_warning_and_a_second_one_is_not()
    {
        await using DialectScene scene = await DialectScene.CreateAsync(fixture);
        RefuseCondition(scene);

        BackupRepository made = await InitAsync(scene.Store);
        BackupException again = await Assert.ThrowsAsync<BackupException>(() => InitAsync(scene.Store));

        Assert.Equal(FailureReason.RepositoryExists, again.Reason);
        BackupRepository found = await BackupRepository.OpenAsync(scene.Direct, CancellationToken.None);
        Assert.Equal(made.Document.Id, found.Document.Id);
        string warning = Assert.Single(scene.Log.Lines);
        Assert.StartsWith("Warning: ", warning, StringComparison.Ordinal);
        Assert.Contains("If-None-Match", warning, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_condition_is_remembered()
    {
        await using DialectScene scene = await DialectScene.CreateAsync(fixture);
        int conditions = 0;
        scene.Proxy.Answer = request => Task.FromResult(
            request.Headers.ContainsKey("If-None-Match") && ++conditions > 0
                ? new S3Answer(StatusCodes.Status501NotImplemented, "NotImplemented")
                : null);

        Assert.True(await scene.Store.TryCreateAsync(new ObjectKey("a"), Ours, CancellationToken.None));
        Assert.True(await scene.Store.TryCreateAsync(new ObjectKey("b"), Ours, CancellationToken.None));

        Assert.Equal(1, conditions);
        Assert.Single(scene.Log.Lines);
    }

    [Fact]
    public async Task A_user_without_read_permission_lists_before_storing_without_the_condition()
    {
        await using DialectScene scene = await DialectScene.CreateAsync(fixture);
        await scene.Direct.TryCreateAsync(Key, Theirs, CancellationToken.None);
        scene.Proxy.Answer = request => Task.FromResult(
            S3Calls.Of(request) == S3Call.HeadObject ? new S3Answer(403, "AccessDenied")
            : request.Headers.ContainsKey("If-None-Match") ? new S3Answer(501, "NotImplemented")
            : null);

        Assert.False(await scene.Store.TryCreateAsync(Key, Ours, CancellationToken.None));
        Assert.Equal(Theirs, await scene.ReadAsync(Key));
    }

    [Fact]
    public async Task A_server_that_stores_nothing_is_not_treated_as_one_without_the_condition()
    {
        await using DialectScene scene = await DialectScene.CreateAsync(fixture);
        scene.Refuse(S3Call.PutObject, new S3Answer(StatusCodes.Status501NotImplemented, "NotImplemented"));

        BackupException e = await Assert.ThrowsAsync<BackupException>(
            () => scene.Store.TryCreateAsync(Key, Ours, CancellationToken.None));

        Assert.Equal(FailureReason.StoreUnsupported, e.Reason);
        Assert.Empty(scene.Log.Lines);
        Assert.Empty(await scene.KeysAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Of_two_simultaneous_creations_the_first_one_remains(bool hasVersions)
    {
        // The real server obeys the condition without versioning, and ignores it with versioning.
        await using DialectScene scene = await DialectScene.CreateAsync(fixture);
        await SetVersioningAsync(scene, hasVersions);
        scene.Proxy.Answer = async request =>
        {
            if (S3Calls.Of(request) == S3Call.PutObject)
            {
                Assert.True(await scene.Direct.TryCreateAsync(Key, Theirs, CancellationToken.None));
            }

            return null;
        };

        Assert.False(await scene.Store.TryCreateAsync(Key, Ours, CancellationToken.None));

        Assert.Equal(Theirs, await scene.ReadAsync(Key));
    }

    [Fact]
    public async Task In_a_bucket_with_versions_a_deleted_object_is_created_again()
    {
        await using DialectScene scene = await DialectScene.CreateAsync(fixture);
        await SetVersioningAsync(scene, isOn: true);
        Assert.True(await scene.Store.TryCreateAsync(Key, Theirs, CancellationToken.None));
        await scene.Store.DeleteAsync([Key], CancellationToken.None);

        Assert.True(await scene.Store.TryCreateAsync(Key, Ours, CancellationToken.None));
        Assert.False(await scene.Store.TryCreateAsync(Key, Theirs, CancellationToken.None));

        Assert.Equal(Ours, await scene.ReadAsync(Key));
    }

    [Fact]
    public async Task A_second_version_that_cannot_be_deleted_is_reported()
    {
        await using DialectScene scene = await DialectScene.CreateAsync(fixture);
        await SetVersioningAsync(scene, isOn: true);
        scene.Proxy.Answer = async request =>
        {
            switch (S3Calls.Of(request))
            {
                case S3Call.PutObject:
                    await scene.Direct.TryCreateAsync(Key, Theirs, CancellationToken.None);
                    return null;
                case S3Call.DeleteObject:
                    return new S3Answer(StatusCodes.Status403Forbidden, "AccessDenied");
                default:
                    return null;
            }
        };

        BackupException e = await Assert.ThrowsAsync<BackupException>(
            () => scene.Store.TryCreateAsync(Key, Ours, CancellationToken.None));

        Assert.Equal(FailureReason.StoreDenied, e.Reason);
        Assert.Contains("created in", e.Message, StringComparison.Ordinal);
        Assert.Contains("s3:DeleteObjectVersion", e.Hint, StringComparison.Ordinal);
    }

    private static void RefuseCondition(DialectScene scene) => scene.Proxy.Answer = request => Task.FromResult(
        request.Headers.ContainsKey("If-None-Match")
            ? new S3Answer(StatusCodes.Status501NotImplemented, "NotImplemented")
            : null);

    private static Task<BackupRepository> InitAsync(IObjectStore store) =>
        BackupRepository.InitAsync(store, new Unprotected(), TimeProvider.System, CancellationToken.None);

    private async Task SetVersioningAsync(DialectScene scene, bool isOn)
    {
        if (isOn)
        {
            using BucketOwner owner = new(fixture.Server);
            await owner.EnableVersioningAsync(scene.Options.BucketName);
        }
    }
}

using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Keys;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Retention;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.IntegrationTests.Storage.Faults;
using EtcdBackupAgent.Storage.S3;
using EtcdBackupAgent.Testing.Storage;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Storage.Dialects;

/// <summary>
/// Refuses every call of every use case in every way, and compares the result with the table of
/// <c>docs/s3-permissions.md</c>: the use case works without the call, or reports the refused call and the permission
/// that it needs; and no snapshot is lost.
/// </summary>
public sealed class RefusedCallTests(RgwFixture server) : IClassFixture<RgwFixture>
{
    private static readonly S3Answer[] Refusals =
    [
        new(400, "InvalidRequest"),
        new(403, "AccessDenied"),
        new(404, "NoSuchKey"),
        new(405, "MethodNotAllowed"),
        new(501, "NotImplemented"),
    ];

    /// <summary>The permission that the message must contain if the call is refused with 403.</summary>
    private static readonly Dictionary<S3Call, string> Rights = new()
    {
        [S3Call.ListObjectsV2] = "s3:ListBucket on",
        [S3Call.CreateBucket] = "s3:CreateBucket on",
        [S3Call.GetObject] = "s3:GetObject on",
        [S3Call.HeadObject] = "s3:GetObject on",
        [S3Call.PutObject] = "s3:PutObject on",
        [S3Call.CreateMultipartUpload] = "s3:PutObject on",
        [S3Call.UploadPart] = "s3:PutObject on",
        [S3Call.CompleteMultipartUpload] = "s3:PutObject on",
        [S3Call.ListMultipartUploads] = "s3:ListBucketMultipartUploads on",
        [S3Call.DeleteObject] = "s3:DeleteObject on",
        [S3Call.DeleteObjects] = "s3:DeleteObject on",
    };

    private static AgeIdentity Identity { get; } = AgeIdentity.Generate();

    public static TheoryData<string> UseCases => [.. Flows.Keys];

    private static Dictionary<string, Func<RequestFaultScene, IObjectStore, Task>> Flows { get; } =
        new(StringComparer.Ordinal)
        {
            ["init"] = (_, store) => BackupRepository.InitAsync(
                store, new Unprotected(), TimeProvider.System, CancellationToken.None),
            ["backup"] = async (scene, store) =>
                await scene.BackUpAsync(await OpenAsync(store), bytes: 6 << 20),
            ["backup with retention"] = async (scene, store) =>
            {
                BackupOutcome made = await scene.BackUpAsync(await OpenAsync(store), retain: 1);
                if (made.PruneFailure is { } failure)
                {
                    throw failure;
                }
            },
            ["list"] = async (_, store) => await (await OpenAsync(store)).TakeInventoryAsync(CancellationToken.None),
            ["verify"] = async (_, store) => await RequestFaultScene.VerifyAsync(await OpenAsync(store)),
            ["verify deeply"] = async (scene, store) => await scene.VerifyDeeplyAsync(await OpenAsync(store)),
            ["restore"] = async (scene, store) =>
                await RequestFaultScene.RestoreAsync(await OpenAsync(store), "latest", scene.NewTarget()),
            ["prune"] = async (scene, store) => await new PruneRun(await OpenAsync(store), "test", TimeProvider.System)
                .ExecuteAsync(scene.KeepOne, dryRun: false, CancellationToken.None),
            ["delete"] = async (scene, store) =>
                await new DeleteRun(await OpenAsync(store), "test")
                    .ExecuteAsync(scene.Before[0], CancellationToken.None),
            ["list keys"] = async (_, store) =>
                await new RepositoryKeys(await OpenAsync(store), TimeProvider.System).ListAsync(CancellationToken.None),
            ["add a recipient"] = async (_, store) =>
            {
                using AgeIdentity further = AgeIdentity.Generate();
                await new RepositoryKeys(await OpenAsync(store), TimeProvider.System).AddRecipientAsync(
                    [Identity], further.Recipient, CancellationToken.None);
            },
        };

    [Theory]
    [MemberData(nameof(UseCases))]
    public async Task A_refused_call_is_replaced_or_reported_and_nothing_is_lost(string useCase)
    {
        Func<RequestFaultScene, IObjectStore, Task> flow = Flows[useCase];
        HashSet<S3Call> calls = await CallsAsync(useCase, flow);
        Assert.NotEmpty(calls);

        RequestFaultScene scene = await CreateAsync(useCase);
        foreach ((S3Call call, S3Answer refusal) in calls.SelectMany(_ => Refusals, (call, refusal) => (call, refusal)))
        {
            scene.Proxy.Answer = request => Task.FromResult(S3Calls.Of(request) == call ? refusal : null);
            string what = $"{useCase}, {call} refused with {refusal.Status}";

            Exception? failure = await Record.ExceptionAsync(() => RunAsync(flow, scene));

            bool isAsBefore = false;
            if (failure is null)
            {
                Assert.True(IsDoneOtherwise(call, refusal.Status), $"{what}: it was done all the same.");
            }
            else
            {
                AssertNamed(what, failure, call, refusal, scene);
                isAsBefore = await AssertNothingLostAsync(what, useCase, scene);
            }

            if (!isAsBefore)
            {
                await scene.DisposeAsync();
                scene = await CreateAsync(useCase);
            }
        }

        await scene.DisposeAsync();
    }

    /// <summary>
    /// The exceptions in the table. A 404 may mean an object that does not exist, or that was just deleted.
    /// </summary>
    private static bool IsDoneOtherwise(S3Call call, int status) => (call, status) switch
    {
        (S3Call.DeleteObjects, _) => true,
        (S3Call.HeadObject or S3Call.ListMultipartUploads, 403 or 405 or 501) => true,
        (S3Call.HeadObject or S3Call.DeleteObject or S3Call.GetObject, 404) => true,
        _ => false,
    };

    private static void AssertNamed(
        string what, Exception failure, S3Call call, S3Answer refusal, RequestFaultScene scene)
    {
        Assert.True(failure is BackupException, $"{what}: {failure}");
        BackupException named = (BackupException)failure;
        Assert.True(
            refusal.Status == 404 || named.Reason == ReasonOf(refusal.Status), $"{what}: {named.Reason}, {failure}");
        Assert.True(
            named.Message.Contains(scene.Proxy.Endpoint.Authority, StringComparison.Ordinal), $"{what}: {failure}");
        Assert.True(
            refusal.Status != 403 || named.Hint?.Contains(Rights[call], StringComparison.Ordinal) == true,
            $"{what}: the hint is '{named.Hint}'.");
    }

    private static FailureReason ReasonOf(int status) => status switch
    {
        403 => FailureReason.StoreDenied,
        405 or 501 => FailureReason.StoreUnsupported,
        _ => FailureReason.StoreFailed,
    };

    /// <returns>Whether all snapshots still exist; the one to be removed may be missing.</returns>
    private static async Task<bool> AssertNothingLostAsync(string what, string useCase, RequestFaultScene scene)
    {
        if (scene.Before.Count == 0)
        {
            return true;
        }

        IReadOnlyList<string> listed = await scene.ListedAsync();
        string? first = scene.Before.FirstOrDefault(id => !listed.Contains(id));

        // The manifest is deleted first: a snapshot whose data could not be deleted no longer exists, as requested.
        Assert.True(
            first is null || (first == scene.Before[0] && useCase is "prune" or "delete" or "backup with retention"),
            $"{what}: snapshot {first} is lost.");
        return first is null;
    }

    private static async Task RunAsync(Func<RequestFaultScene, IObjectStore, Task> flow, RequestFaultScene scene)
    {
        // A new store each time, because a store remembers what its server refuses.
        using S3ObjectStore store = scene.NewStore();
        await flow(scene, store);
    }

    private static Task<BackupRepository> OpenAsync(IObjectStore store) =>
        BackupRepository.OpenAsync(store, CancellationToken.None);

    private Task<RequestFaultScene> CreateAsync(string useCase) => useCase switch
    {
        "init" => RequestFaultScene.CreateEmptyAsync(server),
        "add a recipient" or "list keys" => RequestFaultScene.CreateAsync(
            server, new RecipientProtection([Identity.Recipient])),
        _ => RequestFaultScene.CreateAsync(server, new Unprotected()),
    };

    private async Task<HashSet<S3Call>> CallsAsync(string useCase, Func<RequestFaultScene, IObjectStore, Task> flow)
    {
        await using RequestFaultScene scene = await CreateAsync(useCase);
        HashSet<S3Call> calls = [];
        scene.Proxy.Answer = request =>
        {
            lock (calls)
            {
                calls.Add(S3Calls.Of(request));
            }

            return Task.FromResult<S3Answer?>(null);
        };
        await RunAsync(flow, scene);
        return calls;
    }
}

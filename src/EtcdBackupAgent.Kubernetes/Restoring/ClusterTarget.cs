using System.Net;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Objects.Kinds;
using EtcdBackupAgent.Objects.Restoring;

namespace EtcdBackupAgent.Kubernetes.Restoring;

/// <summary>A cluster, through its API server, as the target of a restore of objects.</summary>
internal sealed class ClusterTarget(KubernetesClient client) : IObjectTarget
{
    /// <summary>The name under which the API server records what a restore writes.</summary>
    public const string FieldManager = "etcd-backup-agent";

    public async Task<ServedResources> DiscoverAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await Discovery.ReadAsync(client, cancellationToken);
        }
        catch (Exception e) when (ApiFailure.IsKnown(e))
        {
            throw ApiFailure.From(client.Connection, "read what is served", e);
        }
    }

    public Task<JsonObject?> FindAsync(
        ServedResource resource, string? ns, string name, CancellationToken cancellationToken) =>
        SendAsync(
            "get", resource, ns, () => client.FindAsync(ResourceKind.Of(resource), ns, name, cancellationToken));

    public async Task<bool?> MayAsync(
        string verb, ServedResource resource, string? ns, CancellationToken cancellationToken)
    {
        JsonObject review = AccessReviewObject.New(verb, ResourceKind.Of(resource), ns);
        try
        {
            return AccessReviewObject.IsAllowed(await client.CreateAsync(
                ClusterKinds.SelfSubjectAccessReview, ns: null, review, cancellationToken));
        }
        catch (ApiStatusException e) when (e.Code != HttpStatusCode.Unauthorized && e.ProxyHint is null)
        {
            return null;
        }
        catch (Exception e) when (ApiFailure.IsKnown(e))
        {
            throw ApiFailure.From(client.Connection, "ask for rights", e);
        }
    }

    public async Task<JsonObject> WriteAsync(ObjectWrite write, bool isDryRun, CancellationToken cancellationToken)
    {
        ResourceKind kind = ResourceKind.Of(write.Resource);
        string query = $"fieldManager={FieldManager}{(isDryRun ? "&dryRun=All" : "")}";
        return await (write.Method switch
        {
            WriteMethod.Create => SendAsync("create", write.Resource, write.Namespace, () =>
                client.CreateAsync(kind, write.Namespace, write.Item, query, cancellationToken)),
            WriteMethod.Replace => SendAsync("update", write.Resource, write.Namespace, () =>
                client.ReplaceAsync(kind, write.Namespace, write.Item, query, cancellationToken)),
            _ => SendAsync("patch", write.Resource, write.Namespace, () => client.ApplyAsync(
                // By force: the user asks for the values of the snapshot, whoever set the present ones.
                kind, write.Namespace, write.Item, $"{query}&force=true", cancellationToken)),
        });
    }

    private async Task<T> SendAsync<T>(
        string verb, ServedResource resource, string? ns, Func<Task<T>> sendAsync)
    {
        try
        {
            return await sendAsync();
        }
        catch (ApiStatusException e) when (e.Code != HttpStatusCode.Unauthorized && e.ProxyHint is null)
        {
            TargetRefusal refusal = RefusalOf(e);
            throw new TargetRefusedException(refusal, e.Message, e)
            {
                MissingRight = refusal == TargetRefusal.RightMissing
                    ? TargetRefusedException.RightOf(verb, resource, ns)
                    : null,
            };
        }
        catch (TimeoutException e)
        {
            throw new TargetRefusedException(TargetRefusal.Failed, e.Message, e);
        }
        catch (Exception e) when (ApiFailure.IsKnown(e))
        {
            throw ApiFailure.From(client.Connection, $"{verb} {resource.Name}", e);
        }
    }

    private static TargetRefusal RefusalOf(ApiStatusException e) =>
        e.IsAlreadyExists ? TargetRefusal.Exists
        : e.IsConflict ? TargetRefusal.Conflict
        : e.IsNotServed || e.Code == HttpStatusCode.MethodNotAllowed ? TargetRefusal.NotServed
        : e.IsNotFound ? TargetRefusal.Missing
        : e.IsInvalid ? TargetRefusal.Invalid
        : e.IsMissingRight ? TargetRefusal.RightMissing
        : e.IsRefusal ? TargetRefusal.NotAdmitted
        : TargetRefusal.Failed;
}

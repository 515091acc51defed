using System.Text.Json;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Deadlines;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Kubernetes.Publishing;
using EtcdBackupAgent.Kubernetes.Reading;
using EtcdBackupAgent.Kubernetes.Workloads;
using EtcdBackupAgent.Resources.Binding;

namespace EtcdBackupAgent.Pods;

/// <summary>
/// Reads the policy that a pod backs up, with its location, from the API server. If the API server cannot be reached,
/// the documents that the pod got when it was created are used. They may be slightly out of date, which is far better
/// than no backup.
/// </summary>
/// <param name="cluster">The cluster to read from.</param>
/// <param name="secrets">Where Secrets come from.</param>
/// <param name="environment">Reads a variable.</param>
/// <param name="time">The clock of the limits.</param>
internal sealed class ClusterDocuments(
    ConnectedCluster cluster, ISecretSource secrets, Func<string, string?> environment, TimeProvider time)
{
    /// <summary>The variable with a List, in JSON, of the policy and the location with its status.</summary>
    public const string Variable = BackupPod.ResourcesVariable;

    /// <summary>How long to retry the API server, which may be restarting.</summary>
    private static readonly PublisherLimits Limits = new() { Begin = TimeSpan.FromSeconds(10) };

    /// <param name="name">The policy.</param>
    /// <param name="warn">Receives the reason why the documents of the pod are used.</param>
    /// <param name="cancellationToken">A cancelled call changes nothing.</param>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/> if the policy does not exist; or the failure to reach the API server,
    /// if the pod has no documents.
    /// </exception>
    public async Task<BoundPolicy> FindAsync(string name, Action<string> warn, CancellationToken cancellationToken)
    {
        BoundPolicy? found = null;
        using Deadline deadline = new(Limits.Begin, time, cancellationToken);
        BackupException? failure = await new RetriedCall(cluster.Client, Limits, time).TryAsync(
            $"read policy {cluster.Namespace}/{name}",
            async token =>
            {
                PolicyObject? policy = PolicyObject.Of(
                    await cluster.Client.FindAsync(ClusterKinds.Policy, cluster.Namespace, name, token));
                found = policy is null
                    ? null
                    : await new ClusterResourceStore(cluster, secrets).BindAsync(policy, token);
            },
            deadline.Token);
        cancellationToken.ThrowIfCancellationRequested();
        if (failure is null)
        {
            return found ?? throw NotFound(name, $"at {cluster}");
        }

        if (environment(Variable) is not { Length: > 0 } podDocuments)
        {
            throw failure;
        }

        warn($"{failure.Message} The documents in {Variable} are used instead.");
        return await BindPodDocumentsAsync(name, podDocuments, cancellationToken);
    }

    private async Task<BoundPolicy> BindPodDocumentsAsync(
        string name, string podDocuments, CancellationToken cancellationToken)
    {
        JsonObject[] items = Items(podDocuments);
        PolicyObject policy = PolicyObject.Of(Find(items, DocumentIdentity.Policy, name))
            ?? throw NotFound(name, $"in {Variable}");
        LocationObject? location = policy.Destination is { } destination
            ? LocationObject.Of(Find(items, DocumentIdentity.BackupLocation, destination))
            : null;
        return new BoundPolicy
        {
            Document = policy,
            LocationDocument = location,
            Resources = await new ClusterBinding(secrets).BindAsync(
                location is null ? [] : [location], [policy], cancellationToken),
            IsPodCopy = true,
        };
    }

    private static JsonObject[] Items(string list)
    {
        try
        {
            return [.. ObjectList.Items(JsonNode.Parse(list) as JsonObject ?? throw new JsonException("no object"))];
        }
        catch (JsonException e)
        {
            throw new BackupException(FailureReason.InvalidInput, $"{Variable} does not contain a List in JSON.", e);
        }
    }

    private JsonObject? Find(JsonObject[] items, string kind, string name) => items.FirstOrDefault(item =>
        ObjectList.KindOf(item) == kind
        && ObjectMetadata.Name(item) == name
        && ObjectMetadata.Namespace(item) == cluster.Namespace);

    private BackupException NotFound(string name, string where) => new(
        FailureReason.InvalidInput,
        $"There is no {DocumentIdentity.Policy} {new ResourceName(cluster.Namespace, name)} {where}.");
}

using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.KeySpaces;
using EtcdBackupAgent.Core.Labels;
using EtcdBackupAgent.Objects.Comparing;
using EtcdBackupAgent.Objects.Kinds;
using EtcdBackupAgent.Objects.Querying;
using EtcdBackupAgent.Objects.Reading;
using EtcdBackupAgent.Objects.Selecting;
using EtcdBackupAgent.Objects.Tables;
using EtcdBackupAgent.Testing.Directories;
using Xunit;

namespace EtcdBackupAgent.Tests.Objects.Comparing;

public sealed class ObjectComparisonTests : IDisposable
{
    private readonly TestDirectory _directory = new();
    private int _read;

    [Fact]
    public async Task Objects_that_were_added_removed_and_changed_are_found_in_the_order_of_their_keys()
    {
        string[] changes = await CompareAsync(
            [("configmaps/web/a", Map("a", "1")), ("configmaps/web/b", Map("b", "1")), ("pods/web/p", Map("p", "1"))],
            [("configmaps/web/b", Map("b", "2")), ("configmaps/web/c", Map("c", "1")), ("pods/web/p", Map("p", "1"))]);

        Assert.Equal(
            ["Removed configmaps/a in web", "Changed configmaps/b in web: data.k", "Added configmaps/c in web"],
            changes);
    }

    [Fact]
    public async Task Objects_with_equal_bytes_are_not_decoded()
    {
        (string, string)[] objects =
            [.. Enumerable.Range(0, 50).Select(n => ($"configmaps/web/m{n:00}", Map($"m{n:00}", "1")))];
        (string, string)[] others = [.. objects];
        others[7].Item2 = Map("m07", "2");

        string[] changes = await CompareAsync(objects, others);

        Assert.Equal(["Changed configmaps/m07 in web: data.k"], changes);
        Assert.Equal(2, _read);
    }

    [Fact]
    public async Task An_object_that_was_created_again_is_one_only_if_both_sides_are_of_one_cluster()
    {
        string[] one = await CompareAsync(
            [("namespaces/kube-system", Of("kube-system", "u0")), ("configmaps/web/a", Of("a", "u1"))],
            [("namespaces/kube-system", Of("kube-system", "u0")), ("configmaps/web/a", Of("a", "u2"))]);
        string[] other = await CompareAsync(
            [("namespaces/kube-system", Of("kube-system", "u0")), ("configmaps/web/a", Of("a", "u1"))],
            [("namespaces/kube-system", Of("kube-system", "u9")), ("configmaps/web/a", Of("a", "u2"))]);

        Assert.Equal(["Changed configmaps/a in web (created again): "], one);
        Assert.Empty(other);
    }

    [Fact]
    public async Task Kinds_that_only_components_write_are_left_out_unless_they_are_named()
    {
        (string, string)[] old = [("leases/web/l", Map("l", "1")), ("events/web/e", Map("e", "1"))];
        (string, string)[] @new = [("leases/web/l", Map("l", "2"))];

        Assert.Empty(await CompareAsync(old, @new));
        Assert.Equal(
            ["Changed leases.coordination.k8s.io/l in web: data.k"], await CompareAsync(old, @new, Named("leases")));
        Assert.Equal(2, (await CompareAsync(old, @new, noise: Noise.Parse("--include", ["all"]))).Length);
    }

    [Fact]
    public async Task A_label_selects_an_object_that_has_it_on_one_of_the_sides()
    {
        static string Labelled(string label) =>
            $$$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","labels":{"app":"{{{{label}}}}"}}}""";
        ObjectSelection selection = new() { Labels = LabelSelector.Parse("app=shop") };

        Assert.Single(await CompareAsync(
            [("configmaps/web/a", Labelled("shop"))], [("configmaps/web/a", Labelled("bank"))], selection));
        Assert.Empty(await CompareAsync(
            [("configmaps/web/a", Labelled("x"))], [("configmaps/web/a", Labelled("y"))], selection));
    }

    [Fact]
    public async Task A_namespace_selects_its_objects_and_not_those_of_the_cluster()
    {
        Assert.Equal(
            ["Removed configmaps/a in web"],
            await CompareAsync(
                [
                    ("configmaps/web/a", Map("a", "1")),
                    ("configmaps/shop/a", Map("a", "1")),
                    ("namespaces/web", Map("web", "1")),
                ],
                [],
                new ObjectSelection { Namespace = "web" }));
    }

    [Fact]
    public async Task A_value_that_cannot_be_read_is_compared_by_its_bytes()
    {
        string[] changes = await CompareAsync(
            [("secrets/web/a", "k8s:enc:aescbc:v1:k:1"), ("secrets/web/b", "k8s:enc:aescbc:v1:k:1")],
            [("secrets/web/a", "k8s:enc:aescbc:v1:k:1"), ("secrets/web/b", "k8s:enc:aescbc:v1:k:2")]);

        Assert.Equal(["Changed secrets/b in web: encrypted with aescbc v1, key 'k'"], changes);
    }

    [Fact]
    public async Task A_name_that_neither_side_has_is_an_error_after_the_others()
    {
        ObjectSelection selection = Named("configmaps") with { Names = ["a", "nothing"] };

        BackupException missing = await Assert.ThrowsAsync<BackupException>(
            () => CompareAsync([("configmaps/web/a", Map("a", "1"))], [], selection));

        Assert.Equal(FailureReason.KubernetesObjectMissing, missing.Reason);
        Assert.StartsWith("'nothing' is neither in ", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cluster_is_listed_in_the_versions_of_the_snapshot_and_what_it_refuses_is_left_out()
    {
        static string Autoscaler(string version, int replicas) =>
            $$$"""{"apiVersion":"autoscaling/{{{version}}}","kind":"HorizontalPodAutoscaler","metadata":{"name":"h","namespace":"web"},"spec":{"minReplicas":{{{replicas}}} }}""";
        static string MapIn(string ns, string value) =>
            $$$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x","namespace":"{{{{ns}}}}"},"data":{"k":"{{{{value}}}}"}}""";
        ComparedSelection compared = new([new ObjectSelection()], Noise.Standard);
        using KeySpace keys = Write(
            "old.db",
            [
                ("configmaps/a/x", MapIn("a", "1")),
                ("configmaps/a-b/x", MapIn("a-b", "1")),
                ("horizontalpodautoscalers/web/h", Autoscaler("v1", 1)),
                ("secrets/web/s", Map("s", "1")),
            ]);
        SnapshotObjects old = new(new ObjectSpace(keys, new ObjectReaderOptions()), prefixes: null, compared);
        ListedObjects live = new(new Dictionary<string, string[]>(StringComparer.Ordinal)
        {
            ["v1 configmaps"] = [MapIn("a-b", "1"), MapIn("a", "2")],
            ["autoscaling/v1 horizontalpodautoscalers"] = [Autoscaler("v1", 2)],
        });
        ServedResources served = await live.DiscoverAsync(CancellationToken.None);
        ClusterObjects @new = new(live, served, compared, old.VersionOf, showsManagedFields: false);

        List<string> changes = [];
        await foreach (ObjectChange change in new ObjectComparison(
            old, @new, new ComparisonOptions { Selection = compared }).CompareAsync(CancellationToken.None))
        {
            changes.Add($"{change.Kind} {change.Place}");
        }

        Assert.Equal(["Changed configmaps/x in a", "Changed horizontalpodautoscalers.autoscaling/h in web"], changes);
        Assert.Equal(["secrets"], @new.LeftOut.Keys);
        Assert.Equal(
            ["autoscaling/v1 horizontalpodautoscalers", "v1 configmaps", "v1 secrets"],
            live.Listed.Order(StringComparer.Ordinal));
    }

    public void Dispose() => _directory.Dispose();

    private static string Map(string name, string value) =>
        $$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{{{name}}}"},"data":{"k":"{{{value}}}"}}""";

    private static string Of(string name, string uid) =>
        $$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{{{name}}}","uid":"{{{uid}}}"}}""";

    private static ObjectSelection Named(string word) =>
        new() { Resources = [new ResourceCatalog(FieldTable.Kubernetes, []).Require(word)] };

    private async Task<string[]> CompareAsync(
        (string Key, string Value)[] old,
        (string Key, string Value)[] @new,
        ObjectSelection? selection = null,
        Noise? noise = null)
    {
        ComparedSelection compared = new([selection ?? new ObjectSelection()], noise ?? Noise.Standard);
        using KeySpace oldKeys = Write("old.db", old);
        using KeySpace newKeys = Write("new.db", @new);
        ObjectReaderOptions inClear = new() { ShowSecrets = true, ManagedFields = true };
        _read = 0;
        ObjectComparison comparison = new(
            new SnapshotObjects(new ObjectSpace(oldKeys, inClear), prefixes: null, compared),
            new SnapshotObjects(new ObjectSpace(newKeys, inClear), prefixes: null, compared),
            new ComparisonOptions { Selection = compared, OnRead = _ => _read++ });
        List<string> changes = [];
        await foreach (ObjectChange change in comparison.CompareAsync(CancellationToken.None))
        {
            string details = change.Kind != ObjectChangeKind.Changed ? ""
                : $": {change.Problem ?? string.Join(' ', change.Fields.Select(field => field.Path))}";
            changes.Add($"{change.Kind} {change.Place}{(change.IsRecreated ? " (created again)" : "")}{details}");
        }

        return [.. changes];
    }

    private KeySpace Write(string name, (string Key, string Value)[] objects) =>
        ObjectFile.Write(_directory[name], objects);
}

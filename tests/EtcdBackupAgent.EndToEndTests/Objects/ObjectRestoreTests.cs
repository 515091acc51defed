using System.Net;
using System.Text.Json.Nodes;
using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.KubernetesApi.Recording;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Objects;

/// <summary><c>objects restore</c> from a snapshot of etcd into a real API server, seen by stock kubectl and by a proxy
/// that counts the writes.</summary>
public sealed class ObjectRestoreTests
{
    private const string Definition = """
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: {name: widgets.example.com}
        spec:
          group: example.com
          scope: Namespaced
          names: {plural: widgets, singular: widget, kind: Widget}
          versions:
          - name: VERSION
            served: true
            storage: true
            schema:
              openAPIV3Schema:
                type: object
                properties:
                  spec:
                    type: object
                    x-kubernetes-validations: [{rule: "self.size < LIMIT", message: the widget is too large}]
                    properties: {size: {type: integer}}
        """;

    [Fact]
    public async Task A_deleted_namespace_is_restored_and_nothing_else_is_written()
    {
        await using RestoreScene scene = await RestoreScene.StartAsync();
        IReadOnlyDictionary<string, string> before = await scene.ContentAsync("web");
        await scene.DeleteNamespaceAsync("web");
        IReadOnlyDictionary<string, long> others = await scene.RevisionsAsync();

        ToolResult restored = await scene.RestoreAsync("-n", "web", "--yes", "-o", "json");

        Assert.Equal("", restored.StandardError);
        Assert.Equal(0, restored.ExitCode);
        Assert.Equal(RestoreScene.Kinds.Values.Sum(), before.Count);
        Assert.Equal(
            before.OrderBy(item => item.Key, StringComparer.Ordinal),
            (await scene.ContentAsync("web")).OrderBy(item => item.Key, StringComparer.Ordinal));
        Assert.Equal(51, (int)Json(restored)["counts"]!["created"]!);

        // Each object is written once, and nothing else is.
        Assert.All(scene.Writes, write => Assert.Equal("create", write.Verb));
        Assert.Equal(
            RestoreScene.Kinds.Append(new("namespaces", 1)).OrderBy(kind => kind.Key, StringComparer.Ordinal),
            scene.Writes
                .GroupBy(write => write.Group.Length == 0 ? write.Resource : $"{write.Resource}.{write.Group}")
                .Select(kind => KeyValuePair.Create(kind.Key, kind.Count()))
                .OrderBy(kind => kind.Key, StringComparer.Ordinal));
        Assert.All(
            scene.Writes, write => Assert.True(write.Namespace == "web" || write.Resource == "namespaces"));
        IReadOnlyDictionary<string, long> after = await scene.RevisionsAsync();
        Assert.Equal(
            others,
            after.Where(key => others.ContainsKey(key.Key)).ToDictionary(StringComparer.Ordinal));
        Assert.All(
            after.Keys.Except(others.Keys, StringComparer.Ordinal),
            key => Assert.True(key.EndsWith("/namespaces/web", StringComparison.Ordinal)
                || key.Contains("/web/", StringComparison.Ordinal)));

        // A second run finds everything equal.
        ToolResult again = await scene.RestoreAsync("-n", "web", "--yes", "-o", "json");
        Assert.Equal((0, 51), (again.ExitCode, (int)Json(again)["counts"]!["skipped"]!));
        Assert.All(
            (JsonArray)Json(again)["objects"]!,
            one => Assert.Equal("it exists, and is equal", (string?)one!["reason"]));
        Assert.Equal(51, scene.Writes.Count);
    }

    [Fact]
    public async Task A_dry_run_shows_the_plan_and_writes_nothing()
    {
        await using RestoreScene scene = await RestoreScene.StartAsync();
        await scene.Server.KubectlAsync("delete", "configmap", "map-0", "-n", "web");
        await scene.Server.KubectlAsync(
            "patch", "configmap", "map-1", "-n", "web", "-p", """{"data":{"color":"red","more":"x"}}""");
        IReadOnlyDictionary<string, long> before = await scene.RevisionsAsync();

        ToolResult plan = await scene.RestoreAsync("cm", "-n", "web", "--dry-run", "-o", "json");
        ToolResult text = await scene.RestoreAsync("cm", "-n", "web", "--dry-run", "--existing", "update");
        ToolResult replace = await scene.RestoreAsync("cm", "-n", "web", "--dry-run", "--existing", "replace");
        ToolResult refused = await scene.RestoreAsync("cm", "-n", "web");

        Assert.Equal(
            ["map-1: skip it exists, and differs", "map-0: create ", "map-2: skip it exists, and is equal",
                "map-3: skip it exists, and is equal"],
            ((JsonArray)Json(plan)["objects"]!).Select(one => $"{one!["name"]}: {one["action"]} {one["reason"]}")
                .OrderByDescending(line => line.Contains("differs", StringComparison.Ordinal)));
        Assert.Contains("data.color: \"red\" -> \"blue\"", text.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("data.more", text.Output, StringComparison.Ordinal);
        Assert.Contains("create 1, update 1, replace 0, skip 2, cannot 0", text.Output, StringComparison.Ordinal);
        Assert.Contains("data.more: \"x\" -> (absent)", replace.Output, StringComparison.Ordinal);
        Assert.Equal(8, refused.ExitCode);
        Assert.Contains("the restore is not confirmed", refused.StandardError, StringComparison.Ordinal);
        Assert.Contains("Add --yes", refused.StandardError, StringComparison.Ordinal);
        Assert.Contains("create 1,", refused.StandardError, StringComparison.Ordinal);
        Assert.Empty(scene.Writes);
        Assert.Contains(scene.Proxy.Requests, request => request.IsDryRun);
        Assert.Equal(before, await scene.RevisionsAsync());
    }

    [Fact]
    public async Task An_existing_object_is_updated_replaced_or_refused_as_the_user_wants()
    {
        await using RestoreScene scene = await RestoreScene.StartAsync();
        string[] change = ["patch", "cm", "map-1", "-n", "web", "-p", """{"data":{"color":"red","more":"x"}}"""];
        await scene.Server.KubectlAsync(change);

        ToolResult failed = await scene.RestoreAsync("cm/map-1", "-n", "web", "--yes", "--existing", "fail");
        ToolResult updated = await scene.RestoreAsync("cm/map-1", "-n", "web", "--yes", "--existing", "update");
        string afterUpdate = await DataAsync(scene, "map-1");
        ToolResult again = await scene.RestoreAsync(
            "cm/map-1", "-n", "web", "--yes", "--existing", "update", "-o", "json");
        ToolResult replaced = await scene.RestoreAsync("cm/map-1", "-n", "web", "--yes", "--existing", "replace");

        Assert.Equal(11, failed.ExitCode);
        Assert.Contains("it exists, and differs", failed.StandardOutput, StringComparison.Ordinal);
        Assert.Contains("1 updated", updated.Output, StringComparison.Ordinal);
        Assert.Equal("""{"color":"blue","more":"x"}""", afterUpdate);
        Assert.Equal("it exists, and has these values", (string?)Json(again)["objects"]![0]!["reason"]);
        Assert.Contains("1 replaced", replaced.Output, StringComparison.Ordinal);
        Assert.Equal("""{"color":"blue"}""", await DataAsync(scene, "map-1"));
        Assert.Equal(["patch", "update"], scene.Writes.Select(write => write.Verb));
    }

    [Fact]
    public async Task A_definition_is_restored_with_its_objects_into_an_empty_cluster_under_another_namespace()
    {
        await using RestoreScene scene = await RestoreScene.StartAsync();
        await InstallAsync(scene, "v1", limit: 10);
        await scene.Server.ApplyAsync(Widget("small", 3));
        string uid = await scene.Server.KubectlAsync(
            "get", "widget", "small", "-n", "web", "-o", "jsonpath={.metadata.uid}");
        await scene.Server.ApplyAsync(
            $$"""
            apiVersion: v1
            kind: ConfigMap
            metadata:
              name: owned
              namespace: web
              ownerReferences: [{apiVersion: example.com/v1, kind: Widget, name: small, uid: {{uid}}}]
            """);
        await scene.SaveAsync();
        await using RestoreScene target = await RestoreScene.StartEmptyAsync();

        ToolResult restored = await target.RestoreFromAsync(
            scene.File, "-n", "web", "--with-related", "--map-namespace", "web=shop", "--yes", "-o", "json");

        Assert.Equal((0, ""), (restored.ExitCode, restored.StandardError));
        Assert.Equal("3", await target.Server.KubectlAsync(
            "get", "widget", "small", "-n", "shop", "-o", "jsonpath={.spec.size}"));
        Assert.Equal("shop", await target.Server.KubectlAsync(
            "get", "rolebinding", "rolebinding-0", "-n", "shop", "-o", "jsonpath={.subjects[0].namespace}"));
        string newUid = await target.Server.KubectlAsync(
            "get", "widget", "small", "-n", "shop", "-o", "jsonpath={.metadata.uid}");
        Assert.NotEqual(uid, newUid);
        Assert.Equal(newUid, await target.Server.KubectlAsync(
            "get", "cm", "owned", "-n", "shop", "-o", "jsonpath={.metadata.ownerReferences[0].uid}"));
        Assert.Equal(
            "definition of widgets.example.com/small in web",
            (string?)((JsonArray)Json(restored)["objects"]!).Single(
                one => (string?)one!["kind"] == "CustomResourceDefinition")!["relatedTo"]);
        IReadOnlyDictionary<string, string> expected = await scene.ContentAsync("web");
        IReadOnlyDictionary<string, string> found = await target.ContentAsync("shop");
        Assert.Equal(
            expected.Keys.Order(StringComparer.Ordinal), found.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(expected["Deployment/deployment-0"], found["Deployment/deployment-0"]);
        Assert.DoesNotContain(target.Writes, write => write.Namespace == "web");
    }

    [Fact]
    public async Task Objects_that_the_cluster_refuses_or_does_not_serve_are_reported_and_the_rest_is_restored()
    {
        await using RestoreScene scene = await RestoreScene.StartAsync();
        await InstallAsync(scene, "v1", limit: 10);
        await scene.Server.ApplyAsync($"{Widget("small", 3)}\n---\n{Widget("large", 8)}");
        await scene.SaveAsync();
        await using RestoreScene strict = await RestoreScene.StartEmptyAsync();
        await InstallAsync(strict, "v1", limit: 5);
        await using RestoreScene newer = await RestoreScene.StartEmptyAsync();
        await InstallAsync(newer, "v2", limit: 10);

        ToolResult refused = await strict.RestoreFromAsync(
            scene.File, "widgets.example.com", "--with-related", "--yes", "-o", "json");
        ToolResult notServed = await newer.RestoreFromAsync(
            scene.File, "widgets.example.com", "--with-related", "--yes", "-o", "json");

        Assert.Equal(11, refused.ExitCode);
        Assert.Contains(
            "the widget is too large", (string?)Of(refused, "large")["reason"], StringComparison.Ordinal);
        Assert.Equal("created", (string?)Of(refused, "small")["result"]);
        Assert.Equal("widget.example.com/small\n", await strict.Server.KubectlAsync(
            "get", "widgets", "-n", "web", "-o", "name"));
        Assert.Equal(11, notServed.ExitCode);
        Assert.Equal(
            "it is example.com/v1, and the cluster serves Widget only in example.com/v2",
            (string?)Of(notServed, "small")["reason"]);
        Assert.Equal(["namespaces"], newer.Writes.Select(write => write.Resource));
    }

    [Fact]
    public async Task A_restore_that_is_killed_can_be_started_again_and_does_nothing_twice()
    {
        await using RestoreScene scene = await RestoreScene.StartAsync();
        IReadOnlyDictionary<string, string> before = await scene.ContentAsync("web");
        await scene.DeleteNamespaceAsync("web");
        int creates = 0;
        ProxyFault held = scene.Proxy.Add(new ProxyFault
        {
            Of = request => request.Verb == "create" && !request.IsDryRun && Interlocked.Increment(ref creates) > 20,
            Hold = token => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token),
            Times = 1,
        });
        await using (PeerProcess first = Agent.Start(
            ["objects", "restore", "--file", scene.File, "--kubeconfig", scene.Kubeconfig, "-n", "web", "--yes"]))
        {
            await TestDeadline.UntilAsync("the restore to be held", () => Task.FromResult(held.Hits == 1));
            first.Kill();
            await first.WaitForExitAsync();
        }

        IReadOnlyDictionary<string, long> made = await scene.RevisionsAsync();
        ToolResult second = await scene.RestoreAsync("-n", "web", "--yes", "-o", "json");

        Assert.Equal(0, second.ExitCode);
        Assert.Equal(31, (int)Json(second)["counts"]!["created"]!);
        Assert.Equal(20, (int)Json(second)["counts"]!["skipped"]!);
        Assert.Equal(
            before.OrderBy(item => item.Key, StringComparer.Ordinal),
            (await scene.ContentAsync("web")).OrderBy(item => item.Key, StringComparer.Ordinal));
        IReadOnlyDictionary<string, long> after = await scene.RevisionsAsync();
        Assert.Equal(made, after.Where(key => made.ContainsKey(key.Key)).ToDictionary(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_webhook_that_fails_for_a_while_is_tried_again_at_the_end()
    {
        await using RestoreScene scene = await RestoreScene.StartAsync();
        await scene.DeleteNamespaceAsync("web");
        scene.Proxy.Add(new ProxyFault
        {
            Of = request => request is { Verb: "create", Resource: "services", IsDryRun: false },
            Answer = HttpStatusCode.InternalServerError,
            Times = 3,
        });

        ToolResult restored = await scene.RestoreAsync("-n", "web", "--yes");

        Assert.Contains("51 created", restored.Output, StringComparison.Ordinal);
        Assert.Equal(6, scene.Writes.Count(write => write.Resource == "services"));
    }

    [Fact]
    public async Task A_cluster_that_is_lost_on_the_way_ends_the_restore_and_it_can_be_started_again()
    {
        await using RestoreScene scene = await RestoreScene.StartAsync();
        await scene.Server.KubectlAsync("delete", "cm", "--all", "-n", "web");
        scene.Proxy.Add(new ProxyFault
        {
            Of = request => request.Verb == "create" && !request.IsDryRun,
            Hold = _ =>
            {
                scene.Proxy.IsAway = true;
                return Task.CompletedTask;
            },
            Times = 1,
        });

        ToolResult lost = await scene.RestoreAsync("cm", "-n", "web", "--yes");
        scene.Proxy.IsAway = false;
        ToolResult again = await scene.RestoreAsync("cm", "-n", "web", "--yes");

        Assert.Equal(10, lost.ExitCode);
        Assert.Contains("The restore ended after 1 of 4 objects:", lost.StandardError, StringComparison.Ordinal);
        Assert.Contains("hint: Start it again", lost.StandardError, StringComparison.Ordinal);
        Assert.Contains("3 created, 0 updated, 0 replaced, 1 skipped", again.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Missing_rights_are_named_and_the_rest_is_restored()
    {
        await using RestoreScene scene = await RestoreScene.StartAsync();
        await scene.Server.KubectlAsync("delete", "cm,secrets", "--all", "-n", "web");
        scene.Proxy.Grants = request => request.Resource != "secrets" || request.Verb != "create";

        ToolResult restored = await scene.RestoreAsync("cm,secrets", "-n", "web", "--yes");

        Assert.Equal(11, restored.ExitCode);
        Assert.Contains(
            "Missing right: create secrets in namespace web.", restored.StandardOutput, StringComparison.Ordinal);
        Assert.Contains("4 created", restored.StandardOutput, StringComparison.Ordinal);
        Assert.Contains("3 failed", restored.StandardOutput, StringComparison.Ordinal);
        Assert.DoesNotContain("correct-horse", restored.StandardOutput, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Resource_modifiers_in_the_form_of_Velero_change_objects_on_the_way()
    {
        await using RestoreScene scene = await RestoreScene.StartAsync();
        await scene.Server.KubectlAsync("delete", "cm,deploy", "--all", "-n", "web");
        string file = scene.Write(
            "modifiers.yaml",
            """
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: modifiers}
            data:
              rules: |
                version: v1
                resourceModifierRules:
                - conditions:
                    groupResource: configmaps
                    resourceNameRegex: "^map-[01]$"
                    matches: [{path: /data/color, value: blue}]
                  patches:
                  - operation: replace
                    path: /data/color
                    value: violet
                - conditions:
                    groupResource: deployments.apps
                    namespaces: [web]
                  strategicPatches:
                  - patchData: |
                      spec: {template: {spec: {containers: [{name: main, image: "registry.example/app:2"}]}}}
            """);

        ToolResult restored = await scene.RestoreAsync("cm,deploy", "-n", "web", "--patch", file, "--yes");

        Assert.Equal(0, restored.ExitCode);
        Assert.Equal("violet", await scene.Server.KubectlAsync(
            "get", "cm", "map-1", "-n", "web", "-o", "jsonpath={.data.color}"));
        Assert.Equal("blue", await scene.Server.KubectlAsync(
            "get", "cm", "map-2", "-n", "web", "-o", "jsonpath={.data.color}"));
        Assert.Equal("registry.example/app:2 map-0", await scene.Server.KubectlAsync(
            "get", "deploy", "deployment-0", "-n", "web", "-o",
            "jsonpath={.spec.template.spec.containers[0].image} "
            + "{.spec.template.spec.containers[0].envFrom[0].configMapRef.name}"));
    }

    [Fact]
    public async Task A_claim_keeps_its_volume_only_if_the_cluster_has_it_for_this_claim()
    {
        await using RestoreScene scene = await RestoreScene.StartAsync();
        await scene.Server.ApplyAsync(
            $"{Volume("kept", "mine")}\n---\n{Volume("gone", "lost")}\n---\n{Claim("mine", "kept")}\n---\n"
            + Claim("lost", "gone"),
            "--validate=false");
        await scene.SaveAsync();
        await scene.Server.KubectlAsync("delete", "pvc", "mine", "lost", "-n", "web");
        await scene.Server.KubectlAsync("delete", "pv", "gone");

        ToolResult restored = await scene.RestoreAsync("pvc", "-n", "web", "--yes", "-o", "json");
        ToolResult copied = await scene.RestoreAsync(
            "pvc/mine", "-n", "web", "--map-namespace", "web=other", "--yes", "-o", "json");

        Assert.Equal((0, 0), (restored.ExitCode, copied.ExitCode));
        Assert.Equal("lost  mine kept ", await VolumesAsync(scene, "web", "lost", "mine"));
        Assert.Equal("mine  ", await VolumesAsync(scene, "other", "mine"));
        Assert.Contains(
            "its volume is not in the cluster", $"{Of(restored, "lost")["notes"]}", StringComparison.Ordinal);
        Assert.Null(Of(restored, "mine")["notes"]);
    }

    private static string Volume(string name, string claim) => $$"""
        apiVersion: v1
        kind: PersistentVolume
        metadata: {name: {{name}}}
        spec: {persistentVolumeReclaimPolicy: Retain, claimRef: {name: {{claim}}, namespace: web, uid: old} }
        """;

    private static string Claim(string name, string volume) => $$"""
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: {{name}}, namespace: web}
        spec: {volumeName: {{volume}}, accessModes: [ReadWriteOnce]}
        """;

    private static Task<string> VolumesAsync(RestoreScene scene, string ns, params string[] claims) =>
        scene.Server.KubectlAsync(
        [
            "get", "pvc", .. claims, "-n", ns, "-o",
            claims.Length == 1
                ? "jsonpath={.metadata.name} {.spec.volumeName} "
                : "jsonpath={range .items[*]}{.metadata.name} {.spec.volumeName} {end}",
        ]);

    private static JsonObject Json(ToolResult result) => (JsonObject)JsonNode.Parse(result.StandardOutput)!;

    private static JsonNode Of(ToolResult result, string name) =>
        ((JsonArray)Json(result)["objects"]!).Single(one => (string?)one!["name"] == name)!;

    private static Task<string> DataAsync(RestoreScene scene, string name) =>
        scene.Server.KubectlAsync("get", "cm", name, "-n", "web", "-o", "jsonpath={.data}");

    private static async Task InstallAsync(RestoreScene scene, string version, int limit)
    {
        await scene.Server.ApplyAsync(Definition
            .Replace("VERSION", version, StringComparison.Ordinal)
            .Replace("LIMIT", $"{limit}", StringComparison.Ordinal));
        await scene.Server.UntilDefinitionsServedAsync();
    }

    private static string Widget(string name, int size) => $$"""
        apiVersion: example.com/v1
        kind: Widget
        metadata: {name: {{name}}, namespace: web}
        spec: {size: {{size}}}
        """;
}

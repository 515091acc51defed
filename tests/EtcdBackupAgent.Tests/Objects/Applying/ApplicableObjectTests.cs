using System.Text.Json.Nodes;
using EtcdBackupAgent.Objects.Applying;
using EtcdBackupAgent.Objects.Kinds;
using EtcdBackupAgent.Tests.Architecture;
using Xunit;

namespace EtcdBackupAgent.Tests.Objects.Applying;

public sealed class ApplicableObjectTests
{
    /// <summary>The rule, the kind, an object, and what is left of it.</summary>
    public static readonly TheoryData<string, string, string, string, string> Cases = new()
    {
        {
            "system-metadata", "v1", "ConfigMap",
            """
            {"metadata": {"name": "a", "uid": "u", "resourceVersion": "7", "generation": 2, "creationTimestamp": null,
             "deletionTimestamp": "t", "deletionGracePeriodSeconds": 0, "managedFields": [{}], "selfLink": "/a",
             "generateName": "a-", "labels": {"k": "v"}}, "data": {"uid": "mine"}}
            """,
            """{"metadata": {"name": "a", "labels": {"k": "v"}}, "data": {"uid": "mine"}}"""
        },
        {
            "owner-references", "example.com/v1", "Widget",
            """{"metadata": {"name": "a", "ownerReferences": [{"kind": "Shop", "uid": "u"}]}}""",
            """{"metadata": {"name": "a"}}"""
        },
        {
            "system-finalizers", "v1", "ConfigMap",
            """{"metadata": {"finalizers": ["foregroundDeletion", "example.com/own", "orphan"]}}""",
            """{"metadata": {"finalizers": ["example.com/own"]}}"""
        },
        {
            "system-finalizers", "v1", "PersistentVolumeClaim",
            """{"metadata": {"finalizers": ["kubernetes.io/pvc-protection", "kubernetes.io/pv-protection"]}}""",
            """{"metadata": {}}"""
        },
        {
            "status", "example.com/v1", "Widget",
            """{"spec": {"status": "kept"}, "status": {"ready": true}}""",
            """{"spec": {"status": "kept"}}"""
        },
        {
            "namespace-name", "v1", "Namespace",
            """{"metadata": {"labels": {"kubernetes.io/metadata.name": "a", "team": "b"}}}""",
            """{"metadata": {"labels": {"team": "b"}}}"""
        },
        {
            "namespace-finalizers", "v1", "Namespace",
            """{"metadata": {"name": "a"}, "spec": {"finalizers": ["kubernetes"]}}""",
            """{"metadata": {"name": "a"}}"""
        },
        {
            "pod-node", "v1", "Pod",
            """{"spec": {"nodeName": "n", "hostname": "h"}}""",
            """{"spec": {"hostname": "h"}}"""
        },
        {
            "pod-priority", "v1", "Pod",
            """{"spec": {"priority": 5, "priorityClassName": "high"}}""",
            """{"spec": {"priorityClassName": "high"}}"""
        },
        { "pod-debugging", "v1", "Pod", """{"spec": {"ephemeralContainers": [{"name": "d"}]}}""", """{"spec": {}}""" },
        {
            "pod-token-volume", "v1", "Pod",
            """
            {"spec": {"serviceAccountName": "shop",
             "volumes": [{"name": "kube-api-access-x7k2p", "projected": {"sources": []}}, {"name": "data", "emptyDir": {}},
              {"name": "shop-token-abcde", "secret": {"secretName": "shop-token-abcde"}},
              {"name": "other-token-abcde", "secret": {"secretName": "other-token-abcde"}},
              {"name": "kube-api-access-mine", "projected": {}}],
             "initContainers": [{"volumeMounts": [{"name": "shop-token-abcde", "mountPath": "/t"}]}],
             "containers": [{"volumeMounts": [{"name": "data", "mountPath": "/d"},
              {"name": "kube-api-access-x7k2p", "mountPath": "/t"}]}]}}
            """,
            """
            {"spec": {"serviceAccountName": "shop",
             "volumes": [{"name": "data", "emptyDir": {}},
              {"name": "other-token-abcde", "secret": {"secretName": "other-token-abcde"}},
              {"name": "kube-api-access-mine", "projected": {}}],
             "initContainers": [{}],
             "containers": [{"volumeMounts": [{"name": "data", "mountPath": "/d"}]}]}}
            """
        },
        {
            "deployment-revision", "apps/v1", "Deployment",
            """{"metadata": {"annotations": {"deployment.kubernetes.io/revision": "3"}}}""",
            """{"metadata": {}}"""
        },
        {
            "deployment-revision", "apps/v1", "ReplicaSet",
            """
            {"metadata": {"annotations": {"deployment.kubernetes.io/desired-replicas": "3", "own": "kept",
             "deployment.kubernetes.io/max-replicas": "4", "deployment.kubernetes.io/revision-history": "1"}}}
            """,
            """{"metadata": {"annotations": {"own": "kept"}}}"""
        },
        {
            "daemonset-generation", "apps/v1", "DaemonSet",
            """{"metadata": {"annotations": {"deprecated.daemonset.template.generation": "3"}}}""",
            """{"metadata": {}}"""
        },
        {
            "claim-template-status", "apps/v1", "StatefulSet",
            """{"spec": {"volumeClaimTemplates": [{"kind": "PersistentVolumeClaim", "status": {"phase": "Pending"}}]}}""",
            """{"spec": {"volumeClaimTemplates": [{"kind": "PersistentVolumeClaim"}]}}"""
        },
        {
            "job-labels", "batch/v1", "Job",
            """
            {"metadata": {"labels": {"controller-uid": "u", "app": "x"}, "annotations": {"batch.kubernetes.io/job-tracking": ""}},
             "spec": {"selector": {"matchLabels": {"batch.kubernetes.io/controller-uid": "u"}},
             "template": {"metadata": {"labels": {"batch.kubernetes.io/controller-uid": "u", "controller-uid": "u",
              "batch.kubernetes.io/job-name": "j", "job-name": "j", "app": "x"}}}}}
            """,
            """
            {"metadata": {"labels": {"app": "x"}}, "spec": {"template": {"metadata": {"labels": {"app": "x"}}}}}
            """
        },
        {
            "job-labels", "batch/v1", "Job",
            """{"spec": {"manualSelector": true, "selector": {"matchLabels": {"job-name": "j"}}}}""",
            """{"spec": {"manualSelector": true, "selector": {"matchLabels": {"job-name": "j"}}}}"""
        },
        {
            "service-addresses", "v1", "Service",
            """{"spec": {"type": "ClusterIP", "clusterIP": "10.0.0.5", "clusterIPs": ["10.0.0.5"], "externalIPs": ["1.2.3.4"]}}""",
            """{"spec": {"type": "ClusterIP", "externalIPs": ["1.2.3.4"]}}"""
        },
        {
            "service-addresses", "v1", "Service",
            """{"spec": {"clusterIP": "None", "clusterIPs": ["None"]}}""",
            """{"spec": {"clusterIP": "None", "clusterIPs": ["None"]}}"""
        },
        {
            "service-node-ports", "v1", "Service",
            """{"spec": {"ports": [{"port": 80, "protocol": "TCP", "nodePort": 30080}], "healthCheckNodePort": 30081}}""",
            """{"spec": {"ports": [{"port": 80, "protocol": "TCP"}]}}"""
        },
        {
            "service-node-ports", "v1", "Service",
            """
            {"metadata": {"managedFields": [{"manager": "helm", "fieldsV1": {"f:spec": {"f:healthCheckNodePort": {},
             "f:ports": {"k:{\"port\":80,\"protocol\":\"TCP\"}": {"f:nodePort": {}}}}}}]},
             "spec": {"ports": [{"port": 80, "protocol": "TCP", "nodePort": 30080},
              {"port": 80, "protocol": "UDP", "nodePort": 30090}], "healthCheckNodePort": 30081}}
            """,
            """
            {"metadata": {}, "spec": {"ports": [{"port": 80, "protocol": "TCP", "nodePort": 30080},
             {"port": 80, "protocol": "UDP"}], "healthCheckNodePort": 30081}}
            """
        },
        {
            "service-node-ports", "v1", "Service",
            """
            {"metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration":
             "{\"spec\":{\"healthCheckNodePort\":30081,\"ports\":[{\"port\":80,\"nodePort\":30080},{\"port\":81}]}}"}},
             "spec": {"ports": [{"port": 80, "protocol": "TCP", "nodePort": 30080},
              {"port": 81, "protocol": "TCP", "nodePort": 30090}], "healthCheckNodePort": 30081}}
            """,
            """
            {"metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration":
             "{\"spec\":{\"healthCheckNodePort\":30081,\"ports\":[{\"port\":80,\"nodePort\":30080},{\"port\":81}]}}"}},
             "spec": {"ports": [{"port": 80, "protocol": "TCP", "nodePort": 30080}, {"port": 81, "protocol": "TCP"}],
             "healthCheckNodePort": 30081}}
            """
        },
        {
            "claim-binding", "v1", "PersistentVolumeClaim",
            """
            {"metadata": {"annotations": {"pv.kubernetes.io/bind-completed": "yes", "own": "kept",
             "pv.kubernetes.io/bound-by-controller": "yes", "volume.kubernetes.io/storage-provisioner": "p",
             "volume.beta.kubernetes.io/storage-provisioner": "p", "volume.kubernetes.io/selected-node": "n"}},
             "spec": {"volumeName": "pv-1"}}
            """,
            """{"metadata": {"annotations": {"own": "kept"}}, "spec": {"volumeName": "pv-1"}}"""
        },
        {
            "volume-binding", "v1", "PersistentVolume",
            """
            {"metadata": {"annotations": {"pv.kubernetes.io/bound-by-controller": "yes", "pv.kubernetes.io/provisioned-by": "p"}},
             "spec": {"claimRef": {"namespace": "web", "name": "data", "uid": "u", "resourceVersion": "7"}}}
            """,
            """
            {"metadata": {"annotations": {"pv.kubernetes.io/provisioned-by": "p"}},
             "spec": {"claimRef": {"namespace": "web", "name": "data"}}}
            """
        },
        {
            "token-data", "v1", "Secret",
            """
            {"type": "kubernetes.io/service-account-token", "data": {"token": "dA==", "ca.crt": "Yw==", "namespace": "bg=="},
             "metadata": {"labels": {"kubernetes.io/legacy-token-last-used": "2026-11-29"}, "annotations": {
              "kubernetes.io/service-account.name": "shop", "kubernetes.io/service-account.uid": "u"}}}
            """,
            """
            {"type": "kubernetes.io/service-account-token",
             "metadata": {"annotations": {"kubernetes.io/service-account.name": "shop"}}}
            """
        },
        {
            "token-data", "v1", "Secret",
            """{"type": "Opaque", "data": {"token": "dA=="}}""",
            """{"type": "Opaque", "data": {"token": "dA=="}}"""
        },
        {
            "account-tokens", "v1", "ServiceAccount",
            """{"metadata": {"name": "shop"}, "secrets": [{"name": "shop-token-abcde"}, {"name": "shop-token-mine"}]}""",
            """{"metadata": {"name": "shop"}, "secrets": [{"name": "shop-token-mine"}]}"""
        },
        {
            "definition-unknown-fields", "apiextensions.k8s.io/v1", "CustomResourceDefinition",
            """
            {"spec": {"preserveUnknownFields": true, "versions": [{"name": "v1"},
             {"name": "v2", "schema": {"openAPIV3Schema": {"type": "object", "properties": {}}}}]}}
            """,
            """
            {"spec": {"versions": [
             {"name": "v1", "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}},
             {"name": "v2", "schema": {"openAPIV3Schema": {"type": "object", "properties": {},
              "x-kubernetes-preserve-unknown-fields": true}}}]}}
            """
        },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_rule_removes_what_is_filled_in(
        string rule, string apiVersion, string kind, string item, string expected)
    {
        JsonObject given = Parse(item);

        JsonObject applicable = ApplicableObject.Of(new GroupVersionKind(apiVersion, kind), given);

        Assert.True(JsonNode.DeepEquals(Parse(expected), applicable), $"{rule}: {applicable}");
        Assert.True(JsonNode.DeepEquals(Parse(item), given), "The given object was changed.");
    }

    [Fact]
    public void Every_rule_has_a_case_and_is_in_the_specification()
    {
        string specification = File.ReadAllText(Path.Combine(SourceTree.Root, "docs", "spec", "objects.md"));

        Assert.Equal(Cases.Select(row => (string)row[0]).Distinct().Order(), ApplicableObject.Rules.Order());
        Assert.All(
            ApplicableObject.Rules,
            rule => Assert.Contains($"| `{rule}` |", specification, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""{"metadata": null, "spec": [], "status": 1}""")]
    [InlineData("""{"metadata": "text", "spec": {"ports": {}, "volumes": [1], "containers": "x", "selector": []}}""")]
    [InlineData("""{"metadata": {"finalizers": {}, "annotations": [], "labels": "x", "managedFields": [1]}}""")]
    [InlineData("""{"metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{"}}, "spec": {"ports": [{}]}}""")]
    public void An_object_of_any_form_is_taken(string item)
    {
        foreach (string kind in new[] { "Service", "Pod", "Secret", "ServiceAccount", "PersistentVolume", "Namespace" })
        {
            Assert.NotNull(ApplicableObject.Of(new GroupVersionKind("v1", kind), Parse(item)));
        }

        Assert.NotNull(ApplicableObject.Of(new GroupVersionKind("batch/v1", "Job"), Parse(item)));
    }

    private static JsonObject Parse(string json) => (JsonObject)JsonNode.Parse(json)!;
}

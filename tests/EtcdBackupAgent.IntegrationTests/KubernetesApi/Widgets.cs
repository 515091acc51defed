using EtcdBackupAgent.Testing.KubernetesApi;

namespace EtcdBackupAgent.IntegrationTests.KubernetesApi;

/// <summary>A custom resource with the features of the agent's own: a schema, a rule, a default, a status,
/// columns.</summary>
internal static class Widgets
{
    private const string Definition = """
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: {name: widgets.test.example.com}
        spec:
          group: test.example.com
          scope: Namespaced
          names: {plural: widgets, singular: widget, kind: Widget, shortNames: [wd]}
          versions:
          - name: v1
            served: true
            storage: true
            subresources: {status: {}}
            additionalPrinterColumns: [{name: Size, type: integer, jsonPath: .spec.size}]
            schema:
              openAPIV3Schema:
                type: object
                properties:
                  spec:
                    type: object
                    x-kubernetes-validations: [{rule: "self.size < 10", message: a widget is smaller than 10}]
                    properties: {size: {type: integer, default: 3}, color: {type: string}}
                  status: {type: object, properties: {phase: {type: string}}}
        """;

    public static async Task InstallAsync(KubernetesApiServer server)
    {
        await server.ApplyAsync(Definition);
        await server.KubectlAsync(
            "wait",
            "--for=condition=Established",
            "crd/widgets.test.example.com",
            "--timeout=60s");
    }

    /// <summary>A widget's manifest; the specification in YAML's one-line form, without the braces.</summary>
    public static string Named(string name, string spec = "color: red", string metadata = "") => $$"""
        apiVersion: test.example.com/v1
        kind: Widget
        metadata: {name: {{name}}, {{metadata}}}
        spec: { {{spec}} }
        """;
}

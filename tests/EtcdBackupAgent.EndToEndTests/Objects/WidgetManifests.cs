namespace EtcdBackupAgent.EndToEndTests.Objects;

/// <summary>A definition with a default, and an object of it.</summary>
internal static class WidgetManifests
{
    public const string Definition = """
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: {name: widgets.example.com}
        spec:
          group: example.com
          scope: Namespaced
          names: {plural: widgets, singular: widget, kind: Widget, shortNames: [wd]}
          versions:
          - name: v1
            served: true
            storage: true
            schema:
              openAPIV3Schema:
                type: object
                properties:
                  spec:
                    type: object
                    properties:
                      size: {type: integer, default: 3}
                      color: {type: string}
        """;

    /// <summary>Needs the namespace <c>web</c>, and that the definition is served.</summary>
    public const string First = """
        apiVersion: example.com/v1
        kind: Widget
        metadata: {name: first, namespace: web}
        spec: {color: red}
        """;
}

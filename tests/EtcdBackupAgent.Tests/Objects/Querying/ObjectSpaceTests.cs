using EtcdBackupAgent.Core.KeySpaces;
using EtcdBackupAgent.Objects.CustomResources;
using EtcdBackupAgent.Objects.Querying;
using EtcdBackupAgent.Objects.Reading;
using EtcdBackupAgent.Testing.Directories;
using Xunit;

namespace EtcdBackupAgent.Tests.Objects.Querying;

public sealed class ObjectSpaceTests : IDisposable
{
    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_definition_of_deeply_nested_fields_is_read()
    {
        const int depth = 60;
        string schema = """{"type":"object"}""";
        for (int i = 0; i < depth; i++)
        {
            schema = $$$"""{"type":"object","properties":{"f":{{{schema}}}}}""";
        }

        string definition = $$$"""
            {"apiVersion":"apiextensions.k8s.io/v1beta1","kind":"CustomResourceDefinition","metadata":{"name":"widgets.example.com"},
            "spec":{"group":"example.com","version":"v1","scope":"Namespaced","names":{"plural":"widgets","kind":"Widget"},
            "preserveUnknownFields":false,"validation":{"openAPIV3Schema":{{{schema}}}},
            "versions":[{"name":"v1","served":true,"storage":true}]}}
            """;
        using KeySpace keys = ObjectFile.Write(
            _directory["db"],
            ("apiextensions.k8s.io/customresourcedefinitions/widgets.example.com", definition),
            ("example.com/widgets/web/first",
                """{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"first","namespace":"web"},"g":1}"""));
        ObjectSpace space = new(keys, new ObjectReaderOptions());
        ObjectSelection widgets = new() { Resources = [space.Resolve("widgets", CancellationToken.None)] };

        FoundObject found = Assert.Single(space.Find(widgets, CancellationToken.None));

        Assert.Equal(CustomResourceForm.AsServed, found.Content.CustomResourceForm);
        Assert.False(found.Content.OpenJson().RootElement.TryGetProperty("g", out _));
    }
}

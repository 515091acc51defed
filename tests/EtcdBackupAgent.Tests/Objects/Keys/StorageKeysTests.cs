using System.Text;
using EtcdBackupAgent.Objects.Keys;
using EtcdBackupAgent.Objects.Tables;
using Xunit;

namespace EtcdBackupAgent.Tests.Objects.Keys;

public sealed class StorageKeysTests
{
    private static readonly StorageKeys Keys = new(FieldTable.Kubernetes);

    [Theory]
    [InlineData("/registry/pods/web/shop-0", "pods/shop-0 in web")]
    [InlineData("/registry/deployments/web/shop", "deployments.apps/shop in web")]
    [InlineData("/registry/namespaces/web", "namespaces/web")]
    [InlineData("/registry/minions/node-1", "nodes/node-1")]
    [InlineData("/registry/controllers/web/rc", "replicationcontrollers/rc in web")]
    [InlineData("/registry/services/specs/web/shop", "services/shop in web")]
    [InlineData("/registry/services/endpoints/web/shop", "endpoints/shop in web")]
    [InlineData("/registry/ingress/web/shop", "ingresses.networking.k8s.io/shop in web")]
    [InlineData("/registry/events/web/shop.17", "events/shop.17 in web")]
    [InlineData("/registry/leases/kube-system/scheduler", "leases.coordination.k8s.io/scheduler in kube-system")]
    [InlineData("/registry/clusterroles/system:node", "clusterroles.rbac.authorization.k8s.io/system:node")]
    [InlineData(
        "/registry/apiextensions.k8s.io/customresourcedefinitions/widgets.example.com",
        "customresourcedefinitions.apiextensions.k8s.io/widgets.example.com")]
    [InlineData("/registry/apiregistration.k8s.io/apiservices/v1.apps", "apiservices.apiregistration.k8s.io/v1.apps")]
    [InlineData("/registry/example.com/widgets/web/a", "widgets.example.com/a in web")]
    [InlineData("/registry/example.com/clusterwidgets/a", "clusterwidgets.example.com/a")]
    public void A_key_is_a_place_and_a_place_is_a_key(string key, string place)
    {
        Assert.Equal(KeyContent.Object, Read(key, out StorageKey? read));
        Assert.Equal(place, read!.ToString());
        Assert.Equal(key, Keys.KeyOf(read));
    }

    [Theory]
    [InlineData("/kubernetes.io/secrets/web/a", "secrets/a in web")]
    [InlineData("/kubernetes.io/namespaces/web", "namespaces/web")]
    public void The_prefixes_of_OpenShift_are_known(string key, string place)
    {
        Assert.Equal(KeyContent.Object, Read(key, out StorageKey? read));
        Assert.Equal(place, read!.ToString());
    }

    [Theory]
    [InlineData("/registry/masterleases/10.0.0.1", KeyContent.ServerData)]
    [InlineData("/registry/peerserverleases/a", KeyContent.ServerData)]
    [InlineData("/registry/ranges/serviceips", KeyContent.ServerData)]
    [InlineData("/registry/health", KeyContent.ServerData)]
    [InlineData("/openshift.io/routes/web/a", KeyContent.UnknownResource)]
    [InlineData("/registry/pods/web", KeyContent.UnknownResource)]
    [InlineData("/registry/pods/web/a/b", KeyContent.UnknownResource)]
    [InlineData("/registry/namespaces/web/a", KeyContent.UnknownResource)]
    [InlineData("/registry/pods//a", KeyContent.UnknownResource)]
    [InlineData("/registry/example.com/widgets", KeyContent.UnknownResource)]
    [InlineData("/registry/", KeyContent.UnknownResource)]
    [InlineData("/registry", KeyContent.Foreign)]
    [InlineData("/registrypods/web/a", KeyContent.Foreign)]
    [InlineData("compact_rev_key", KeyContent.Foreign)]
    [InlineData("/bootstrap/1234", KeyContent.Foreign)]
    [InlineData("", KeyContent.Foreign)]
    public void Other_keys_are_not_objects(string key, KeyContent content)
    {
        Assert.Equal(content, Read(key, out StorageKey? read));
        Assert.Null(read);
    }

    [Theory]
    [InlineData("/k8s/prod")]
    [InlineData("k8s/prod/")]
    public void Another_prefix_is_used_as_the_server_uses_it(string prefix)
    {
        StorageKeys keys = new(FieldTable.Kubernetes, [prefix]);

        Assert.Equal(KeyContent.Object, keys.Read("/k8s/prod/pods/web/a"u8, out StorageKey? place));
        Assert.Equal("/k8s/prod/pods/web/a", keys.KeyOf(place!));
        Assert.Equal(KeyContent.Foreign, keys.Read("/registry/pods/web/a"u8, out _));
    }

    [Fact]
    public void Every_built_in_resource_has_a_key_of_its_own()
    {
        foreach (BuiltInResource resource in FieldTable.Kubernetes.Resources
            .Where(one => one.Name.Group != "events.k8s.io"))
        {
            StorageKey place = new(resource.Name, resource.IsNamespaced ? "ns" : null, "name");

            Assert.Equal(KeyContent.Object, Read(Keys.KeyOf(place), out StorageKey? read));
            Assert.Equal(place, read);
        }
    }

    [Fact]
    public void A_key_of_any_bytes_can_be_read()
    {
        Random random = new(1);
        for (int i = 0; i < 2000; i++)
        {
            byte[] key = [.. "/registry/"u8, .. new byte[random.Next(40)]];
            random.NextBytes(key.AsSpan(10));

            Keys.Read(key, out StorageKey? place);

            Assert.True(place is null || place.Name.Length > 0);
        }
    }

    private static KeyContent Read(string key, out StorageKey? place) =>
        Keys.Read(Encoding.UTF8.GetBytes(key), out place);
}

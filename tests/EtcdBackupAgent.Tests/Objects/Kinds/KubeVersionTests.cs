using EtcdBackupAgent.Objects.Kinds;
using Xunit;

namespace EtcdBackupAgent.Tests.Objects.Kinds;

public sealed class KubeVersionTests
{
    /// <summary>The example of Kubernetes' documentation.</summary>
    [Fact]
    public void Versions_are_preferred_as_Kubernetes_documents_it()
    {
        string[] versions =
            ["v10", "v2", "v1", "v11beta2", "v10beta3", "v3beta1", "v12alpha1", "v11alpha2", "foo1", "foo10"];

        Assert.Equal(versions, versions.Reverse().Order(KubeVersion.PreferredFirst));
    }

    [Theory]
    [InlineData("v1", "", "v1")]
    [InlineData("apps/v1beta1", "apps", "v1beta1")]
    [InlineData("a.b/v2", "a.b", "v2")]
    public void An_apiVersion_is_a_group_and_a_version(string apiVersion, string group, string version)
    {
        GroupVersionKind kind = new(apiVersion, "Kind");

        Assert.Equal((group, version), (kind.Group, kind.Version));
    }
}

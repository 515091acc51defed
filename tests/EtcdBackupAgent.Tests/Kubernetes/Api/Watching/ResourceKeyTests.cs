using EtcdBackupAgent.Kubernetes.Api.Watching;
using Xunit;

namespace EtcdBackupAgent.Tests.Kubernetes.Api.Watching;

public sealed class ResourceKeyTests
{
    [Theory]
    [InlineData("kubedr", "nightly", "kubedr/nightly")]
    [InlineData("", "node-1", "node-1")]
    public void A_key_is_shown_as_kubectl_shows_it(string ns, string name, string text) =>
        Assert.Equal(text, $"{new ResourceKey(ns, name)}");
}

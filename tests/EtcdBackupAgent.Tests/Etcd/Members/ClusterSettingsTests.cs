using EtcdBackupAgent.Etcd.Api;
using EtcdBackupAgent.Etcd.Members;
using Xunit;

namespace EtcdBackupAgent.Tests.Etcd.Members;

public sealed class ClusterSettingsTests
{
    [Fact]
    public void The_text_does_not_depend_on_the_order_of_the_response()
    {
        AuthStatusResponse authentication = new() { Enabled = true, AuthRevision = 12 };
        Member first = new()
        {
            Id = 0xa1,
            Name = "m1",
            PeerUrls = { "http://b", "http://a" },
            ClientUrls = { "http://c" },
        };
        Member other = new() { Id = 0xb2, IsLearner = true, PeerUrls = { "http://d" } };

        string text = ClusterSettings.Describe(authentication, [other, first]);

        Assert.Equal(
            """
            authentication enabled, revision 12
            member a1 'm1', peers [http://a http://b], clients [http://c]
            learner b2 '', peers [http://d], clients []
            """.ReplaceLineEndings("\n"),
            text);
        Assert.Equal(text, ClusterSettings.Describe(authentication, [first, other]));
    }

    [Fact]
    public void A_version_of_etcd_that_does_not_report_its_authentication_has_only_members() =>
        Assert.Equal("member 1 '', peers [], clients []", ClusterSettings.Describe(null, [new Member { Id = 1 }]));
}

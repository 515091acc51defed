using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Etcd;
using EtcdBackupAgent.Testing.Certificates;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Etcd;

/// <summary>Which clients etcd accepts, and the messages for the others.</summary>
[Collection(EtcdServersCollection.Name)]
public sealed class EtcdAccessTests(EtcdServers servers)
{
    [Theory]
    [InlineData("3.4", TestKey.EcdsaSec1)]
    [InlineData("3.4", TestKey.RsaPkcs1)]
    [InlineData("3.5", TestKey.EcdsaPkcs8)]
    [InlineData("3.5", TestKey.EcdsaSec1)]
    [InlineData("3.5", TestKey.RsaPkcs8)]
    [InlineData("3.5", TestKey.RsaPkcs1)]
    [InlineData("3.5", TestKey.EcdsaP384)]
    [InlineData("3.5", TestKey.EcdsaP521)]
    public async Task Every_form_of_key_is_accepted(string version, TestKey key)
    {
        EtcdServer server = await servers.WithKeysAsync(version, mutualTls: true);
        TestCertificate client = server.Certificates!.Client("root", key);

        await using EtcdSnapshot snapshot = await SnapshotFile
            .Source(With(server, client))
            .OpenAsync(CancellationToken.None);

        Assert.Equal(5, snapshot.Member.Revision);
    }

    [Theory]
    [InlineData("3.4")]
    [InlineData("3.5")]
    public async Task A_missing_client_certificate_is_reported(string version)
    {
        EtcdServer server = await servers.WithKeysAsync(version, mutualTls: true);
        EtcdConnection connection =
            EtcdServers.ConnectionTo(server) with { ClientCertificatePem = null, ClientKeyPem = null };

        BackupException e = await RefusedAsync(connection, FailureReason.EtcdDenied);

        Assert.Contains("client certificate", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("3.4")]
    [InlineData("3.5")]
    public async Task A_client_certificate_of_another_authority_is_reported(string version)
    {
        EtcdServer server = await servers.WithKeysAsync(version, mutualTls: true);
        using TestCertificates other = new("Other CA");

        BackupException e = await RefusedAsync(With(server, other.Client("root")), FailureReason.EtcdDenied);

        Assert.Contains("the server refused the client certificate", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_expired_client_certificate_is_reported_before_connecting()
    {
        EtcdServer server = await servers.WithKeysAsync("3.5", mutualTls: true);
        TestCertificate expired = server.Certificates!.Client("root", validity: TestValidity.Past);

        BackupException e = await RefusedAsync(With(server, expired), FailureReason.InvalidInput);

        Assert.StartsWith("The etcd client certificate 'CN=root' expired on 20", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_of_another_authority_is_reported()
    {
        EtcdServer server = await servers.WithKeysAsync("3.5", mutualTls: true);
        using TestCertificates other = new("Other CA");
        EtcdConnection connection = EtcdServers.ConnectionTo(server) with { CaCertificatesPem = other.AuthorityPem };

        BackupException e = await RefusedAsync(connection, FailureReason.EtcdDenied);

        Assert.Equal(
            $"{server.EndpointList}: Maintenance/Status failed: the server's certificate is not signed by the given CA"
            + " (its issuer is 'CN=Test etcd CA').",
            e.Message);
    }

    [Fact]
    public async Task A_server_of_another_name_is_reported_and_its_name_can_be_given()
    {
        EtcdServer server = await servers.WithKeysAsync("3.5", mutualTls: true);
        EtcdConnection connection = EtcdServers.ConnectionTo(server);

        BackupException e = await RefusedAsync(connection with { ServerName = "etcd-0" }, FailureReason.EtcdDenied);
        await using EtcdSnapshot named = await SnapshotFile.Source(connection with { ServerName = "localhost" })
            .OpenAsync(CancellationToken.None);

        Assert.EndsWith(
            "certificate is not for 'etcd-0' but for localhost, 127.0.0.1.",
            e.Message,
            StringComparison.Ordinal);
        Assert.Equal(5, named.Member.Revision);
    }

    [Theory]
    [InlineData("3.4", "https", "http")]
    [InlineData("3.4", "http", "https")]
    [InlineData("3.5", "https", "http")]
    [InlineData("3.5", "http", "https")]
    public async Task The_wrong_scheme_gives_a_hint(string version, string requested, string spoken)
    {
        EtcdServer server = await servers.WithKeysAsync(version, mutualTls: spoken == "https");
        EtcdConnection connection = EtcdServers.ConnectionTo(server) with
        {
            Endpoints = [new UriBuilder(server.Endpoints[0]) { Scheme = requested }.Uri],
        };

        BackupException e = await Assert.ThrowsAsync<BackupException>(
            () => SnapshotFile.Source(connection).OpenAsync(CancellationToken.None));

        Assert.Contains("http", e.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refused_port_and_an_unknown_name_have_different_messages()
    {
        EtcdConnection connection = new()
        {
            Endpoints = EtcdEndpoints.Parse($"http://127.0.0.1:{FreePort.Take()},http://no-such-host.invalid:2379"),
        };

        BackupException e = await RefusedAsync(connection, FailureReason.EtcdUnreachable);

        Assert.Contains(
            $"{EtcdEndpoints.Display(connection.Endpoints[0])}: Maintenance/Status failed: connection refused.",
            e.Message,
            StringComparison.Ordinal);
        Assert.StartsWith("Check that etcd runs at this address", e.Hint, StringComparison.Ordinal);
        Assert.Contains(
            "http://no-such-host.invalid:2379: Maintenance/Status failed: the host name cannot be resolved",
            e.Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("3.4")]
    [InlineData("3.5")]
    public async Task The_right_user_and_password_allow_a_snapshot(string version)
    {
        EtcdServer server = await servers.WithUsersAsync(version);

        (EtcdMember member, _) = await SnapshotFile.TakeAndCheckAsync(
            EtcdServers.ConnectionTo(server) with { User = "root", Password = server.RootPassword },
            EtcdServers.Series(version));

        Assert.Equal(server.EndpointList, member.Endpoint);
    }

    [Theory]
    [InlineData("3.4", "root", "wrong", "etcdserver: authentication failed, invalid user ID or password")]
    [InlineData("3.5", "root", "wrong", "etcdserver: authentication failed, invalid user ID or password")]
    [InlineData("3.5", "unknown", "wrong", "etcdserver: authentication failed, invalid user ID or password")]
    [InlineData("3.4", null, null, "auth: user name is empty")]
    [InlineData("3.5", null, null, "etcdserver: user name is empty")]
    [InlineData("3.4", "reader", "reader-password", "auth: permission denied")]
    [InlineData("3.5", "reader", "reader-password", "etcdserver: permission denied")]
    public async Task The_wrong_user_is_refused_with_the_reason_and_without_the_password(
        string version, string? user, string? password, string why)
    {
        EtcdServer server = await servers.WithUsersAsync(version);

        BackupException e = await RefusedAsync(
            EtcdServers.ConnectionTo(server) with { User = user, Password = password }, FailureReason.EtcdDenied);

        Assert.StartsWith($"{server.EndpointList}: ", e.Message, StringComparison.Ordinal);
        Assert.EndsWith($" failed: {why}.", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(password ?? "wrong", e.Message, StringComparison.Ordinal);
        Assert.NotNull(e.Hint);
    }

    [Fact]
    public async Task A_password_in_the_user_name_gives_a_hint_and_is_not_shown()
    {
        EtcdServer server = await servers.WithUsersAsync("3.5");

        BackupException e = await RefusedAsync(
            EtcdServers.ConnectionTo(server) with { User = $"root:{server.RootPassword}", Password = "any" },
            FailureReason.EtcdDenied);

        Assert.EndsWith("authentication failed, invalid user ID or password.", e.Message, StringComparison.Ordinal);
        Assert.Equal(
            "The name of the etcd user has a colon. Unlike in etcdctl, the password is not part of it: give only the "
            + "name ('root'), and put the password into the environment variable ETCD_PASSWORD.",
            e.Hint);
    }

    [Fact]
    public async Task A_user_may_be_given_if_authentication_is_not_enabled()
    {
        EtcdServer server = await servers.WithKeysAsync("3.5", mutualTls: false);

        await using EtcdSnapshot snapshot = await SnapshotFile
            .Source(EtcdServers.ConnectionTo(server) with { User = "root", Password = "any" })
            .OpenAsync(CancellationToken.None);

        Assert.Equal(5, snapshot.Member.Revision);
    }

    private static EtcdConnection With(EtcdServer server, TestCertificate client) =>
        EtcdServers.ConnectionTo(server) with
        {
            ClientCertificatePem = client.CertificatePem,
            ClientKeyPem = client.KeyPem,
        };

    private static async Task<BackupException> RefusedAsync(EtcdConnection connection, FailureReason reason)
    {
        BackupException e = await Assert.ThrowsAsync<BackupException>(
            () => SnapshotFile.Source(connection).OpenAsync(CancellationToken.None));
        Assert.Equal(reason, e.Reason);
        return e;
    }
}

using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Etcd;
using EtcdBackupAgent.Testing.Etcd;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Etcd.Watching;

/// <summary>What a watch does not report: leases, users and members; and watching with authentication.</summary>
public sealed class WatchedSettingsTests
{
    private const string Password = "root-password";

    public static TheoryData<string> Versions => Watcher.Versions;

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_lease_has_its_granted_time_until_it_is_gone(string version)
    {
        await using EtcdServer server = await EtcdServer.StartAsync(
            new EtcdServerOptions { Series = EtcdServers.Series(version), Members = 3 });
        using IndependentClient etcd = new(server.Endpoints[0]);
        // A follower, which asks the leader.
        await using IWatchedMember member = await Watcher.ConnectAsync(EtcdServers.ConnectionTo(server));
        long lease = await etcd.GrantLeaseAsync(4321);

        Assert.Equal(4321, await member.FindLeaseTtlAsync(lease, CancellationToken.None));
        await etcd.RevokeLeaseAsync(lease);
        Assert.Null(await member.FindLeaseTtlAsync(lease, CancellationToken.None));
        Assert.Null(await member.FindLeaseTtlAsync(12345, CancellationToken.None));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task The_settings_change_with_a_user_and_with_a_member_only(string version)
    {
        await using EtcdServer server =
            await EtcdServer.StartAsync(new EtcdServerOptions { Series = EtcdServers.Series(version) });
        await using IWatchedMember member = await Watcher.ConnectAsync(EtcdServers.ConnectionTo(server));
        string before = await member.ReadSettingsAsync(CancellationToken.None);
        await server.EtcdctlAsync("put", "key", "value");
        Assert.Equal(before, await member.ReadSettingsAsync(CancellationToken.None));

        await server.EtcdctlAsync("user", "add", "reader:reader-password");
        string withUser = await member.ReadSettingsAsync(CancellationToken.None);
        await server.AddLearnerAsync();
        string withMember = await member.ReadSettingsAsync(CancellationToken.None);

        bool isReported = version != "3.4";
        Assert.Equal(isReported, before.StartsWith("authentication disabled, revision ", StringComparison.Ordinal));
        Assert.Equal(isReported, before != withUser);
        Assert.NotEqual(withUser, withMember);
        Assert.Contains("learner ", withMember, StringComparison.Ordinal);
        // None of these changes is a revision.
        Assert.Equal(2, await member.ReadHeadAsync(CancellationToken.None));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_user_and_a_password_allow_every_call(string version)
    {
        await using EtcdServer server =
            await EtcdServer.StartAsync(new EtcdServerOptions { Series = EtcdServers.Series(version) });
        await server.EnableAuthenticationAsync(Password);
        await using IWatchedMember member = await Watcher.ConnectAsync(WithUser(server));
        await using Watcher watcher = new(member, member.Head + 1);
        await server.EtcdctlAsync("put", "key", "value");

        await watcher.ReadAsync();

        Assert.Equal(2, Assert.Single(watcher.Records).Main);
        Assert.Equal(2, await member.ReadHeadAsync(CancellationToken.None));
        Assert.False(await member.IsCompactedAsync(2, CancellationToken.None));
        Assert.Null(await member.FindLeaseTtlAsync(1, CancellationToken.None));
        Assert.Equal(
            version != "3.4",
            (await member.ReadSettingsAsync(CancellationToken.None))
                .StartsWith("authentication enabled", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_watch_goes_on_when_authentication_is_enabled_and_the_calls_get_a_token_then(string version)
    {
        await using EtcdServer server =
            await EtcdServer.StartAsync(new EtcdServerOptions { Series = EtcdServers.Series(version) });
        await using IWatchedMember member = await Watcher.ConnectAsync(WithUser(server));
        await using Watcher watcher = new(member, member.Head + 1);
        await server.EtcdctlAsync("put", "key", "before");
        await watcher.ReadAsync();

        await server.EnableAuthenticationAsync(Password);
        await server.EtcdctlAsync("put", "key", "after");

        await watcher.ReadToAsync(3);
        Assert.Equal(3, await member.ReadHeadAsync(CancellationToken.None));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_token_that_is_not_valid_any_more_ends_the_connection_and_a_new_one_works(string version)
    {
        await using EtcdServer server =
            await EtcdServer.StartAsync(new EtcdServerOptions { Series = EtcdServers.Series(version) });
        await server.EnableAuthenticationAsync(Password);
        await using IWatchedMember member = await Watcher.ConnectAsync(WithUser(server));
        // This discards all tokens.
        await server.EtcdctlAsync("auth", "disable");
        await server.EtcdctlAsync("auth", "enable");

        BackupException e =
            await Assert.ThrowsAsync<BackupException>(() => member.ReadHeadAsync(CancellationToken.None));
        await using Watcher refused = new(member, member.Head + 1);
        BackupException ofWatch = await refused.FailAsync<BackupException>();
        await using IWatchedMember next = await Watcher.ConnectAsync(WithUser(server));

        Assert.Equal(FailureReason.EtcdFailed, e.Reason);
        Assert.Contains("invalid auth token", e.Message, StringComparison.Ordinal);
        Assert.StartsWith("The token of this connection has expired.", e.Hint, StringComparison.Ordinal);
        Assert.Equal((e.Reason, e.Hint), (ofWatch.Reason, ofWatch.Hint));
        Assert.Equal(member.Head, next.Head);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_watch_without_a_user_is_denied_when_authentication_is_enabled(string version)
    {
        await using EtcdServer server =
            await EtcdServer.StartAsync(new EtcdServerOptions { Series = EtcdServers.Series(version) });
        await using IWatchedMember member = await Watcher.ConnectAsync(EtcdServers.ConnectionTo(server));
        await server.EnableAuthenticationAsync(Password);

        await using Watcher watcher = new(member, member.Head + 1);
        BackupException e = await watcher.FailAsync<BackupException>();

        Assert.Equal(FailureReason.EtcdDenied, e.Reason);
        Assert.StartsWith(
            $"{member.Endpoint}: Watch/Watch was canceled by the member: ", e.Message, StringComparison.Ordinal);
    }

    private static EtcdConnection WithUser(EtcdServer server) =>
        EtcdServers.ConnectionTo(server) with { User = "root", Password = Password };
}

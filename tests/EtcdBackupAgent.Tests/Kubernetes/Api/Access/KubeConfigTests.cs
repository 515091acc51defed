using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Api.Access;
using EtcdBackupAgent.Testing.Certificates;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Time;
using Xunit;

namespace EtcdBackupAgent.Tests.Kubernetes.Api.Access;

/// <summary>Reading kubeconfig files. Other tests compare the results with kubectl.</summary>
public sealed class KubeConfigTests : IDisposable
{
    private const string Secret = "very-secret";
    private readonly TestDirectory _directory = new();

    [Fact]
    public async Task The_first_file_that_has_an_entry_wins()
    {
        string first = Write("first", Config("https://one:6443", $"token: {Secret}"));
        string second = Write("second", """
            clusters: [{name: c, cluster: {server: "https://two"}}, {name: d, cluster: {server: "https://three/prefix/"}}]
            users: [{name: u, user: {token: other}}]
            contexts: [{name: x, context: {cluster: d}}, {name: y, context: {cluster: d, user: u, namespace: ns}}]
            current-context: y
            """);
        string[] files = [_directory["absent"], first, second];

        KubernetesConnection current = await LoadAsync(files);
        KubernetesConnection named = await LoadAsync(files, "y");

        Assert.Equal(("https://one:6443", "default"), ($"{current}", current.Namespace));
        Assert.Equal(("https://three/prefix", "ns"), ($"{named}", named.Namespace));
        Assert.Equal(Secret, await named.Credentials.TokenAsync(CancellationToken.None));
    }

    [Fact]
    public async Task The_files_are_those_of_the_variable_or_the_one_in_the_home_directory()
    {
        Assert.Equal(["/a", "/b"], KubeConfig.Files(name => name == "KUBECONFIG" ? "/a::/b" : null));
        Assert.Equal(["/home/me/.kube/config"], KubeConfig.Files(name => name == "HOME" ? "/home/me" : ""));
        BackupException e = await RefusedAsync(_directory["absent"]);
        Assert.Contains($"'{_directory["absent"]}'", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Data_has_precedence_over_files_and_paths_are_relative_to_the_kubeconfig()
    {
        using TestCertificates authority = new();
        TestCertificate client = authority.Client("admin");
        client.WriteTo(_directory.Path, "client");
        await File.WriteAllTextAsync(_directory["ca.crt"], authority.AuthorityPem);
        string data = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(client.CertificatePem));
        string file = Write(
            "config",
            Config(
                "https://one",
                $"client-certificate: absent, client-certificate-data: {data}, client-key: client.key",
                ", certificate-authority: ca.crt, tls-server-name: api, proxy-url: \"socks5://proxy:1080\""));

        KubernetesConnection connection = await LoadAsync([file]);

        Assert.Equal(authority.AuthorityPem, connection.CaCertificatesPem);
        Assert.Equal(("api", "socks5://proxy:1080"), (connection.ServerName, connection.Proxy?.ToString()));
        Assert.Equal("CN=admin", connection.Credentials.Certificate?.Subject);
        Assert.True(connection.Credentials.Certificate!.HasPrivateKey);
    }

    [Fact]
    public async Task A_token_file_is_read_again_after_a_minute_and_its_last_token_is_kept_if_it_is_missing()
    {
        ManualTime time = new(DateTimeOffset.UnixEpoch);
        string file = Write("config", Config("https://one", "tokenFile: token, token: other"));
        Write("token", "one\n");
        KubernetesConnection connection = await KubeConfig.LoadAsync(
            [file],
            context: null,
            time,
            CancellationToken.None);

        string? first = await connection.Credentials.TokenAsync(CancellationToken.None);
        Write("token", "two\n");
        time.Advance(TimeSpan.FromSeconds(61));
        string? second = await connection.Credentials.TokenAsync(CancellationToken.None);
        File.Delete(_directory["token"]);
        time.Advance(TimeSpan.FromSeconds(61));
        string? third = await connection.Credentials.TokenAsync(CancellationToken.None);

        Assert.Equal("one two two", $"{first} {second} {third}");
    }

    [Theory]
    [InlineData("clusters: {", "is not YAML")]
    [InlineData("- a", "it is not a mapping")]
    [InlineData("", "has no current-context")]
    [InlineData("current-context: x", "has no context 'x'")]
    [InlineData("{current-context: x, contexts: [{name: x, context: {user: u}}]}", "it names no cluster")]
    [InlineData("{current-context: x, contexts: [{name: x, context: {cluster: c}}]}", "there is no cluster 'c'")]
    [InlineData("{contexts: [{context: {cluster: c}}]}", "an item of 'contexts' has no name")]
    [InlineData("{contexts: 3}", "the field 'contexts' must be a list")]
    public async Task A_damaged_file_is_reported_with_its_name(string text, string why)
    {
        string file = Write("config", text);

        BackupException e = await RefusedAsync(file);

        Assert.Contains(why, e.Message, StringComparison.Ordinal);
        Assert.Contains(file, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ftp://one", "token: a", "", "'server' is not an address of https or http")]
    [InlineData("https://one", "token: a", ", insecure-skip-tls-verify: maybe", "must be true or false")]
    [InlineData(
        "https://one",
        "token: a",
        ", insecure-skip-tls-verify: true, certificate-authority-data: YQ==",
        "exclude each other")]
    [InlineData(
        "https://one",
        "token: a",
        ", certificate-authority: absent",
        "which 'certificate-authority' names, cannot be read")]
    [InlineData("https://one", "client-key-data: very-secret", "", "is not base64")]
    [InlineData("https://one", "client-key-data: dmVyeS1zZWNyZXQ=", "", "must both be given, or neither")]
    [InlineData(
        "https://one",
        "client-certificate-data: dmVyeS1zZWNyZXQ=, client-key-data: dmVyeS1zZWNyZXQ=",
        "",
        "it is not a certificate in PEM")]
    [InlineData("https://one", "username: a, password: very-secret", "", "no longer supported")]
    [InlineData("https://one", "auth-provider: {name: gcp}", "", "no longer supported")]
    [InlineData(
        "https://one",
        "token: very-secret, exec: {apiVersion: client.authentication.k8s.io/v1, command: a}",
        "",
        "'exec' excludes")]
    [InlineData(
        "https://one",
        "exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: a}",
        "",
        "known are")]
    [InlineData("https://one", "exec: {apiVersion: client.authentication.k8s.io/v1}", "", "has no 'command'")]
    [InlineData(
        "https://one",
        "exec: {apiVersion: client.authentication.k8s.io/v1, command: a, interactiveMode: Always}",
        "",
        "the agent runs without one")]
    public async Task An_invalid_entry_is_reported_without_a_secret(
        string server, string user, string cluster, string why)
    {
        BackupException e = await RefusedAsync(Write("config", Config(server, user, cluster)));

        Assert.Contains(why, e.Message, StringComparison.Ordinal);
        Assert.Matches("^The .*(cluster 'c'|user 'u') of '", e.Message);
        Assert.DoesNotContain(Secret, $"{e}", StringComparison.Ordinal);
        Assert.DoesNotContain("dmVyeS1zZWNyZXQ=", $"{e}", StringComparison.Ordinal);
    }

    public void Dispose() => _directory.Dispose();

    private static string Config(string server, string user, string cluster = "") => $$"""
        clusters: [{name: c, cluster: {server: "{{server}}"{{cluster}} } }]
        users: [{name: u, user: { {{user}} } }]
        contexts: [{name: x, context: {cluster: c, user: u} }]
        current-context: x
        """;

    private static Task<KubernetesConnection> LoadAsync(IReadOnlyList<string> files, string? context = null) =>
        KubeConfig.LoadAsync(files, context, TimeProvider.System, CancellationToken.None);

    private static async Task<BackupException> RefusedAsync(string file)
    {
        BackupException e = await Assert.ThrowsAsync<BackupException>(() => LoadAsync([file]));
        Assert.Equal(FailureReason.InvalidInput, e.Reason);
        return e;
    }

    private string Write(string name, string text)
    {
        File.WriteAllText(_directory[name], text);
        return _directory[name];
    }
}

using System.Text;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Kubernetes.Reading;
using EtcdBackupAgent.Testing.Directories;
using Xunit;

namespace EtcdBackupAgent.Tests.Kubernetes.Reading;

/// <summary>The pod of a backup has its Secrets in its environment and in a mounted directory, and needs nothing
/// else.</summary>
public sealed class PodSecretsTests : IDisposable
{
    private const string Location = """
        {"metadata":{"name":"s3","namespace":"kubedr-system"},
         "spec":{"url":"https://s3.example.com","bucketName":"etcd","credentials":"minio"}}
        """;

    private const string Policy = """
        {"metadata":{"name":"p","namespace":"kubedr-system"},"spec":{"destination":"s3"}}
        """;

    private readonly TestDirectory _directory = new();
    private readonly Dictionary<string, string> _environment = new(StringComparer.Ordinal)
    {
        ["AWS_ACCESS_KEY_ID"] = "access",
        ["AWS_SECRET_ACCESS_KEY"] = "secret",
    };

    [Fact]
    public async Task A_location_with_a_passphrase_is_valid_without_the_passphrase()
    {
        WriteCertificates("ca.crt", "client.crt", "client.key");

        ResourceSet set = await BindAsync();

        Assert.Empty(set.Problems);
        BackupLocation location = Assert.Single(set.Locations.Values);
        Assert.IsType<PassphraseLocation>(location.Encryption);
        Assert.Equal("access", Text(set, "minio", "access_key"));
        Assert.Equal("secret", Text(set, "minio", "secret_key"));
        Assert.Equal("text of client.key", Text(set, "etcd-creds", "client.key"));
    }

    [Fact]
    public async Task An_existing_passphrase_is_found_in_the_Secret_of_the_location()
    {
        WriteCertificates("ca.crt", "client.crt", "client.key");
        _environment.Add("ETCD_BACKUP_PASSPHRASE", "phrase");

        ResourceSet set = await BindAsync();

        PassphraseLocation encryption = Assert.IsType<PassphraseLocation>(
            Assert.Single(set.Locations.Values).Encryption);
        Assert.Equal("phrase", Text(set, encryption.Secret.Name, encryption.SecretKey));
    }

    [Theory]
    [InlineData("secret\n\n", "ends in more than one line end")]
    [InlineData(" secret", "starts with white space")]
    public async Task A_key_with_additional_white_space_is_refused_and_not_shown(string secretKey, string fault)
    {
        WriteCertificates("ca.crt", "client.crt", "client.key");
        _environment["AWS_ACCESS_KEY_ID"] = "access\r\n";
        _environment["AWS_SECRET_ACCESS_KEY"] = secretKey;

        ResourceSet set = await BindAsync();

        ResourceProblem problem = set.Problems[0];
        Assert.Equal("spec.credentials", problem.Field);
        Assert.StartsWith(
            $"the secret_key of Secret kubedr-system/minio {fault}",
            problem.Message,
            StringComparison.Ordinal);
        Assert.Empty(set.Locations);
    }

    [Fact]
    public async Task The_location_of_a_directory_needs_no_Secret()
    {
        ResourceSet set = await BindAsync(
            """{"metadata":{"name":"s3","namespace":"kubedr-system"},"spec":{"url":"file:///var/backups","credentials":"disk"}}""",
            """{"metadata":{"name":"p","namespace":"kubedr-system"},"spec":{"destination":"s3","etcdEndpoint":"http://127.0.0.1:2379"}}"""
        );

        Assert.Empty(set.Problems);
        Assert.Single(set.Policies);
    }

    [Fact]
    public async Task A_missing_variable_or_file_of_the_pod_is_named()
    {
        _environment.Remove("AWS_SECRET_ACCESS_KEY");
        WriteCertificates("ca.crt", "client.crt");

        ResourceSet set = await BindAsync();

        Assert.Equal(
            [
                "BackupLocation kubedr-system/s3: spec.credentials: Secret kubedr-system/minio has no secret_key",
                "MetadataBackupPolicy kubedr-system/p: spec.destination: BackupLocation kubedr-system/s3 is itself "
                + "invalid",
                "MetadataBackupPolicy kubedr-system/p: spec.etcdCreds: Secret kubedr-system/etcd-creds has no "
                + "client.key",
            ],
            set.Problems.Select(problem => $"{problem}"));
        Assert.DoesNotContain(
            "access",
            set.Secrets.Values.First().ToString().Replace("access_key", "", StringComparison.Ordinal),
            StringComparison.Ordinal);
    }

    public void Dispose() => _directory.Dispose();

    private static string Text(ResourceSet set, string secret, string key) =>
        Encoding.UTF8.GetString(set.Secrets[new ResourceName("kubedr-system", secret)].Data[key]);

    private void WriteCertificates(params string[] files)
    {
        foreach (string file in files)
        {
            _directory.Write($"creds/{file}", $"text of {file}");
        }
    }

    private Task<ResourceSet> BindAsync(string location = Location, string policy = Policy) =>
        new ClusterBinding(new PodSecrets(name => _environment.GetValueOrDefault(name), _directory["creds"])).BindAsync(
            [new LocationObject((JsonObject)JsonNode.Parse(location)!)],
            [new PolicyObject((JsonObject)JsonNode.Parse(policy)!)],
            CancellationToken.None);
}

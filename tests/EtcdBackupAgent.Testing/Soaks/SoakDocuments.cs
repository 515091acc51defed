using System.Text.Json;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Storage;

namespace EtcdBackupAgent.Testing.Soaks;

/// <summary>
/// The documents of the worker in a soak: a location in a bucket, its credentials, one policy.
/// </summary>
internal static class SoakDocuments
{
    public static void Write(
        TestDirectory directory, EtcdServer etcd, RgwServer s3, string bucket, TimeSpan every, int retain)
    {
        Write(directory, "secret", new
        {
            apiVersion = "v1",
            kind = "Secret",
            metadata = new { name = "s3-creds" },
            stringData = new { access_key = s3.AccessKey, secret_key = s3.SecretKey },
        });
        Write(directory, "location", Document("BackupLocation", "bucket", new
        {
            url = s3.HttpEndpoint.GetLeftPart(UriPartial.Authority),
            bucketName = bucket,
            credentials = "s3-creds",
            encryption = "None",
        }));
        Write(directory, "policy", Document("MetadataBackupPolicy", "soak", new
        {
            destination = "bucket",
            etcdEndpoint = etcd.EndpointList,
            schedule = FormattableString.Invariant($"@every {every.TotalSeconds:0}s"),
            retainNumBackups = retain,
            changeLog = new { closeEvery = "1s", keep = "2m" },
        }));
    }

    private static object Document(string kind, string name, object spec) =>
        new { apiVersion = "kubedr.catalogicsoftware.com/v1alpha1", kind, metadata = new { name }, spec };

    private static void Write(TestDirectory directory, string name, object document) =>
        File.WriteAllText(directory[$"{name}.json"], JsonSerializer.Serialize(document));
}

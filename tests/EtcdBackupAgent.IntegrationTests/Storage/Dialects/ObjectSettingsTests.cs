using Amazon.S3.Model;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Storage.S3;
using EtcdBackupAgent.Testing.Storage;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Storage.Dialects;

/// <summary>The settings of stored objects: encryption, storage class and tags; in one part and in several.</summary>
[Collection(RgwTests.Name)]
public sealed class ObjectSettingsTests(RgwFixture fixture)
{
    private const long SeveralParts = 6 << 20;

    private static readonly ObjectKey Small = new("small");
    private static readonly ObjectKey Large = new("large");

    [Fact]
    public async Task A_bucket_that_requires_encryption_accepts_encrypted_objects()
    {
        S3Options options = fixture.Options();
        using S3ObjectStore owner = new(options, TimeProvider.System);
        await owner.EnsureCreatedAsync(CancellationToken.None);
        string user = $"sse-{options.BucketName}";
        await fixture.Server.CreateUserAsync(user, user, "secret-of-no-value");
        using BucketOwner admin = new(fixture.Server);
        await admin.PutPolicyAsync(options.BucketName, DemandEncryption(options.BucketName, user));
        S3Options ofUser = options with
        {
            Credentials = new S3Credentials { AccessKey = user, SecretKey = "secret-of-no-value" },
        };
        using S3ObjectStore without = new(ofUser, TimeProvider.System);
        using S3ObjectStore with = new(
            ofUser with { Objects = new ObjectSettings { ServerSideEncryption = "AES256" } }, TimeProvider.System);

        BackupException e = await Assert.ThrowsAsync<BackupException>(() => PutAsync(without, Small, 10));
        await PutAsync(with, Small, 10);
        Assert.True(await with.TryCreateAsync(new ObjectKey("manifest.json"), new byte[10], CancellationToken.None));

        Assert.Equal(FailureReason.StoreDenied, e.Reason);
    }

    [Fact]
    public async Task Everything_is_encrypted_with_the_given_key_and_can_be_read()
    {
        S3Options options = fixture.Options() with
        {
            Objects = new ObjectSettings { ServerSideEncryption = "aws:kms", KmsKeyId = RgwServer.KmsKeyId },
        };
        using S3ObjectStore store = new(options, TimeProvider.System);
        await store.EnsureCreatedAsync(CancellationToken.None);

        await PutAsync(store, Small, 10);
        await PutAsync(store, Large, SeveralParts);

        using BucketOwner owner = new(fixture.Server);
        foreach ((ObjectKey key, long length) in new[] { (Small, 10), (Large, SeveralParts) })
        {
            GetObjectMetadataResponse stored = await owner.HeadAsync(options.BucketName, key.Value);
            Assert.Equal("aws:kms", stored.ServerSideEncryptionMethod?.Value);
            Assert.Equal(RgwServer.KmsKeyId, stored.ServerSideEncryptionKeyManagementServiceKeyId);
            await using Stream content = await store.OpenReadAsync(key, range: null, CancellationToken.None);
            await PatternStream.AssertEqualAsync(length, content);
        }
    }

    [Fact]
    public async Task An_unknown_key_is_reported()
    {
        S3Options options = fixture.Options() with
        {
            Objects = new ObjectSettings { ServerSideEncryption = "aws:kms", KmsKeyId = "no-such-key" },
        };
        using S3ObjectStore store = new(options, TimeProvider.System);
        await store.EnsureCreatedAsync(CancellationToken.None);

        BackupException e = await Assert.ThrowsAsync<BackupException>(() => PutAsync(store, Small, 10));

        Assert.Equal(FailureReason.StoreDenied, e.Reason);
        Assert.Contains("'no-such-key'", e.Message, StringComparison.Ordinal);
        Assert.Equal([Setting.S3KmsKey], e.Settings);
    }

    [Fact]
    public async Task Tags_and_the_storage_class_are_sent_with_every_object()
    {
        await using DialectScene scene = await DialectScene.CreateAsync(fixture);
        List<(S3Call Call, string Class, string Tags)> made = [];
        scene.Proxy.Answer = request =>
        {
            S3Call call = S3Calls.Of(request);
            if (call is S3Call.PutObject or S3Call.CreateMultipartUpload or S3Call.UploadPart)
            {
                made.Add((call, $"{request.Headers["x-amz-storage-class"]}", $"{request.Headers["x-amz-tagging"]}"));
            }

            return Task.FromResult<S3Answer?>(null);
        };
        using S3ObjectStore store = new(
            scene.Options with
            {
                Objects = new ObjectSettings
                {
                    StorageClass = "STANDARD",
                    Tags = new Dictionary<string, string>(StringComparer.Ordinal) { ["team"] = "a b+c", ["x"] = "" },
                },
            },
            TimeProvider.System);

        await PutAsync(store, Small, 10);
        await PutAsync(store, Large, SeveralParts);

        // Ceph 16 stores no tags for an upload in parts: there the test checks only the request.
        using BucketOwner owner = new(fixture.Server);
        Assert.Equal(["team=a b+c", "x="], await owner.TagsAsync(scene.Options.BucketName, Small.Value));
        Assert.Equal(
            [
                (S3Call.PutObject, "STANDARD", "team=a%20b%2Bc&x="),
                (S3Call.CreateMultipartUpload, "STANDARD", "team=a%20b%2Bc&x="),
                (S3Call.UploadPart, "", ""),
            ],
            made.Distinct());
    }

    [Fact]
    public async Task An_archived_object_is_reported_with_the_way_to_restore_it()
    {
        await using DialectScene scene = await DialectScene.CreateAsync(fixture);
        await scene.FillAsync("small");
        scene.Refuse(S3Call.GetObject, new S3Answer(403, "InvalidObjectState") { Message = "It is archived." });

        BackupException e = await Assert.ThrowsAsync<BackupException>(
            () => scene.Store.OpenReadAsync(Small, range: null, CancellationToken.None));

        Assert.Equal(FailureReason.StoreFailed, e.Reason);
        Assert.Contains("archive storage class", e.Message, StringComparison.Ordinal);
        Assert.Contains("restore-object", e.Hint, StringComparison.Ordinal);
    }

    private static Task<long> PutAsync(S3ObjectStore store, ObjectKey key, long length) =>
        store.PutAsync(key, new PatternStream(length), CancellationToken.None);

    /// <summary>
    /// The policy in Amazon's documentation, for PutObject. With it, Ceph 16 refuses CreateMultipartUpload even with
    /// the header.
    /// </summary>
    private static string DemandEncryption(string bucket, string user) => $$"""
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Principal": {"AWS": ["arn:aws:iam:::user/{{user}}"]},
              "Action": ["s3:PutObject", "s3:GetObject", "s3:ListBucket"],
              "Resource": ["arn:aws:s3:::{{bucket}}", "arn:aws:s3:::{{bucket}}/*"]
            },
            {
              "Effect": "Deny",
              "Principal": {"AWS": ["arn:aws:iam:::user/{{user}}"]},
              "Action": ["s3:PutObject"],
              "Resource": ["arn:aws:s3:::{{bucket}}/*"],
              "Condition": { "Null": { "s3:x-amz-server-side-encryption": "true" } }
            }
          ]
        }
        """;
}

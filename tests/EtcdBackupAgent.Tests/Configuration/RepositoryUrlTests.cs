using EtcdBackupAgent.Configuration;
using EtcdBackupAgent.Core.Failures;
using Xunit;

namespace EtcdBackupAgent.Tests.Configuration;

public sealed class RepositoryUrlTests
{
    [Theory]
    [InlineData("s3://backups", "backups", null)]
    [InlineData("s3://backups/", "backups", null)]
    [InlineData("s3://backups/clusters/One", "backups", "clusters/One")]
    [InlineData("s3://backups/clusters/", "backups", "clusters")]
    [InlineData("s3://etcd.backups/a_b-c.d", "etcd.backups", "a_b-c.d")]
    public void A_bucket_and_its_prefix_are_used_as_written(string text, string bucket, string? prefix)
    {
        DirectRepository read = RepositoryUrl.Parse(text);

        Assert.Equal((bucket, prefix, null), (read.BucketName, read.Prefix, read.Directory));
    }

    [Theory]
    [InlineData("s3://MyBucket", "has the bucket 'MyBucket'; allowed are 3 to 63 lower-case letters")]
    [InlineData("s3://my_bucket", "has the bucket 'my_bucket'")]
    [InlineData("s3://10.0.0.1/x", "has the bucket '10.0.0.1'")]
    [InlineData("s3://ab", "has the bucket 'ab'")]
    [InlineData("s3://b%61ckups", "has the bucket 'b%61ckups'")]
    [InlineData("s3://backups:9000/x", "has a port; give the server with --s3-endpoint")]
    [InlineData("s3://backups?x", "has the bucket 'backups?x'")]
    [InlineData("s3://backups#x", "has the bucket 'backups#x'")]
    [InlineData("s3://backups//x", "has the prefix '/x'")]
    [InlineData("s3://backups/x//", "has the prefix 'x/'")]
    [InlineData("s3://backups/x/../y", "has the prefix 'x/../y'")]
    [InlineData("s3://backups/./y", "has the prefix './y'")]
    [InlineData("s3://backups/x%2Fy", "has the prefix 'x%2Fy'")]
    [InlineData("s3://backups/x#y", "has the prefix 'x#y'")]
    [InlineData("s3://backups/x?y", "has the prefix 'x?y'")]
    [InlineData("s3://backups/x\\y", "has the prefix 'x\\y'")]
    [InlineData("s3://backups/x ", "has the prefix 'x '")]
    [InlineData("s3://backups ", "has the bucket 'backups '")]
    [InlineData("S3://backups", "is not a repository's URL")]
    [InlineData("s3:/backups", "is not a repository's URL")]
    [InlineData("s3://", "is not a repository's URL")]
    [InlineData("https://backups", "is not a repository's URL")]
    [InlineData("/var/backups", "is not a repository's URL")]
    [InlineData("C:\\backups", "is not a repository's URL")]
    [InlineData("file:///dir/x#y", "has a '#' in its path")]
    [InlineData("file:///dir/../y", "has '//', '.' or '..' in its path")]
    public void A_URL_that_cannot_be_used_as_written_is_refused(string text, string expected)
    {
        BackupException e = Assert.Throws<BackupException>(() => RepositoryUrl.Parse(text));

        Assert.Equal(FailureReason.InvalidInput, e.Reason);
        Assert.Contains($"--repository '{text}' {expected}", e.Message, StringComparison.Ordinal);
        Assert.NotNull(e.Hint);
    }

    [Fact]
    public void A_password_is_not_repeated()
    {
        BackupException e = Assert.Throws<BackupException>(() => RepositoryUrl.Parse("s3://key:s3cret@backups/x"));

        Assert.DoesNotContain("s3cret", e.Message, StringComparison.Ordinal);
        Assert.Contains("AWS_SECRET_ACCESS_KEY", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_directory_is_the_path_of_the_URL() =>
        Assert.Equal("/var/my backups", RepositoryUrl.Parse("file:///var/my%20backups/").Directory);
}

using System.Net;
using Amazon.Runtime;
using Amazon.S3;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Tls;
using EtcdBackupAgent.Storage.S3;
using Xunit;

namespace EtcdBackupAgent.Tests.Storage.S3;

/// <summary>Responses that a test server cannot produce; the others are tested with a real server.</summary>
public sealed class S3ErrorsTests
{
    private static readonly S3Options Options =
        new() { BucketName = "bucket", Endpoint = new Uri("https://s3.example") };

    [Theory]
    [InlineData("RequestTimeTooSkewed", HttpStatusCode.Forbidden, FailureReason.StoreDenied, "clock", true)]
    [InlineData("ExpiredToken", HttpStatusCode.BadRequest, FailureReason.StoreDenied, "session token", false)]
    [InlineData("SlowDown", HttpStatusCode.ServiceUnavailable, FailureReason.StoreFailed, "fewer requests", true)]
    [InlineData("PermanentRedirect", HttpStatusCode.MovedPermanently, FailureReason.InvalidInput,
        "wrong region or endpoint", false)]
    [InlineData("XMinioStorageFull", HttpStatusCode.InsufficientStorage, FailureReason.StoreFull, "no room", false)]
    [InlineData("InternalError", HttpStatusCode.InternalServerError, FailureReason.StoreFailed,
        "500 InternalError", true)]
    [InlineData("BucketAlreadyExists", HttpStatusCode.Conflict, FailureReason.StoreDenied, "another account", false)]
    [InlineData("BadRequest", HttpStatusCode.BadRequest, FailureReason.StoreFailed, "400 BadRequest", true)]
    [InlineData("NotImplemented", HttpStatusCode.NotImplemented, FailureReason.StoreUnsupported,
        "501 NotImplemented", false)]
    [InlineData("MethodNotAllowed", HttpStatusCode.MethodNotAllowed,
        FailureReason.StoreUnsupported, "405 MethodNotAllowed", false)]
    [InlineData("AccessDenied", HttpStatusCode.Forbidden, FailureReason.StoreDenied,
        "not allowed to do this (AccessDenied: text)", false)]
    [InlineData("InvalidObjectState", HttpStatusCode.Forbidden, FailureReason.StoreFailed,
        "archive storage class", false)]
    public void A_response_has_its_reason_and_its_text_and_is_retried_or_not(
        string code, HttpStatusCode status, FailureReason reason, string words, bool again)
    {
        AmazonS3Exception answer = new("text", null, ErrorType.Sender, code, "request", status);

        BackupException e = S3Errors.Translate(answer, S3Action.Store("k"), Options);

        Assert.Equal(reason, e.Reason);
        Assert.StartsWith(
            "Cannot store 'k' in s3://bucket at https://s3.example: ", e.Message, StringComparison.Ordinal);
        Assert.Contains(words, e.Message, StringComparison.Ordinal);
        Assert.Equal(again, S3Errors.IsTransient(answer));
    }

    [Fact]
    public void A_refusal_contains_the_permission_and_its_resource()
    {
        AmazonS3Exception answer = new(
            "Access Denied", null, ErrorType.Sender, "AccessDenied", "request", HttpStatusCode.Forbidden);
        S3Options options = Options with { Prefix = "clusters/one" };

        BackupException put = S3Errors.Translate(answer, S3Action.Store("k"), options);
        BackupException list = S3Errors.Translate(answer, S3Action.ListUploads, options);

        Assert.Contains("s3:PutObject on arn:aws:s3:::bucket/clusters/one/*", put.Hint, StringComparison.Ordinal);
        Assert.Contains("s3:ListBucketMultipartUploads on arn:aws:s3:::bucket ", list.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void A_request_with_an_untrusted_certificate_is_not_retried()
    {
        UntrustedServerException untrusted = new("it is not trusted", "Trust it.");
        HttpRequestException failure = new(HttpRequestError.SecureConnectionError, "TLS", untrusted);

        Assert.False(S3Errors.IsTransient(failure));
        Assert.Equal("Trust it.", S3Errors.Translate(failure, S3Action.ListObjects, Options).Hint);
    }

    [Theory]
    [InlineData("\"d41d8cd98f00b204e9800998ecf8427e\"", true)]
    [InlineData("\"D41D8CD98F00B204E9800998ECF8427E\"", true)]
    [InlineData("\"not-an-md5\"", true)]
    [InlineData("\"00000000000000000000000000000000\"", false)]
    public void Bytes_that_changed_on_the_way_are_detected_if_the_ETag_is_an_MD5(string etag, bool passes)
    {
        ContentMd5 empty = ContentMd5.Of([]);

        Exception? thrown = Record.Exception(() => empty.CheckAgainst(etag, encryption: null));

        Assert.Equal(passes, thrown is null);
        Assert.True(passes || S3Errors.IsTransient(thrown!));
        empty.CheckAgainst(etag, ServerSideEncryptionMethod.AWSKMS);
    }

    [Fact]
    public void An_object_in_parts_has_the_MD5_of_their_MD5s()
    {
        // printf '' | openssl md5 -binary | md5sum
        ContentMd5 empty = ContentMd5.Of([]);

        Assert.True(ContentMd5.OfParts([empty]).Matches("\"59adb24ef3cdbe0297f05b395827453f-1\""));
    }
}

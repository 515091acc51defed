using EtcdBackupAgent.Etcd.Grpc;
using Xunit;

namespace EtcdBackupAgent.Tests.Etcd.Grpc;

public sealed class GrpcStatusTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("etcdserver: permission denied", "etcdserver: permission denied")]
    [InlineData("100%25", "100%")]
    [InlineData("%E2%82%AC%20uro", "€ uro")]
    [InlineData("%e2%82%ac", "€")]
    [InlineData("cut %E", "cut %E")]
    [InlineData("cut %", "cut %")]
    [InlineData("no %GG hex", "no %GG hex")]
    [InlineData("%FF", "\uFFFD")]
    [InlineData("two%0D%0Alines%1B[31m", "two  lines [31m")]
    public void A_message_is_percent_decoded_onto_one_line(string encoded, string decoded) =>
        Assert.Equal(decoded, GrpcStatus.Decode(encoded));

    [Fact]
    public void A_long_message_is_cut()
    {
        string decoded = GrpcStatus.Decode(new string('x', 10_000));

        Assert.Equal(new string('x', GrpcStatus.MessageLengthMax) + "…", decoded);
    }

    [Theory]
    [InlineData(400, GrpcStatusCode.Internal)]
    [InlineData(401, GrpcStatusCode.Unauthenticated)]
    [InlineData(403, GrpcStatusCode.PermissionDenied)]
    [InlineData(404, GrpcStatusCode.Unimplemented)]
    [InlineData(429, GrpcStatusCode.Unavailable)]
    [InlineData(502, GrpcStatusCode.Unavailable)]
    [InlineData(503, GrpcStatusCode.Unavailable)]
    [InlineData(504, GrpcStatusCode.Unavailable)]
    [InlineData(500, GrpcStatusCode.Unknown)]
    [InlineData(302, GrpcStatusCode.Unknown)]
    public void An_http_status_stands_for_a_missing_grpc_status(int http, object code)
    {
        GrpcStatus status = GrpcStatus.FromHttp(http);

        Assert.Equal(code, status.Code);
        Assert.Contains($"HTTP status {http}", status.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0", GrpcStatusCode.Ok)]
    [InlineData("16", GrpcStatusCode.Unauthenticated)]
    [InlineData("17", GrpcStatusCode.Unknown)]
    [InlineData("-1", GrpcStatusCode.Unknown)]
    [InlineData("OK", GrpcStatusCode.Unknown)]
    [InlineData("", GrpcStatusCode.Unknown)]
    public void A_status_that_is_no_known_number_is_unknown(string value, object code)
    {
        using HttpResponseMessage response = new();
        response.Headers.TryAddWithoutValidation("grpc-status", value);

        Assert.Equal(code, GrpcStatus.From(response.Headers)?.Code);
    }

    [Fact]
    public void Headers_without_a_status_have_none()
    {
        using HttpResponseMessage response = new();

        Assert.Null(GrpcStatus.From(response.Headers));
    }
}

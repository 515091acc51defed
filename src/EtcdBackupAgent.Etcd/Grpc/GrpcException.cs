namespace EtcdBackupAgent.Etcd.Grpc;

/// <summary>
/// A call that the server answered with a status other than OK, or whose answer is not gRPC. Failures of the connection are
/// <see cref="HttpRequestException"/> and <see cref="IOException"/>, as the platform throws them.
/// </summary>
internal sealed class GrpcException(GrpcStatusCode code, string detail) : Exception($"{detail} (gRPC status {code})")
{
    public GrpcStatusCode Code { get; } = code;

    /// <summary>The server's <c>grpc-message</c>, or what is wrong with its answer.</summary>
    public string Detail { get; } = detail;
}

namespace EtcdBackupAgent.Etcd.Grpc;

/// <summary>An answer being read: frames, then a status. Disposing it ends the call.</summary>
internal sealed class GrpcAnswer(HttpResponseMessage response, Stream body) : IDisposable
{
    /// <summary>
    /// How the call ended; known once the frames were read to their end. An answer that ends without a status was cut off.
    /// </summary>
    public GrpcStatus Status =>
        GrpcStatus.From(response.TrailingHeaders)
        ?? GrpcStatus.From(response.Headers)
        ?? new GrpcStatus(GrpcStatusCode.Internal, "the answer ended without a grpc-status");

    /// <summary>Reads bytes of the frames, headers and messages alike, as they arrived; 0 at the end.</summary>
    public ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
        body.ReadAsync(buffer, cancellationToken);

    /// <summary>Reads the next message whole.</summary>
    /// <returns>Null at the end of the answer.</returns>
    /// <exception cref="GrpcException">The answer ends within a frame; the call's own status, if that tells more.</exception>
    public async Task<byte[]?> ReadMessageAsync(CancellationToken cancellationToken)
    {
        byte[] header = new byte[GrpcFrame.HeaderSizeBytes];
        int headerBytes = await body.ReadAtLeastAsync(header, header.Length, throwOnEndOfStream: false, cancellationToken);
        if (headerBytes == 0)
        {
            return null;
        }

        if (headerBytes == header.Length)
        {
            byte[] message = new byte[GrpcFrame.ReadHeader(header)];
            if (await body.ReadAtLeastAsync(message, message.Length, throwOnEndOfStream: false, cancellationToken)
                == message.Length)
            {
                return message;
            }
        }

        Status.ThrowUnlessOk();
        throw new GrpcException(GrpcStatusCode.Internal, "the answer ended within a message");
    }

    public void Dispose()
    {
        body.Dispose();
        response.Dispose();
    }
}

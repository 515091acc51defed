using System.Globalization;
using System.Net.Http.Headers;
using System.Text;

namespace EtcdBackupAgent.Etcd.Grpc;

/// <summary>
/// The status of a finished call: in the trailers, in the headers of an answer that has nothing else ("Trailers-Only"), or, where
/// something between us and the server answered, in the HTTP status.
/// Source: <see href="https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md">gRPC over HTTP/2</see>, "Responses".
/// </summary>
internal readonly record struct GrpcStatus(GrpcStatusCode Code, string Message)
{
    /// <summary>Characters of a server's message that are kept: it ends up in ours.</summary>
    public const int MessageLengthMax = 500;

    private const string StatusHeader = "grpc-status";
    private const string MessageHeader = "grpc-message";

    /// <summary>Reads the status from headers or trailers; null if they hold none.</summary>
    public static GrpcStatus? From(HttpResponseHeaders headers)
    {
        if (!headers.TryGetValues(StatusHeader, out IEnumerable<string>? statuses))
        {
            return null;
        }

        string status = string.Join(',', statuses);
        string message = headers.TryGetValues(MessageHeader, out IEnumerable<string>? messages)
            ? Decode(string.Join(',', messages))
            : "";
        // A status that is no number or not known is Unknown, the specification says.
        return int.TryParse(status, NumberStyles.None, CultureInfo.InvariantCulture, out int code)
            && Enum.IsDefined((GrpcStatusCode)code)
                ? new GrpcStatus((GrpcStatusCode)code, message)
                : new GrpcStatus(GrpcStatusCode.Unknown, $"{StatusHeader} is '{Printable(status)}'. {message}".TrimEnd());
    }

    /// <summary>What an HTTP status means where there is no <c>grpc-status</c>. Source: gRPC's <c>doc/http-grpc-status-mapping.md</c>.</summary>
    public static GrpcStatus FromHttp(int httpStatus) => new(
        httpStatus switch
        {
            400 => GrpcStatusCode.Internal,
            401 => GrpcStatusCode.Unauthenticated,
            403 => GrpcStatusCode.PermissionDenied,
            404 => GrpcStatusCode.Unimplemented,
            429 or 502 or 503 or 504 => GrpcStatusCode.Unavailable,
            _ => GrpcStatusCode.Unknown,
        },
        string.Create(CultureInfo.InvariantCulture, $"the answer is HTTP status {httpStatus} without a {StatusHeader}"));

    public void ThrowUnlessOk()
    {
        if (Code != GrpcStatusCode.Ok)
        {
            throw new GrpcException(Code, Message.Length == 0 ? "no message was given" : Message);
        }
    }

    /// <summary>
    /// Undoes the percent-encoding of <c>grpc-message</c>: %XX is a byte of UTF-8. The specification wants broken encodings kept,
    /// not refused, since a message is for people.
    /// </summary>
    public static string Decode(string encoded)
    {
        List<byte> bytes = new(encoded.Length);
        for (int i = 0; i < encoded.Length; i++)
        {
            if (encoded[i] == '%'
                && i + 2 < encoded.Length
                && char.IsAsciiHexDigit(encoded[i + 1])
                && char.IsAsciiHexDigit(encoded[i + 2]))
            {
                bytes.Add(Convert.FromHexString(encoded.AsSpan(i + 1, 2))[0]);
                i += 2;
            }
            else
            {
                bytes.Add(char.IsAscii(encoded[i]) ? (byte)encoded[i] : (byte)'?');
            }
        }

        return Printable(Encoding.UTF8.GetString([.. bytes]));
    }

    /// <summary>A message goes to terminals and logs: one line, no control characters, of bounded length.</summary>
    private static string Printable(string text)
    {
        string line = string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));
        return line.Length <= MessageLengthMax ? line : line[..MessageLengthMax] + "…";
    }
}

using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace EtcdBackupAgent.Testing.Storage;

/// <summary>An answer of an S3 server that a test makes up: an error by default.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Code">S3's word for the error.</param>
public sealed record S3Answer(int Status, string Code)
{
    public string Message { get; init; } = "The server of the test says so.";

    /// <summary>Further elements of the error.</summary>
    public string Elements { get; init; } = "";

    /// <summary>All of the body; null for an error of the above.</summary>
    public string? Body { get; init; }

    public IReadOnlyDictionary<string, string> Headers { get; init; } =
        new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Reads all of the request, as a server does that keeps the connection, and answers.</summary>
    internal async Task SendAsync(HttpContext context)
    {
        await context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted);
        HttpResponse response = context.Response;
        response.StatusCode = Status;
        foreach ((string name, string value) in Headers)
        {
            response.Headers[name] = value;
        }

        // No answer to HEAD, and none of these statuses, has a body.
        if (context.Request.Method != "HEAD" && Status is not (204 or 304))
        {
            response.ContentType = "application/xml";
            await response.WriteAsync(
                Body ?? string.Create(
                    CultureInfo.InvariantCulture,
                    $"<?xml version=\"1.0\"?><Error><Code>{Code}</Code><Message>{Message}</Message>{Elements}</Error>"),
                context.RequestAborted);
        }
    }
}

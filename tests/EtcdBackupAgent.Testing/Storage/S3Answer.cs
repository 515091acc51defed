using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace EtcdBackupAgent.Testing.Storage;

/// <summary>A simulated response of an S3 server; by default an error.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Code">The error code of S3.</param>
public sealed record S3Answer(int Status, string Code)
{
    public string Message { get; init; } = "The test simulates this error.";

    /// <summary>Additional XML elements of the error.</summary>
    public string Elements { get; init; } = "";

    /// <summary>The whole body; null for an error with the members above.</summary>
    public string? Body { get; init; }

    public IReadOnlyDictionary<string, string> Headers { get; init; } =
        new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Reads the whole request, as a server does that keeps the connection, and responds.</summary>
    internal async Task SendAsync(HttpContext context)
    {
        await context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted);
        HttpResponse response = context.Response;
        response.StatusCode = Status;
        foreach ((string name, string value) in Headers)
        {
            response.Headers[name] = value;
        }

        // A response to HEAD has no body, nor has one with these statuses.
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

using System.Net;
using System.Xml;
using System.Xml.Linq;

namespace EtcdBackupAgent.Storage.S3;

/// <summary>
/// Copies the region and the endpoint from the body of an error response to headers, because the SDK keeps only the
/// code and the message of the body.
/// </summary>
internal sealed class RedirectAnswers(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    /// <summary>AWS's own header, which contains the region if there is no body.</summary>
    public const string RegionHeader = "x-amz-bucket-region";

    /// <summary>The header with the host of the element Endpoint.</summary>
    public const string EndpointHeader = "x-endpoint-of-error";

    /// <summary>Larger than any error response of S3.</summary>
    private const int ErrorBytesMax = 1 << 20;

    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken)
    {
        HttpResponseMessage response = await base.SendAsync(request, cancellationToken);
        if (response.StatusCode is (>= HttpStatusCode.MultipleChoices and < HttpStatusCode.NotModified)
            or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect or HttpStatusCode.BadRequest)
        {
            await response.Content.LoadIntoBufferAsync(ErrorBytesMax, cancellationToken);
            XElement? error = Parse(await response.Content.ReadAsStringAsync(cancellationToken));
            Add(response, RegionHeader, error?.Element("Region")?.Value);
            Add(response, EndpointHeader, error?.Element("Endpoint")?.Value);
        }

        return response;
    }

    private static void Add(HttpResponseMessage response, string header, string? value)
    {
        if (!string.IsNullOrWhiteSpace(value) && !response.Headers.Contains(header))
        {
            response.Headers.TryAddWithoutValidation(header, value.Trim());
        }
    }

    private static XElement? Parse(string body)
    {
        try
        {
            return body.Length == 0 ? null : XElement.Parse(body);
        }
        catch (XmlException)
        {
            // The body does not come from an S3 server; the SDK's interpretation is shown.
            return null;
        }
    }
}

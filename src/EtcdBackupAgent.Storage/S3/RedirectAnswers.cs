using System.Net;
using System.Xml;
using System.Xml.Linq;

namespace EtcdBackupAgent.Storage.S3;

/// <summary>
/// Makes headers of what the body of an error says about region and endpoint: the SDK reads the body and keeps only
/// code and message.
/// </summary>
internal sealed class RedirectAnswers(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    /// <summary>AWS's own header, which has the region where there is no body.</summary>
    public const string RegionHeader = "x-amz-bucket-region";

    /// <summary>The host of the element Endpoint.</summary>
    public const string EndpointHeader = "x-endpoint-of-error";

    /// <summary>More than any error of S3 has.</summary>
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
            // No server of S3 wrote that; what the SDK makes of it is shown.
            return null;
        }
    }
}

using System.Net;
using System.Text.RegularExpressions;
using Amazon.Runtime.Internal;
using Amazon.S3;

namespace EtcdBackupAgent.Storage.S3;

/// <summary>
/// What a server says about a request that came to the wrong region or to the wrong endpoint
/// (docs.aws.amazon.com, "Making requests using the REST API", "Request redirection").
/// </summary>
/// <param name="Region">The region that it expects; null if it does not say.</param>
/// <param name="Endpoint">The host to use instead; null if it does not say.</param>
internal sealed partial record RegionMistake(string? Region, string? Endpoint)
{
    private const string LocationHeader = "Location";

    /// <summary>Null if the answer is about something else.</summary>
    public static RegionMistake? Find(AmazonS3Exception answer)
    {
        bool isRedirect = answer.StatusCode is HttpStatusCode.MovedPermanently or HttpStatusCode.Found
            or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect;
        bool isAboutRegion = answer.ErrorCode is "AuthorizationHeaderMalformed" or "IllegalLocationConstraintException"
            or "IncorrectEndpoint" or "InvalidRegion";
        if (!isRedirect && !isAboutRegion)
        {
            return null;
        }

        string? region = Header(answer, RedirectAnswers.RegionHeader)
            ?? Text(ExpectedPattern().Match(answer.Message).Groups["region"].Value);
        string? endpoint = Header(answer, RedirectAnswers.EndpointHeader)
            ?? (Uri.TryCreate(Header(answer, LocationHeader), UriKind.Absolute, out Uri? url) ? url.Authority : null);
        return new RegionMistake(region, endpoint);
    }

    /// <summary>The fact, as the rest of a sentence.</summary>
    public string Fact(AmazonS3Exception answer, S3Options options)
    {
        string expected = (Region, Endpoint) switch
        {
            ({ } region, { } host) => $"the server expects the region '{region}' at the endpoint {host}",
            ({ } region, null) => $"the server expects the region '{region}'",
            (null, { } host) => $"the server sends this bucket's requests to the endpoint {host}",
            _ => "the server says that this is the wrong region or endpoint for the bucket",
        };
        return $"{expected}; the request went to {options.Server}, signed for the region "
            + $"'{options.RegionInUse ?? options.Region}' ({(int)answer.StatusCode} {answer.ErrorCode}: "
            + $"{answer.Message}).";
    }

    /// <summary>What to set where.</summary>
    public string Hint(S3Options options)
    {
        string region = Region is null ? "Set the bucket's region" : $"Set the region {Region}";
        string hint = $"{region} with --s3-region or AWS_REGION; in a BackupLocation, with the field region.";
        return Endpoint is null || options.Endpoint is null
            ? hint
            : $"{hint} Where the endpoint is another one, set --s3-endpoint, or url of the BackupLocation, to "
                + $"{Endpoint} without the bucket's name.";
    }

    private static string? Header(AmazonS3Exception answer, string name) =>
        answer.InnerException is HttpErrorResponseException { Response: { } response } && response.IsHeaderPresent(name)
            ? Text(response.GetHeaderValue(name))
            : null;

    private static string? Text(string? value) => string.IsNullOrWhiteSpace(value) ? null : value.Trim();

    /// <summary>As MinIO and AWS write it: the region 'a' is wrong; expecting 'b'.</summary>
    [GeneratedRegex("expecting '(?<region>[^']+)'", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ExpectedPattern();
}

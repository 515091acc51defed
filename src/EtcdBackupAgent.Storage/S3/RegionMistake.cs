using System.Net;
using System.Text.RegularExpressions;
using Amazon.Runtime.Internal;
using Amazon.S3;
using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Storage.S3;

/// <summary>
/// The response of a server to a request for the wrong region or the wrong endpoint (docs.aws.amazon.com, "Making
/// requests using the REST API", "Request redirection").
/// </summary>
/// <param name="Region">The expected region; null if the response does not contain it.</param>
/// <param name="Endpoint">The host to use instead; null if the response does not contain it.</param>
internal sealed partial record RegionMistake(string? Region, string? Endpoint)
{
    private const string LocationHeader = "Location";

    /// <summary>Reads a response; null if it has another cause.</summary>
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

    /// <summary>Returns the fact as the second part of a sentence.</summary>
    public string Fact(AmazonS3Exception answer, S3Options options)
    {
        string expected = (Region, Endpoint) switch
        {
            ({ } region, { } host) => $"the server expects the region '{region}' at the endpoint {host}",
            ({ } region, null) => $"the server expects the region '{region}'",
            (null, { } host) => $"the server redirects this bucket's requests to the endpoint {host}",
            _ => "the server reports the wrong region or endpoint for the bucket",
        };
        return $"{expected}; the request went to {options.Server}, signed for the region "
            + $"'{options.RegionInUse ?? options.Region}' ({(int)answer.StatusCode} {answer.ErrorCode}: "
            + $"{answer.Message}).";
    }

    /// <summary>Returns what to change.</summary>
    public string Hint(S3Options options)
    {
        string hint = Region is null ? "Set the bucket's region." : $"Set the region {Region}.";
        return HasOtherEndpoint(options)
            ? $"{hint} If the endpoint differs, set it to {Endpoint} without the bucket's name."
            : hint;
    }

    /// <summary>Returns the settings to which the hint refers.</summary>
    public IReadOnlyList<Setting> Settings(S3Options options) =>
        HasOtherEndpoint(options) ? [Setting.S3Region, Setting.S3Endpoint] : [Setting.S3Region];

    private bool HasOtherEndpoint(S3Options options) => Endpoint is not null && options.Endpoint is not null;

    private static string? Header(AmazonS3Exception answer, string name) =>
        answer.InnerException is HttpErrorResponseException { Response: { } response } && response.IsHeaderPresent(name)
            ? Text(response.GetHeaderValue(name))
            : null;

    private static string? Text(string? value) => string.IsNullOrWhiteSpace(value) ? null : value.Trim();

    /// <summary>The text of MinIO and AWS: the region 'a' is wrong; expecting 'b'.</summary>
    [GeneratedRegex("expecting '(?<region>[^']+)'", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ExpectedPattern();
}

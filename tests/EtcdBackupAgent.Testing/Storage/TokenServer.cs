using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using EtcdBackupAgent.Testing.Certificates;
using EtcdBackupAgent.Testing.Processes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Testing.Storage;

/// <summary>
/// A token service with one call (AssumeRoleWithWebIdentity), one role and one web identity. It responds to any other
/// request as AWS does. Source: docs.aws.amazon.com, "AssumeRoleWithWebIdentity".
/// </summary>
public sealed class TokenServer : IAsyncDisposable
{
    public const string RoleArn = "arn:aws:iam::000000000000:role/backup";

    /// <summary>The only valid token.</summary>
    public const string WebIdentityToken = "a-web-identity-token-of-no-value-29";

    private readonly Lock _gate = new();
    private readonly List<string> _problems = [];
    private readonly WebApplication _application;
    private int _calls;

    private TokenServer(TestCertificate? certificate)
    {
        string scheme = certificate is null ? "http" : "https";
        Endpoint = new Uri(string.Create(CultureInfo.InvariantCulture, $"{scheme}://127.0.0.1:{FreePort.Take()}"));
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(
            IPAddress.Loopback,
            Endpoint.Port,
            listen =>
            {
                if (certificate is not null)
                {
                    listen.UseHttps(X509Certificate2.CreateFromPem(certificate.CertificatePem, certificate.KeyPem));
                }
            }));
        _application = builder.Build();
        _application.Run(AnswerAsync);
    }

    /// <summary>The value for AWS_ENDPOINT_URL_STS.</summary>
    public Uri Endpoint { get; }

    /// <summary>The credentials that the next call returns.</summary>
    public required IssuedCredentials Issued { get; set; }

    /// <summary>The response instead of credentials; null to return credentials.</summary>
    public S3Answer? Refusal { get; set; }

    /// <summary>The number of calls so far.</summary>
    public int Calls => Volatile.Read(ref _calls);

    /// <summary>The errors of the calls so far.</summary>
    public IReadOnlyList<string> Problems
    {
        get
        {
            lock (_gate)
            {
                return [.. _problems];
            }
        }
    }

    /// <param name="issued">The credentials that calls return.</param>
    /// <param name="certificate">The server certificate for HTTPS; null for HTTP.</param>
    public static async Task<TokenServer> StartAsync(IssuedCredentials issued, TestCertificate? certificate = null)
    {
        TokenServer server = new(certificate) { Issued = issued };
        await server._application.StartAsync();
        return server;
    }

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        IFormCollection form = await context.Request.ReadFormAsync(context.RequestAborted);
        S3Answer answer = Refusal ?? Check(context.Request, form) ?? Credentials(Issued);
        Interlocked.Increment(ref _calls);
        await answer.SendAsync(context);
    }

    private S3Answer? Check(HttpRequest request, IFormCollection form)
    {
        if (form["Action"] != "AssumeRoleWithWebIdentity" || request.Method != "POST")
        {
            return Problem("InvalidAction", $"{request.Method} {form["Action"]} is not known.");
        }

        if (request.Headers.ContainsKey("Authorization"))
        {
            return Problem("InvalidClientTokenId", "This call is not signed.");
        }

        if (form["WebIdentityToken"] != WebIdentityToken)
        {
            return Problem("InvalidIdentityToken", "The token is not one of a provider that is known.");
        }

        return form["RoleArn"] == RoleArn && form["RoleSessionName"].ToString().Length is >= 2 and <= 64
            ? null
            : Problem("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity");
    }

    private S3Answer Problem(string code, string message)
    {
        lock (_gate)
        {
            _problems.Add($"{code}: {message}");
        }

        return Error(code == "AccessDenied" ? 403 : 400, code, message);
    }

    /// <summary>Creates an error in the form of the token service, which differs from that of S3.</summary>
    public static S3Answer Error(int status, string code, string message) => new(status, code)
    {
        Body = $"""
            <ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
              <Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>
              <RequestId>00000000-0000-0000-0000-000000000000</RequestId>
            </ErrorResponse>
            """,
    };

    private static S3Answer Credentials(IssuedCredentials issued) => new(200, "")
    {
        Body = string.Create(CultureInfo.InvariantCulture, $"""
            <AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
              <AssumeRoleWithWebIdentityResult>
                <Credentials>
                  <AccessKeyId>{issued.AccessKey}</AccessKeyId>
                  <SecretAccessKey>{issued.SecretKey}</SecretAccessKey>
                  <SessionToken>{issued.SessionToken}</SessionToken>
                  <Expiration>{issued.Expires.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}</Expiration>
                </Credentials>
              </AssumeRoleWithWebIdentityResult>
              <ResponseMetadata><RequestId>00000000-0000-0000-0000-000000000000</RequestId></ResponseMetadata>
            </AssumeRoleWithWebIdentityResponse>
            """),
    };
}

/// <summary>Temporary credentials.</summary>
public sealed record IssuedCredentials(string AccessKey, string SecretKey, string SessionToken, DateTimeOffset Expires);

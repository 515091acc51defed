using System.CommandLine;
using EtcdBackupAgent.Configuration;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Secrets;
using EtcdBackupAgent.Storage.S3;

namespace EtcdBackupAgent.Commands;

/// <summary>The options that name the far end of a copy: a URL, or a location of the resources.</summary>
internal sealed class CopyTargetOptions
{
    private const string AccessKeyVariable = "TO_AWS_ACCESS_KEY_ID";
    private const string SecretKeyVariable = "TO_AWS_SECRET_ACCESS_KEY";
    private const string TokenVariable = "TO_AWS_SESSION_TOKEN";

    private readonly Option<string?> _to = new("--to")
    {
        Description = "The far end: file:///directory or s3://bucket[/prefix].",
        HelpName = "URL",
    };

    private readonly Option<string?> _endpoint = new("--to-s3-endpoint")
    {
        Description = $"URL of the S3 server of the far end (default: AWS). Its credentials come from "
            + $"{AccessKeyVariable} and {SecretKeyVariable}, or else from the same places as those of the repository.",
        HelpName = "URL",
    };

    private readonly Option<string?> _region = new("--to-s3-region")
    {
        Description = "Region of the S3 server of the far end.",
        HelpName = "REGION",
    };

    private readonly Option<string?> _caFile = new("--to-s3-ca-file")
    {
        Description = "PEM file with the certificate authority of the S3 server of the far end.",
        HelpName = "FILE",
    };

    private readonly Option<string?> _location = new("--to-location")
    {
        Description = "With --resources, instead of --to: the BackupLocation of the far end, as NAME or "
            + "NAMESPACE/NAME.",
        HelpName = "NAME",
    };

    public void AddTo(Command verb)
    {
        foreach (Option option in new Option[] { _to, _endpoint, _region, _caFile, _location })
        {
            verb.Add(option);
        }
    }

    /// <summary>Reads the far end. This does not connect to it.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="source">The repository.</param>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>.</exception>
    public RepositoryChoice Read(ParseResult parsed, RepositoryChoice source) =>
        (parsed.GetValue(_to), parsed.GetValue(_location), source) switch
        {
            ({ } url, null, _) => ReadDirect(parsed, url),
            (null, { } name, ResourceRepository documents) => documents with
            {
                Location = ResourceDocuments.Of(documents).RequireLocation(
                    ResourceNameText.Parse(_location.Name, name)),
            },
            (null, { } name, _) => throw Invalid(
                $"--to-location {name} needs --resources.", "Name the far end with --to URL."),
            (null, null, _) => throw Invalid("No far end is given.", "Add --to URL."),
            _ => throw Invalid("Both --to and --to-location are given.", "Give one of them."),
        };

    private DirectRepository ReadDirect(ParseResult parsed, string url)
    {
        DirectRepository direct = RepositoryUrl.Parse(url);
        Option? ofS3 = new Option[] { _endpoint, _region, _caFile }
            .FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false });
        return direct.Directory is not null
            ? ofS3 is null
                ? direct
                : throw Invalid($"{ofS3.Name} cannot be used with {url}, which is a directory.", $"Remove {ofS3.Name}.")
            : direct with
            {
                S3Endpoint = parsed.GetValue(_endpoint) is { } endpoint
                    ? RepositoryUrl.ParseEndpoint(_endpoint.Name, endpoint)
                    : null,
                S3Region = parsed.GetValue(_region),
                S3CaCertificatePem = parsed.GetValue(_caFile) is { } file
                    ? InputFile.ReadText(_caFile.Name, file)
                    : null,
                S3Credentials = CredentialsOfEnvironment(),
            };
    }

    private static S3Credentials? CredentialsOfEnvironment() =>
        (Read(AccessKeyVariable), Read(SecretKeyVariable)) switch
        {
            (null, null) => null,
            ({ } access, { } secret) => new S3Credentials
            {
                AccessKey = access,
                SecretKey = secret,
                SessionToken = Read(TokenVariable),
            },
            (null, _) => throw Invalid($"{SecretKeyVariable} is set, and {AccessKeyVariable} is not.", "Set both."),
            (_, null) => throw Invalid($"{AccessKeyVariable} is set, and {SecretKeyVariable} is not.", "Set both."),
        };

    private static string? Read(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? SecretText.WithoutLineEnd(text) : null;

    private static BackupException Invalid(string message, string hint) =>
        new(FailureReason.InvalidInput, message) { Hint = hint };
}

using System.CommandLine;
using EtcdBackupAgent.Composition;
using EtcdBackupAgent.Configuration;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Locks;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Secrets;
using EtcdBackupAgent.Core.Signatures;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Commands;

/// <summary>The options that name a repository, the same for every verb: by resource documents, or directly.</summary>
/// <param name="logs">Provides the loggers of the store.</param>
/// <param name="wiring">Opens the store.</param>
internal sealed class RepositoryOptions(LogOptions logs, Wiring wiring)
{
    /// <summary>In the order in which the AWS tools read them.</summary>
    private static readonly string[] RegionVariables = ["AWS_REGION", "AWS_DEFAULT_REGION"];

    private readonly Option<string?> _repository = new("--repository", "-r")
    {
        Description = "The repository: file:///directory or s3://bucket[/prefix].",
        HelpName = "URL",
    };

    private readonly Option<string?> _s3Endpoint = new("--s3-endpoint")
    {
        Description = "URL of the S3 server (default: AWS). Credentials come from AWS_ACCESS_KEY_ID and "
            + "AWS_SECRET_ACCESS_KEY, or from the other places where the AWS tools find them.",
        HelpName = "URL",
    };

    private readonly Option<string?> _s3Region = new("--s3-region")
    {
        Description = "Region of the S3 server (default: AWS_REGION, then AWS_DEFAULT_REGION, then us-east-1 with "
            + "--s3-endpoint, or without it the region that the AWS tools find).",
        HelpName = "REGION",
    };

    private readonly Option<string?> _s3CaFile = new("--s3-ca-file")
    {
        Description = "PEM file with the certificate authority of the S3 server.",
        HelpName = "FILE",
    };

    private readonly ObjectOptions _s3Objects = new();

    private readonly SigningOptions _signing = new(wiring.Time);
    private readonly Option<bool> _ignoreDeletions = new("--ignore-deletions")
    {
        Description = "In a bucket with versions: read every object as it was stored first, although it was deleted or "
            + "overwritten since.",
    };

    private readonly Option<string?> _resources = new("--resources")
    {
        Description = "Directory with the YAML documents of policies, locations and secrets.",
        HelpName = "DIR",
    };

    private readonly Option<string?> _location = new("--location")
    {
        Description = "With --resources: the BackupLocation to use, as NAME or NAMESPACE/NAME.",
        HelpName = "NAME",
    };

    /// <summary>The policy. A verb can replace the description with one that fits how it uses the policy.</summary>
    public Option<string?> Policy { get; } =
        new("--policy")
        {
            Description =
                "The MetadataBackupPolicy, as NAME or NAMESPACE/NAME. With --resources it also names the repository.",
            HelpName = "NAME",
        };

    public void AddTo(Command verb)
    {
        verb.Add(_repository);
        verb.Add(_s3Endpoint);
        verb.Add(_s3Region);
        verb.Add(_s3CaFile);
        foreach (Option option in _s3Objects.All)
        {
            verb.Add(option);
        }

        verb.Add(_resources);
        verb.Add(_location);
        verb.Add(Policy);
        _signing.AddTo(verb);
    }

    /// <summary>
    /// As <see cref="AddTo"/>, for a verb that writes or removes documents, which may need a signature.
    /// </summary>
    public void AddSigningTo(Command verb)
    {
        AddTo(verb);
        _signing.AddKeyTo(verb);
    }

    /// <summary>As <see cref="AddTo"/>, for a verb that reads snapshots and writes documents about them.</summary>
    public void AddReadingAndSigningTo(Command verb)
    {
        AddReadingTo(verb);
        _signing.AddKeyTo(verb);
    }

    /// <summary>As <see cref="AddTo"/>, for a verb that reads snapshots, also those that were deleted.</summary>
    public void AddReadingTo(Command verb)
    {
        AddTo(verb);
        verb.Add(_ignoreDeletions);
        _signing.AddAllowanceTo(verb);
    }

    /// <summary>Reads what the options and the documents say about signatures.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>.</exception>
    public Task<DocumentSigning> ReadSigningAsync(
        ParseResult parsed, RepositoryChoice choice, CancellationToken cancellationToken) =>
        _signing.ReadAsync(parsed, choice, cancellationToken);

    /// <summary>
    /// The first given option that names a repository; null if none is given. A policy in a cluster names its
    /// repository itself.
    /// </summary>
    public string? FirstGiven(ParseResult parsed) =>
        new Option[] { _repository, _s3Endpoint, _s3Region, _s3CaFile, _resources, _location }
            .Concat(_s3Objects.All)
            .FirstOrDefault(o => parsed.GetResult(o) is { Implicit: false })?.Name;

    /// <summary>Reads the options and the documents that they name. This does not connect to the repository.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>.</exception>
    public async Task<RepositoryChoice> ReadAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        string? repository = parsed.GetValue(_repository);
        string? directory = parsed.GetValue(_resources);
        return (repository, directory) switch
        {
            (not null, null) => ReadDirect(parsed, repository),
            (null, not null) => await ReadResourcesAsync(parsed, directory, cancellationToken),
            (null, null) => throw InvalidInput(
                "No repository is given.", "Add --repository URL, or --resources DIR with --location or --policy."),
            _ => throw InvalidInput("Both --repository and --resources are given.", "Give one of them."),
        };
    }

    /// <summary>Opens the repository that the options name.</summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/>, <see cref="FailureReason.RepositoryNotFound"/>, or a failure of the
    /// store.
    /// </exception>
    public async Task<OpenedRepository> OpenAsync(ParseResult parsed, CancellationToken cancellationToken) =>
        await OpenAsync(await ReadAsync(parsed, cancellationToken), parsed, cancellationToken);

    /// <summary>
    /// Opens the repository that <see cref="ReadAsync"/> returned, for a verb that checks more before it connects.
    /// </summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.RepositoryNotFound"/>, or a failure of the store.
    /// </exception>
    public async Task<OpenedRepository> OpenAsync(
        RepositoryChoice choice, ParseResult parsed, CancellationToken cancellationToken)
    {
        DocumentSigning signing = await ReadSigningAsync(parsed, choice, cancellationToken);
        IObjectStore store = wiring.Store(choice, logs.Loggers(parsed));
        try
        {
            if (parsed.GetResult(_ignoreDeletions) is { Implicit: false } && parsed.GetValue(_ignoreDeletions))
            {
                store = new OriginalVersionsStore(store);
            }

            return new OpenedRepository(
                choice, await BackupRepository.OpenAsync(store, signing, wiring.Time, cancellationToken));
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    /// <summary>The name of the policy on the command line; null if none is given.</summary>
    public ResourceName? ReadPolicyName(ParseResult parsed) =>
        parsed.GetValue(Policy) is { } text ? ResourceNameText.Parse("--policy", text) : null;

    private static BackupException InvalidInput(string message, string hint) =>
        new(FailureReason.InvalidInput, message) { Hint = hint };

    private string? FirstS3Option(ParseResult parsed) =>
        new Option[] { _s3Endpoint, _s3Region, _s3CaFile }
            .Concat(_s3Objects.All)
            .FirstOrDefault(o => parsed.GetResult(o) is { Implicit: false })?.Name;

    private DirectRepository ReadDirect(ParseResult parsed, string repository)
    {
        if (parsed.GetValue(_location) is { } location)
        {
            throw InvalidInput(
                $"--location {location} needs --resources.",
                "Name the directory of the documents with --resources DIR.");
        }

        DirectRepository direct = RepositoryUrl.Parse(repository);
        if (direct.Directory is not null && FirstS3Option(parsed) is { } conflicting)
        {
            throw InvalidInput(
                $"{conflicting} cannot be used with {repository}, which is a directory.",
                $"Remove {conflicting}, or name a bucket with s3://.");
        }

        Uri? endpoint = parsed.GetValue(_s3Endpoint) is { } url
            ? RepositoryUrl.ParseEndpoint("--s3-endpoint", url)
            : null;
        return direct with
        {
            S3Endpoint = endpoint,
            // Without an endpoint, the AWS SDK reads the environment and its other sources itself.
            S3Region = parsed.GetValue(_s3Region) ?? (endpoint is null ? null : RegionOfEnvironment()),
            S3Objects = _s3Objects.Read(parsed),
            S3ObjectLock = _s3Objects.ReadLock(parsed),
            S3CaCertificatePem = parsed.GetValue(_s3CaFile) is { } file
                ? InputFile.ReadText("--s3-ca-file", file)
                : null,
        };
    }

    private static string? RegionOfEnvironment() =>
        RegionVariables
            .Select(Environment.GetEnvironmentVariable)
            .FirstOrDefault(value => !string.IsNullOrEmpty(value)) is { } region
            ? SecretText.WithoutLineEnd(region)
            : null;

    private async Task<ResourceRepository> ReadResourcesAsync(
        ParseResult parsed, string directory, CancellationToken cancellationToken)
    {
        if (FirstS3Option(parsed) is { } conflicting)
        {
            throw InvalidInput($"{conflicting} cannot be used with --resources.", "The BackupLocation sets it.");
        }

        ResourceDocuments documents = await ResourceDocuments.LoadAsync(directory, cancellationToken);
        FailureText.Write(documents.Set.Problems);
        BackupPolicy? policy = ReadPolicyName(parsed) is { } name ? documents.RequirePolicy(name) : null;
        ResourceName locationName = (parsed.GetValue(_location), policy) switch
        {
            ({ } text, _) => ResourceNameText.Parse("--location", text),
            (null, { } selected) => selected.Destination,
            (null, null) => throw InvalidInput(
                "--resources is given, but no location.",
                "Add --location NAME or --policy NAME."),
        };
        return new ResourceRepository(documents.RequireLocation(locationName), policy, documents.Set, directory);
    }
}

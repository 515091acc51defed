using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using EtcdBackupAgent.Core.Addresses;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Resources.Yaml;

namespace EtcdBackupAgent.Resources.Binding;

/// <summary>Binds the spec of a <c>BackupLocation</c>: kubedr's fields and the agent's own. See
/// <c>docs/policies.md</c>.</summary>
internal static partial class LocationBinding
{
    /// <summary>Placeholders for an invalid URL, so that the other fields are still checked for the intended kind of
    /// location.</summary>
    private static readonly Uri UnreadableDirectory = new("file:///");
    private static readonly Uri UnreadableEndpoint = new("https://unreadable.invalid");

    private static readonly string[] OnlyForS3 =
    [
        "bucketName", "region", "pathStyle", "caCertificate",
        "serverSideEncryption", "kmsKeyId", "storageClass", "tags",
    ];

    /// <summary>Returns the location as far as it is valid. Errors are added to the problems.</summary>
    public static BackupLocation Bind(ResourceName name, FieldReader spec)
    {
        string? text = spec.RequiredText("url");
        bool isDirectory = text is not null && DirectoryUrl.IsMeant(text);
        Uri? url = text is null ? null : isDirectory ? Directory(text, spec) : EndpointUrl.Read(text, "url", spec);
        ResourceName? credentials = Credentials(name, spec, isDirectory);
        BackupLocation location = new()
        {
            Name = name,
            Url = url ?? (isDirectory ? UnreadableDirectory : UnreadableEndpoint),
            BucketName = isDirectory ? null : Bucket(spec),
            Prefix = Prefix(spec, isDirectory),
            Region = Region(spec),
            PathStyle = spec.Boolean("pathStyle") ?? true,
            CaCertificate = CaCertificate(spec),
            Objects = isDirectory ? ObjectSettings.None : Objects(spec),
            ObjectLock = LockBinding.Bind(spec, isDirectory),
            Credentials = credentials,
            Encryption = Encryption(credentials, spec, isDirectory),
            Signers = SignersBinding.Bind(spec),
        };
        foreach (string field in OnlyForS3.Where(field => isDirectory && spec.Has(field)))
        {
            spec.Warning(field, "has no effect for a directory and is ignored");
        }

        spec.Ignore(OnlyForS3);
        spec.WarnAboutUnknown();
        return isDirectory ? location with { Region = null, CaCertificate = null, PathStyle = true } : location;
    }

    private static Uri? Directory(string text, FieldReader spec)
    {
        if (DirectoryUrl.TryParse(text, out _, out string? why))
        {
            return new Uri(text);
        }

        spec.Error("url", $"{ResourceProblems.Quote(text)} {why}");
        return null;
    }

    private static string? Bucket(FieldReader spec)
    {
        string? bucket = spec.RequiredText("bucketName");
        if (bucket is not null && !BucketName.IsValid(bucket))
        {
            spec.Error(
                "bucketName",
                $"{ResourceProblems.Quote(bucket)} is not a bucket name; allowed are {BucketName.Allowed}");
        }

        return bucket;
    }

    private static string? Prefix(FieldReader spec, bool isDirectory)
    {
        string? prefix = spec.Text("prefix");
        if (prefix is not null && isDirectory)
        {
            spec.Error("prefix", "does not apply to a directory; write it at the end of url");
        }
        else if (prefix is not null && (prefix.Length > ObjectKey.PrefixLengthMax || !ObjectKey.IsValid(prefix)))
        {
            spec.Error(
                "prefix",
                $"{ResourceProblems.Quote(prefix)} is not a prefix; allowed are segments of letters, digits, '.', '_' "
                + $"and '-' joined by '/', with none first or last, at most {ObjectKey.PrefixLengthMax} characters");
        }

        return prefix;
    }

    private static string? Region(FieldReader spec)
    {
        string? region = spec.Text("region");
        if (region is not null && !RegionPattern().IsMatch(region))
        {
            spec.Error(
                "region",
                $"{ResourceProblems.Quote(region)} is not a region; allowed are letters, digits, '-' and '_', "
                + "such as eu-central-1");
        }

        return region;
    }

    private static string? CaCertificate(FieldReader spec)
    {
        string? pem = spec.Text("caCertificate");
        if (pem is null)
        {
            return null;
        }

        if (pem.Contains("PRIVATE KEY", StringComparison.Ordinal))
        {
            spec.Error(
                "caCertificate", "contains a private key, which does not belong here; write only the certificate");
            return null;
        }

        X509Certificate2Collection certificates = [];
        try
        {
            certificates.ImportFromPem(pem);
        }
        catch (CryptographicException e)
        {
            spec.Error("caCertificate", $"contains a certificate that cannot be read: {e.Message}");
            return null;
        }

        if (certificates.Count == 0)
        {
            spec.Error(
                "caCertificate",
                "contains no certificate; write the text from '-----BEGIN CERTIFICATE-----' to its end");
        }

        foreach (X509Certificate2 certificate in certificates)
        {
            certificate.Dispose();
        }

        return pem;
    }

    private static ObjectSettings Objects(FieldReader spec)
    {
        Dictionary<string, string> tags = new(StringComparer.Ordinal);
        if (spec.Mapping("tags") is { } written)
        {
            foreach (string name in written.Names())
            {
                // A tag may be empty.
                string? value = written.Node(name) is ScalarNode { Type: ScalarType.Text, Text: "" }
                    ? ""
                    : written.Text(name);
                if (value is not null)
                {
                    tags.Add(name, value);
                }
            }
        }

        ObjectSettings settings = new()
        {
            ServerSideEncryption = spec.Text("serverSideEncryption"),
            KmsKeyId = spec.Text("kmsKeyId"),
            StorageClass = spec.Text("storageClass"),
            Tags = tags,
        };
        foreach ((string field, string problem) in settings.Problems())
        {
            spec.Error(field, problem);
        }

        return settings;
    }

    /// <summary>For a directory, the Secret contains at most the passphrase, and may be left out.</summary>
    private static ResourceName? Credentials(ResourceName name, FieldReader spec, bool isDirectory) =>
        (isDirectory ? spec.Text("credentials") : spec.RequiredText("credentials")) is { } secret
            ? new ResourceName(name.Namespace, secret)
            : null;

    /// <summary>If the field is absent, the encryption is the passphrase in the named Secret; <see cref="References"/>
    /// reads it.</summary>
    private static LocationEncryption Encryption(ResourceName? credentials, FieldReader spec, bool isDirectory)
    {
        if (EncryptionBinding.Bind(spec) is { } written)
        {
            return written;
        }

        if (credentials is null && isDirectory && !spec.Has("credentials"))
        {
            EncryptionBinding.ReportAbsent(spec);
        }

        return credentials is null
            ? new RecipientLocation { Recipients = [] }
            : new PassphraseLocation { Secret = credentials, SecretKey = PassphraseLocation.PreferredKey };
    }

    [GeneratedRegex(@"^[A-Za-z0-9][-_A-Za-z0-9]{0,62}\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex RegionPattern();
}

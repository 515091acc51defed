using System.Security.Cryptography;
using System.Text;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Places;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Resources.Binding;
using EtcdBackupAgent.Resources.Yaml;
using YamlDotNet.Core;

namespace EtcdBackupAgent.Resources.Directories;

/// <summary>
/// Reads the files <c>*.yaml</c>, <c>*.yml</c> and <c>*.json</c> of one directory, but not of its subdirectories. Files
/// whose name begins with a dot are ignored: for example the internals of a mounted ConfigMap and the temporary files
/// of editors.
/// </summary>
public sealed class DirectoryResourceStore(string directory) : IResourceStore
{
    /// <summary>The greatest size of one file in bytes. Kubernetes accepts no object above 1.5 MiB; a file may contain
    /// a few objects.</summary>
    public const int FileBytesMax = 8 * 1024 * 1024;

    private static readonly UTF8Encoding StrictUtf8 = new(
        encoderShouldEmitUTF8Identifier: false,
        throwOnInvalidBytes: true);
    private static readonly string[] Extensions = [".yaml", ".yml", ".json"];

    public string Address { get; } = directory;

    public async Task<ResourceSet> LoadAsync(CancellationToken cancellationToken)
    {
        List<ResourceProblem> problems = [];
        List<ResourceNode> documents = [];
        using IncrementalHash version = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string path in Files())
        {
            string file = Path.GetFileName(path);
            ResourceProblems fileProblems = new(problems, "file");
            byte[] bytes = await ReadAsync(path, fileProblems, cancellationToken);
            version.AppendData(Encoding.UTF8.GetBytes($"{file}\0{bytes.Length}\0"));
            version.AppendData(bytes);
            Parse(file, bytes, documents, fileProblems);
        }

        ResourceSet resources = new ResourceBinder(problems).Bind(documents);
        foreach (BackupLocation location in resources.Locations.Values.Where(location => location.Url.IsFile))
        {
            SeparatePlaces.RequireForResources(Address, location.Url.LocalPath);
        }

        return resources with
        {
            Problems = [.. resources.Problems, .. resources.Policies.Values.SelectMany(WarnAboutUpgrade)],
            Version = Convert.ToHexStringLower(version.GetHashAndReset()),
        };
    }

    /// <summary>Outside of a cluster nothing watches objects.</summary>
    private static IEnumerable<ResourceProblem> WarnAboutUpgrade(BackupPolicy policy)
    {
        if (policy.BeforeUpgrade is not null)
        {
            string document = $"{DocumentIdentity.Policy} {policy.Name}";
            yield return new ResourceProblem
            {
                Severity = ProblemSeverity.Warning,
                Where = document,
                Document = document,
                Kind = DocumentIdentity.Policy,
                Name = policy.Name,
                Field = $"spec.{UpgradeBinding.UpgradeField}",
                Message = "has no effect here: only the controller of a cluster watches objects",
            };
        }
    }

    private string[] Files()
    {
        try
        {
            return [.. Directory.EnumerateFiles(Address)
                .Where(path => !Path.GetFileName(path).StartsWith('.')
                    && Extensions.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase))
                .Order(StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BackupException(
                FailureReason.InvalidInput,
                $"The directory of resources cannot be read: {e.Message}",
                e)
            {
                Hint = "Name a directory that contains BackupLocation, MetadataBackupPolicy and Secret documents.",
            };
        }
    }

    private static async Task<byte[]> ReadAsync(
        string path,
        ResourceProblems problems,
        CancellationToken cancellationToken)
    {
        try
        {
            await using FileStream stream = File.OpenRead(path);
            if (stream.Length <= FileBytesMax)
            {
                byte[] bytes = new byte[stream.Length];
                int length = await stream.ReadAtLeastAsync(
                    bytes,
                    bytes.Length,
                    throwOnEndOfStream: false,
                    cancellationToken);
                return bytes[..length];
            }

            problems.Error(
                Path.GetFileName(path), "", $"has {stream.Length:N0} bytes; allowed are {FileBytesMax:N0}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problems.Error(Path.GetFileName(path), "", $"cannot be read: {e.Message}");
        }

        return [];
    }

    private static void Parse(string file, byte[] bytes, List<ResourceNode> documents, ResourceProblems problems)
    {
        try
        {
            int mark = bytes.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? Encoding.UTF8.Preamble.Length : 0;
            YamlDocuments.Parse(file, StrictUtf8.GetString(bytes.AsSpan(mark)), documents);
        }
        catch (DecoderFallbackException e)
        {
            problems.Error(file, "", $"is not UTF-8 text (byte {e.Index})");
        }
        catch (YamlException e)
        {
            string fact = e.Message.TrimEnd('.');
            problems.Error($"{file}:{e.Start.Line}", "", $"is not readable as YAML: column {e.Start.Column}: {fact}");
        }
    }
}

using System.Text;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Secrets;
using EtcdBackupAgent.Resources.Yaml;

namespace EtcdBackupAgent.Kubernetes.Api.Access;

/// <summary>
/// One cluster, user or context of a kubeconfig file. Messages call it, for example, <c>user 'admin'</c>. Relative
/// paths in it are relative to the file's directory.
/// </summary>
internal sealed record KubeConfigEntry(string File, string Description, MappingNode Fields)
{
    public string Origin => $"{Description} of '{File}'";

    /// <summary>The text of a scalar, without the line end of a block scalar; null if it is absent or empty.</summary>
    public string? Text(string field) => Fields.Fields.GetValueOrDefault(field) switch
    {
        null or ScalarNode { IsNull: true } or ScalarNode { Text.Length: 0 } => null,
        ScalarNode scalar => SecretText.WithoutLineEnd(scalar.Text),
        _ => throw Invalid($"the field '{field}' must be a text"),
    };

    public bool Flag(string field) => Text(field) switch
    {
        null or "false" => false,
        "true" => true,
        _ => throw Invalid($"the field '{field}' must be true or false"),
    };

    public KubeConfigEntry? Child(string field) => Fields.Fields.GetValueOrDefault(field) switch
    {
        null or ScalarNode { IsNull: true } => null,
        MappingNode child => new KubeConfigEntry(File, Description, child),
        _ => throw Invalid($"the field '{field}' must be a mapping"),
    };

    public IReadOnlyList<ResourceNode> Items(string field) => Fields.Fields.GetValueOrDefault(field) switch
    {
        null or ScalarNode { IsNull: true } => [],
        SequenceNode list => list.Items,
        _ => throw Invalid($"the field '{field}' must be a list"),
    };

    /// <summary>The path in a field, as an absolute path; null if the field is absent.</summary>
    public string? PathOf(string field) =>
        Text(field) is { } path ? Path.GetFullPath(path, Path.GetDirectoryName(Path.GetFullPath(File))!) : null;

    /// <summary>The PEM text from <c>FIELD-data</c>, which is base64, or else from the file that FIELD names; null if
    /// both are absent.</summary>
    public string? Pem(string field)
    {
        if (Text($"{field}-data") is { } data)
        {
            byte[] bytes = new byte[data.Length];
            return Convert.TryFromBase64String(data, bytes, out int length)
                ? Encoding.UTF8.GetString(bytes, 0, length)
                : throw Invalid($"the field '{field}-data' is not base64");
        }

        if (PathOf(field) is not { } path)
        {
            return null;
        }

        try
        {
            return System.IO.File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Invalid($"'{path}', which '{field}' names, cannot be read: {e.Message.TrimEnd('.')}", e);
        }
    }

    /// <summary>Creates the exception for an invalid entry. The fact must not contain the value of a secret
    /// field.</summary>
    public BackupException Invalid(string fact, Exception? innerException = null) =>
        new(FailureReason.InvalidInput, $"The {Origin}: {fact}.", innerException);
}

using System.Text;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Resources.Yaml;

namespace EtcdBackupAgent.Resources.Binding;

/// <summary>
/// Binds a v1 Secret. <c>stringData</c> overrides <c>data</c>, as in the API server. No message contains the value of
/// any field.
/// </summary>
internal static class SecretBinding
{
    /// <summary>Returns the Secret; null if it has an error, which is then among the problems.</summary>
    public static SecretContent? Bind(ResourceName name, FieldReader root)
    {
        Dictionary<string, byte[]> content = new(StringComparer.Ordinal);
        Read(root, "data", content, text =>
        {
            byte[] bytes = new byte[text.Length];
            return Convert.TryFromBase64String(text, bytes, out int length) ? bytes[..length] : null;
        });
        Read(root, "stringData", content, Encoding.UTF8.GetBytes);
        root.Ignore("type", "immutable");
        root.WarnAboutUnknown();
        return root.Problems.HasErrors ? null : new SecretContent(name, content);
    }

    private static void Read(
        FieldReader root, string field, Dictionary<string, byte[]> content, Func<string, byte[]?> decode)
    {
        if (root.Mapping(field) is not { } values)
        {
            return;
        }

        foreach (string key in values.Names())
        {
            byte[]? bytes = values.Node(key) switch
            {
                ScalarNode { Type: ScalarType.Text } text => decode(text.Text),
                ScalarNode { IsNull: true } => [],
                _ => null,
            };
            if (bytes is null)
            {
                values.Error(key, field == "data"
                    ? "is not base64; plain text belongs in stringData"
                    : "must be a text; put it in quotes");
            }
            else
            {
                content[key] = bytes;
            }
        }
    }
}

using System.Text;

namespace EtcdBackupAgent.Objects.Encryption;

/// <summary>How a stored value is encrypted at rest, by its first bytes.</summary>
/// <param name="Provider">The provider: <c>aescbc</c>, <c>aesgcm</c>, <c>secretbox</c> or <c>kms</c>.</param>
/// <param name="Version">The version of the provider's format, such as <c>v1</c>.</param>
/// <param name="KeyName">The name of the key, or of the KMS plugin, in the configuration of the server.</param>
/// <param name="KeyId">The ID of the key at the KMS; null where the value has none.</param>
public sealed record EncryptedValue(string Provider, string Version, string KeyName, string? KeyId = null)
{
    /// <summary>More bytes than the names of a provider and of a key have.</summary>
    private const int HeadBytesMax = 512;

    /// <summary>The first bytes of every encrypted value.</summary>
    public static ReadOnlySpan<byte> Prefix => "k8s:enc:"u8;

    /// <summary>Reads how a value is encrypted; null if it is not.</summary>
    public static EncryptedValue? Read(ReadOnlySpan<byte> value)
    {
        if (!value.StartsWith(Prefix))
        {
            return null;
        }

        string[] words = Encoding.UTF8.GetString(value[Prefix.Length..Math.Min(value.Length, HeadBytesMax)])
            .Split(':', 4);
        if (words.Length < 4)
        {
            return new EncryptedValue(words[0], words.Length > 1 ? words[1] : "", "");
        }

        EncryptedValue read = new(words[0], words[1], words[2]);
        return read is { Provider: "kms", Version: "v2" }
            ? read with { KeyId = KmsObject.ReadKeyId(value[read.HeadBytes..]) }
            : read;
    }

    /// <summary>The number of bytes before the encrypted ones.</summary>
    public int HeadBytes => Prefix.Length + Encoding.UTF8.GetByteCount($"{Provider}:{Version}:{KeyName}:");

    /// <summary>Returns the provider and the key in words, without control characters, which a value may have here.
    /// </summary>
    public override string ToString()
    {
        string words = (Provider, KeyId) switch
        {
            ("kms", null) => $"{Provider} {Version}, provider '{KeyName}'",
            ("kms", _) => $"{Provider} {Version}, provider '{KeyName}', key ID '{KeyId}'",
            _ => $"{Provider} {Version}, key '{KeyName}'",
        };
        return string.Concat(words.Select(c => char.IsControl(c) ? '\uFFFD' : c));
    }
}

using System.Text;
using EtcdBackupAgent.Objects.Decoding;

namespace EtcdBackupAgent.Objects.Encryption;

/// <summary>
/// The message <c>EncryptedObject</c> of KMS v2: encrypted data (1), key ID (2), encrypted source of the data key (3).
/// Source: k8s.io/apiserver/pkg/storage/value/encrypt/envelope/kmsv2/v2/api.proto
/// </summary>
internal static class KmsObject
{
    private const int KeyIdBytesMax = 1024;

    /// <summary>Returns the ID of the key that the plugin needs; null if the bytes are not such a message.</summary>
    public static string? ReadKeyId(ReadOnlySpan<byte> message)
    {
        try
        {
            string? keyId = null;
            WireReader fields = new(message);
            while (fields.MoveNext())
            {
                if (fields is { Number: 2, Type: WireType.LengthDelimited, Length: <= KeyIdBytesMax })
                {
                    keyId = Encoding.UTF8.GetString(fields.Value);
                }
            }

            return keyId;
        }
        catch (DamagedObjectException)
        {
            return null;
        }
    }
}

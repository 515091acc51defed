using EtcdBackupAgent.Archive.Age;

namespace EtcdBackupAgent.Tests.Archive.Age;

/// <summary>Encrypts and decrypts small test files.</summary>
internal static class AgeTestFiles
{
    /// <summary>A low work factor, so that tests with passphrases are fast.</summary>
    public const int QuickWorkFactor = 4;

    public static byte[] Encrypt(byte[] plain, params IAgeRecipient[] recipients)
    {
        using AgeEncryptionStream stream = new(new MemoryStream(plain), recipients);
        using MemoryStream file = new();
        stream.CopyTo(file);
        return file.ToArray();
    }

    public static byte[] Decrypt(byte[] file, params IAgeIdentity[] identities)
    {
        using AgeDecryptionStream stream = new(new MemoryStream(file), identities);
        using MemoryStream plain = new();
        stream.CopyTo(plain);
        return plain.ToArray();
    }

    public static AgePassphrase Passphrase(string text) => new(text) { WorkFactor = QuickWorkFactor };

    public static AgeFailure FailureOf(Action action) => Xunit.Assert.Throws<AgeException>(action).Failure;
}

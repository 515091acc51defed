using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using EtcdBackupAgent.Archive.Age.Primitives;

namespace EtcdBackupAgent.Archive.Age;

/// <summary>
/// An identity file as <c>age-keygen</c> writes it and <c>age -d -i</c> reads it: one identity per line. Blank lines
/// and lines that begin with <c>#</c> are ignored.
/// </summary>
public static class AgeIdentityFile
{
    /// <summary>The largest file that is read, in bytes: hundreds of identities with comments.</summary>
    public const int SizeBytesMax = 64 << 10;

    private static ReadOnlySpan<byte> WhiteSpace => " \t\r"u8;

    /// <summary>Reads the stream to its end and parses the identities.</summary>
    /// <returns>At least one identity. The caller disposes them.</returns>
    /// <exception cref="AgeException">
    /// A line is not an identity, the file has no identity, or it is too large (<see cref="AgeFailure.MalformedKey"/>).
    /// Or the file is itself encrypted (<see cref="AgeFailure.IdentityFileEncrypted"/>): read it through an
    /// <see cref="AgeDecryptionStream"/> with an <see cref="AgePassphrase"/>.
    /// </exception>
    public static IReadOnlyList<AgeIdentity> Parse(Stream stream)
    {
        using SecretBytes buffer = new(SizeBytesMax + 1);
        return Parse(buffer.Span[..stream.ReadAtLeast(buffer.Span, SizeBytesMax + 1, throwOnEndOfStream: false)]);
    }

    /// <inheritdoc cref="Parse(Stream)"/>
    public static async Task<IReadOnlyList<AgeIdentity>> ParseAsync(Stream stream, CancellationToken cancellationToken)
    {
        byte[] buffer = GC.AllocateUninitializedArray<byte>(SizeBytesMax + 1, pinned: true);
        try
        {
            int bytes = await stream.ReadAtLeastAsync(
                buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
            return Parse(buffer.AsSpan(0, bytes));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(buffer);
        }
    }

    /// <summary>
    /// Formats an identity file, with the creation time and the recipient of each identity as comments.
    /// </summary>
    /// <returns>
    /// A pinned array, which the caller must wipe with <see cref="CryptographicOperations.ZeroMemory"/>.
    /// </returns>
    public static byte[] Format(IReadOnlyList<AgeIdentity> identities, DateTimeOffset createdAt)
    {
        string created = string.Create(
            CultureInfo.InvariantCulture, $"# created: {createdAt.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}\n");
        using SecretBytes buffer = new(SizeBytesMax);
        Span<byte> rest = buffer.Span;
        Append(created, ref rest);
        foreach (AgeIdentity identity in identities)
        {
            Append($"# public key: {identity.Recipient}\n", ref rest);
            byte[] secret = identity.SecretText();
            secret.CopyTo(rest);
            rest = rest[secret.Length..];
            CryptographicOperations.ZeroMemory(secret);
            Append("\n", ref rest);
        }

        byte[] file = GC.AllocateArray<byte>(buffer.Span.Length - rest.Length, pinned: true);
        buffer.Span[..file.Length].CopyTo(file);
        return file;

        static void Append(string text, ref Span<byte> rest) => rest = rest[Encoding.ASCII.GetBytes(text, rest)..];
    }

    /// <inheritdoc cref="Format(IReadOnlyList{AgeIdentity}, DateTimeOffset)"/>
    public static byte[] Format(AgeIdentity identity, DateTimeOffset createdAt) => Format([identity], createdAt);

    private static List<AgeIdentity> Parse(ReadOnlySpan<byte> file)
    {
        if (file.StartsWith("age-encryption.org/"u8) || file.TrimStart(" \t\r\n"u8).StartsWith("-----BEGIN AGE"u8))
        {
            throw new AgeException(
                AgeFailure.IdentityFileEncrypted, "The age identity file is itself encrypted: decrypt it first.");
        }

        if (file.Length > SizeBytesMax)
        {
            throw Malformed($"is larger than {SizeBytesMax} bytes");
        }

        List<AgeIdentity> identities = [];
        try
        {
            int number = 0;
            foreach (Range range in file.Split((byte)'\n'))
            {
                number++;
                ReadOnlySpan<byte> line = file[range].Trim(WhiteSpace);
                if (!line.IsEmpty && line[0] != (byte)'#')
                {
                    identities.Add(ParseIdentity(line, number));
                }
            }

            return identities.Count > 0 ? identities : throw Malformed("contains no identity");
        }
        catch
        {
            identities.ForEach(identity => identity.Dispose());
            throw;
        }
    }

    private static AgeIdentity ParseIdentity(ReadOnlySpan<byte> line, int number)
    {
        const int charactersMax = 256;
        Span<char> text = stackalloc char[Math.Min(line.Length, charactersMax)];
        try
        {
            Encoding.Latin1.GetChars(line[..text.Length], text);
            return AgeIdentity.Parse(text);
        }
        catch (AgeException e)
        {
            throw Malformed(
                $"has in line {number} no identity (AGE-SECRET-KEY-1 or AGE-SECRET-KEY-PQ-1, and 58 more characters)",
                e);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(text));
        }
    }

    private static AgeException Malformed(string what, Exception? innerException = null) =>
        new(AgeFailure.MalformedKey, $"The age identity file {what}.", innerException);
}

using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace EtcdBackupAgent.Archive.Tar;

/// <summary>
/// The records of a pax extended header, each <c>LENGTH KEYWORD=VALUE\n</c> with the length, in decimal, of the whole
/// record. Only the length determines where a record ends: a value may contain line feeds and '='. (POSIX.1-2017, pax,
/// "pax Extended Header": https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html#tag_20_92_13_03)
/// </summary>
internal sealed class PaxRecords
{
    private readonly Dictionary<string, byte[]> _values = new(StringComparer.Ordinal);

    public bool IsEmpty => _values.Count == 0;

    public IEnumerable<string> Keywords => _values.Keys;

    /// <summary>The value of a keyword. Null if there is no record, or an empty one, which means the same.</summary>
    public byte[]? this[string keyword] => _values.GetValueOrDefault(keyword) is { Length: > 0 } value ? value : null;

    public void Add(string keyword, byte[] value) => _values[keyword] = value;

    /// <summary>Adds the records of a later header. They replace records of the same keyword.</summary>
    public void Add(PaxRecords later)
    {
        foreach ((string keyword, byte[] value) in later._values)
        {
            _values[keyword] = value;
        }
    }

    /// <summary>Parses records.</summary>
    /// <exception cref="FormatException">The bytes do not consist of complete records only.</exception>
    public static PaxRecords Read(ReadOnlySpan<byte> bytes)
    {
        PaxRecords records = new();
        while (!bytes.IsEmpty)
        {
            if (!Utf8Parser.TryParse(bytes, out int length, out int digits) || digits == 0 || bytes[0] == (byte)'+'
                || length <= digits + 1 || length > bytes.Length
                || bytes[digits] != (byte)' ' || bytes[length - 1] != (byte)'\n')
            {
                throw new FormatException("a record of an extended header has a wrong length");
            }

            ReadOnlySpan<byte> record = bytes[(digits + 1)..(length - 1)];
            int equals = record.IndexOf((byte)'=');
            if (equals <= 0)
            {
                throw new FormatException("a record of an extended header has no keyword");
            }

            records.Add(Encoding.UTF8.GetString(record[..equals]), record[(equals + 1)..].ToArray());
            bytes = bytes[length..];
        }

        return records;
    }

    /// <summary>Formats the records in the order in which they were added.</summary>
    public byte[] Write()
    {
        ArrayBufferWriter<byte> bytes = new();
        foreach ((string keyword, byte[] value) in _values)
        {
            int rest = 1 + Encoding.UTF8.GetByteCount(keyword) + 1 + value.Length + 1;

            // The length includes its own digits.
            int length = rest + 1;
            while (length != rest + Digits(length))
            {
                length = rest + Digits(length);
            }

            Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{length} {keyword}="), bytes);
            bytes.Write(value);
            bytes.Write("\n"u8);
        }

        return bytes.WrittenSpan.ToArray();
    }

    private static int Digits(int number) => number.ToString(CultureInfo.InvariantCulture).Length;
}

using System.Buffers.Text;

namespace EtcdBackupAgent.Archive.Age;

/// <summary>
/// Decodes an armored age file line by line (spec, "ASCII armor": strict PEM of RFC 7468, figure 3). A line ends with a
/// line feed or with a carriage return and a line feed. Only white space may precede or follow the armor.
/// </summary>
internal sealed class ArmorDecoder
{
    public const int SurroundingWhiteSpaceBytesMax = 1024;

    private const int Columns = 64;
    private const int LineBytes = Columns / 4 * 3;

    private readonly byte[] _line = new byte[Columns + 1];
    private readonly byte[] _decoded = new byte[LineBytes];
    private int _lineLength;
    private int _lineNumber = 1;
    private int _whiteSpace;
    private Part _part;
    private int _decodedRead;
    private int _decodedLength;

    private enum Part
    {
        Before,
        Begin,
        Body,
        BodyEnded,
        After,
    }

    private static ReadOnlySpan<byte> BeginLine => "-----BEGIN AGE ENCRYPTED FILE-----"u8;

    private static ReadOnlySpan<byte> EndLine => "-----END AGE ENCRYPTED FILE-----"u8;

    public static bool IsWhiteSpace(byte value) => value is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n';

    /// <summary>Copies decoded bytes that were not read yet and returns their number.</summary>
    public int Read(Span<byte> buffer)
    {
        int bytes = Math.Min(buffer.Length, _decodedLength - _decodedRead);
        _decoded.AsSpan(_decodedRead, bytes).CopyTo(buffer);
        _decodedRead += bytes;
        return bytes;
    }

    /// <summary>
    /// Decodes bytes up to the end of a line. All bytes that were decoded before must have been read.
    /// </summary>
    /// <returns>The number of bytes consumed.</returns>
    /// <exception cref="AgeException">The armor is malformed.</exception>
    public int DecodeLine(ReadOnlySpan<byte> bytes)
    {
        int consumed = 0;
        while (consumed < bytes.Length && !Decode(bytes[consumed++]))
        {
        }

        return consumed;
    }

    /// <summary>Decodes one byte. Returns true if it ends a line.</summary>
    /// <exception cref="AgeException">The armor is malformed.</exception>
    public bool Decode(byte value)
    {
        if (_part is Part.Before or Part.After)
        {
            if (IsWhiteSpace(value))
            {
                return ++_whiteSpace > SurroundingWhiteSpaceBytesMax
                    ? throw Malformed(
                        $"more than {SurroundingWhiteSpaceBytesMax} bytes of white space surround the armor")
                    : false;
            }

            _part = _part == Part.Before ? Part.Begin : throw Malformed("data follows the end of the armor");
        }

        if (value == (byte)'\n')
        {
            ReadOnlySpan<byte> line = _line.AsSpan(0, _lineLength);
            ParseLine(line is [.., (byte)'\r'] ? line[..^1] : line);
            _lineLength = 0;
            _lineNumber++;
            return true;
        }

        if (_lineLength == _line.Length)
        {
            throw _part == Part.Begin ? NotAge() : Malformed($"the line has more than {Columns} columns");
        }

        _line[_lineLength++] = value;
        return false;
    }

    /// <summary>Completes the decoding after the last byte of the source.</summary>
    /// <exception cref="AgeException">The armor is not complete.</exception>
    public void Complete()
    {
        if (_part is Part.Body or Part.BodyEnded && _line.AsSpan(0, _lineLength).SequenceEqual(EndLine))
        {
            _part = Part.After;
        }

        if (_part == Part.Before || (_part == Part.Begin && !BeginLine.StartsWith(_line.AsSpan(0, _lineLength))))
        {
            throw NotAge();
        }

        if (_part != Part.After)
        {
            throw new AgeException(
                AgeFailure.Truncated, $"The age file is truncated: its armor ends in line {_lineNumber}.");
        }
    }

    private void ParseLine(ReadOnlySpan<byte> line)
    {
        if (_part == Part.Begin)
        {
            _part = line.SequenceEqual(BeginLine) ? Part.Body : throw NotAge();
        }
        else if (line.SequenceEqual(EndLine))
        {
            _part = Part.After;
            _whiteSpace = 0;
        }
        else if (_part == Part.BodyEnded)
        {
            throw Malformed($"it follows a line with fewer than {Columns} columns, which must be the last");
        }
        else
        {
            ParseBody(line);
        }
    }

    private void ParseBody(ReadOnlySpan<byte> line)
    {
        if (line.IsEmpty || line.Length > Columns)
        {
            throw Malformed($"the line has {line.Length} columns, expected 1 to {Columns}");
        }

        _ = Base64.DecodeFromUtf8(line, _decoded, out _, out _decodedLength);
        _decodedRead = 0;

        // The platform's decoder accepts white space and unused bits; the format allows only the canonical text.
        Span<byte> canonical = stackalloc byte[Columns];
        _ = Base64.EncodeToUtf8(_decoded.AsSpan(0, _decodedLength), canonical, out _, out int length);
        if (!canonical[..length].SequenceEqual(line))
        {
            throw Malformed("the line is not canonical base64");
        }

        if (_decodedLength < LineBytes)
        {
            _part = Part.BodyEnded;
        }
    }

    private static AgeException NotAge() => new(
        AgeFailure.NotAge,
        "This is not an age file: it begins neither with 'age-encryption.org/' nor with "
        + "'-----BEGIN AGE ENCRYPTED FILE-----'.");

    private AgeException Malformed(string what) =>
        new(AgeFailure.MalformedArmor, $"Line {_lineNumber} of the armored age file is malformed: {what}.");
}

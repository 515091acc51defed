using System.Buffers.Text;

namespace EtcdBackupAgent.Archive.Age;

/// <summary>
/// Takes an armored age file byte by byte and gives what each of its lines encodes (spec, "ASCII armor": strict PEM of
/// RFC 7468, figure 3). Lines end with a line feed, or a carriage return before it; around the whole only white space may be.
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
    private int _given;
    private int _decodedLength;

    private enum Part
    {
        Before,
        Begin,
        Body,
        BodyIsOver,
        After,
    }

    private static ReadOnlySpan<byte> BeginLine => "-----BEGIN AGE ENCRYPTED FILE-----"u8;

    private static ReadOnlySpan<byte> EndLine => "-----END AGE ENCRYPTED FILE-----"u8;

    public static bool IsWhiteSpace(byte value) => value is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n';

    /// <summary>Copies out what was decoded and not given yet.</summary>
    public int Give(Span<byte> buffer)
    {
        int bytes = Math.Min(buffer.Length, _decodedLength - _given);
        _decoded.AsSpan(_given, bytes).CopyTo(buffer);
        _given += bytes;
        return bytes;
    }

    /// <summary>Takes bytes up to the end of a line. All that was decoded before must have been given.</summary>
    /// <returns>Bytes taken.</returns>
    /// <exception cref="AgeException">The armor is malformed.</exception>
    public int TakeLine(ReadOnlySpan<byte> bytes)
    {
        int taken = 0;
        while (taken < bytes.Length && !Take(bytes[taken++]))
        {
        }

        return taken;
    }

    /// <summary>Takes one byte; true when a line ended with it.</summary>
    /// <exception cref="AgeException">The armor is malformed.</exception>
    public bool Take(byte value)
    {
        if (_part is Part.Before or Part.After)
        {
            if (IsWhiteSpace(value))
            {
                return ++_whiteSpace > SurroundingWhiteSpaceBytesMax
                    ? throw Malformed($"there are more than {SurroundingWhiteSpaceBytesMax} bytes of white space around it")
                    : false;
            }

            _part = _part == Part.Before ? Part.Begin : throw Malformed("something follows its end");
        }

        if (value == (byte)'\n')
        {
            ReadOnlySpan<byte> line = _line.AsSpan(0, _lineLength);
            Line(line is [.., (byte)'\r'] ? line[..^1] : line);
            _lineLength = 0;
            _lineNumber++;
            return true;
        }

        if (_lineLength == _line.Length)
        {
            throw _part == Part.Begin ? NotAge() : Malformed($"it has more than {Columns} columns");
        }

        _line[_lineLength++] = value;
        return false;
    }

    /// <summary>The source has no more bytes.</summary>
    /// <exception cref="AgeException">The armor is not complete.</exception>
    public void End()
    {
        if (_part is Part.Body or Part.BodyIsOver && _line.AsSpan(0, _lineLength).SequenceEqual(EndLine))
        {
            _part = Part.After;
        }

        if (_part == Part.Before || (_part == Part.Begin && !BeginLine.StartsWith(_line.AsSpan(0, _lineLength))))
        {
            throw NotAge();
        }

        if (_part != Part.After)
        {
            throw new AgeException(AgeFailure.Truncated, $"The age file is cut short: its armor ends in line {_lineNumber}.");
        }
    }

    private void Line(ReadOnlySpan<byte> line)
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
        else if (_part == Part.BodyIsOver)
        {
            throw Malformed($"a line with fewer than {Columns} columns came before it, and was to be the last");
        }
        else
        {
            Body(line);
        }
    }

    private void Body(ReadOnlySpan<byte> line)
    {
        if (line.IsEmpty || line.Length > Columns)
        {
            throw Malformed($"it has {line.Length} columns, not from 1 to {Columns}");
        }

        _ = Base64.DecodeFromUtf8(line, _decoded, out _, out _decodedLength);
        _given = 0;

        // The platform's decoder lets white space and unused bits pass: there is only one right text.
        Span<byte> canonical = stackalloc byte[Columns];
        _ = Base64.EncodeToUtf8(_decoded.AsSpan(0, _decodedLength), canonical, out _, out int length);
        if (!canonical[..length].SequenceEqual(line))
        {
            throw Malformed("it is not canonical base64");
        }

        if (_decodedLength < LineBytes)
        {
            _part = Part.BodyIsOver;
        }
    }

    private static AgeException NotAge() => new(
        AgeFailure.NotAge,
        "This is no age file: it begins neither as a binary one nor with '-----BEGIN AGE ENCRYPTED FILE-----'.");

    private AgeException Malformed(string what) =>
        new(AgeFailure.MalformedArmor, $"Line {_lineNumber} of the armored age file is malformed: {what}.");
}

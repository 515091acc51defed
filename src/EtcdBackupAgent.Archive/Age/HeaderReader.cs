using System.Text;

namespace EtcdBackupAgent.Archive.Age;

/// <summary>Reads a file piece by piece up to the end of its header (spec, "ABNF definition of file header").</summary>
internal sealed class HeaderReader
{
    /// <summary>Enough for thousands of recipients.</summary>
    public const int HeaderBytesMax = 1 << 20;

    /// <summary>The arguments of the longest known recipient type have 1,500 bytes.</summary>
    public const int LineBytesMax = 16 << 10;

    public const int StanzasMax = 4096;

    private readonly List<AgeStanza> _stanzas = [];
    private readonly List<byte> _stanzaBody = [];
    private byte[] _bytes = new byte[1024];
    private int _length;
    private int _lineStart;
    private int _lineNumber = 1;
    private string[]? _stanzaArguments;
    private AgeHeader? _header;

    /// <summary>The number of bytes read so far.</summary>
    public int Length => _length;

    /// <summary>
    /// Reads bytes up to the end of the header. Returns the header once it is complete, and null before.
    /// </summary>
    /// <exception cref="AgeException">The bytes are not a valid header.</exception>
    public AgeHeader? Read(ReadOnlySpan<byte> bytes, out int used)
    {
        used = 0;
        while (_header is null && used < bytes.Length)
        {
            int feed = bytes[used..].IndexOf((byte)'\n');
            ReadOnlySpan<byte> piece = feed < 0 ? bytes[used..] : bytes.Slice(used, feed + 1);
            used += piece.Length;
            Append(piece);
            if (feed >= 0)
            {
                ParseLine(_bytes.AsSpan(_lineStart, _length - _lineStart - 1));
                _lineStart = _length;
                _lineNumber++;
            }
        }

        return _header;
    }

    private void Append(ReadOnlySpan<byte> piece)
    {
        CheckBeginning(piece);
        if (_length - _lineStart + piece.Length > LineBytesMax)
        {
            throw Malformed($"the line is longer than {LineBytesMax} bytes");
        }

        if (_length + piece.Length > HeaderBytesMax)
        {
            throw Malformed($"the header is longer than {HeaderBytesMax} bytes");
        }

        if (_length + piece.Length > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(_length + piece.Length, 2 * _bytes.Length));
        }

        piece.CopyTo(_bytes.AsSpan(_length));
        _length += piece.Length;
    }

    /// <summary>Refuses a file of another format by its first bytes, before the end of the line is searched.</summary>
    private void CheckBeginning(ReadOnlySpan<byte> piece)
    {
        ReadOnlySpan<char> expected = AgeHeader.VersionPrefix.AsSpan(Math.Min(_length, AgeHeader.VersionPrefix.Length));
        for (int i = 0; i < Math.Min(expected.Length, piece.Length); i++)
        {
            if (piece[i] != expected[i])
            {
                throw new AgeException(
                    AgeFailure.NotAge, $"This is not an age file: it does not begin with '{AgeHeader.VersionPrefix}'.");
            }
        }
    }

    private void ParseLine(ReadOnlySpan<byte> line)
    {
        if (_lineNumber == 1)
        {
            ParseVersion(line);
        }
        else if (_stanzaArguments is not null)
        {
            ParseBody(line);
        }
        else if (line.StartsWith("-> "u8))
        {
            ParseStanza(line);
        }
        else
        {
            ParseMac(line);
        }
    }

    private void ParseVersion(ReadOnlySpan<byte> line)
    {
        string text = Encoding.ASCII.GetString(line);
        if (text == AgeHeader.VersionLine)
        {
            return;
        }

        string version = text[AgeHeader.VersionPrefix.Length..];
        throw version.Length > 0 && IsVisible(line)
            ? new AgeException(
                AgeFailure.Unsupported, $"This age file has format version '{version}'; only 'v1' is supported.")
            : Malformed("a line feed must follow the version");
    }

    private void ParseStanza(ReadOnlySpan<byte> line)
    {
        if (_stanzas.Count == StanzasMax)
        {
            throw Malformed($"there are more than {StanzasMax} stanzas");
        }

        ReadOnlySpan<byte> arguments = line[AgeHeader.StanzaPrefix.Length..];
        foreach (Range argument in arguments.Split((byte)' '))
        {
            if (!IsVisible(arguments[argument]))
            {
                throw Malformed("an argument of the stanza is empty or contains a character that is not visible ASCII");
            }
        }

        _stanzaArguments = Encoding.ASCII.GetString(arguments).Split(' ');
    }

    private void ParseBody(ReadOnlySpan<byte> line)
    {
        if (line.Length > AgeHeader.Columns)
        {
            throw Malformed($"a line of a stanza's body has more than {AgeHeader.Columns} columns");
        }

        _stanzaBody.AddRange(HeaderBase64.Decode(line) ?? throw Malformed("the stanza's body is not canonical base64"));
        if (line.Length < AgeHeader.Columns)
        {
            _stanzas.Add(new AgeStanza(_stanzaArguments!, [.. _stanzaBody]));
            _stanzaArguments = null;
            _stanzaBody.Clear();
        }
    }

    private void ParseMac(ReadOnlySpan<byte> line)
    {
        if (!line.StartsWith("--- "u8))
        {
            throw Malformed("expected a stanza ('-> ') or the MAC ('--- ')");
        }

        if (_stanzas.Count == 0)
        {
            throw Malformed("no stanza precedes the MAC");
        }

        byte[]? mac = HeaderBase64.Decode(line[(AgeHeader.MacMark.Length + 1)..]);
        _header = mac is { Length: FileKey.MacBytes }
            ? new AgeHeader(_stanzas, _bytes.AsMemory(0, _lineStart + AgeHeader.MacMark.Length), mac)
            : throw Malformed($"the MAC is not the canonical base64 of {FileKey.MacBytes} bytes");
    }

    /// <summary>Whether the text matches the rule VCHAR of RFC 5234 at least once, and nothing else.</summary>
    private static bool IsVisible(ReadOnlySpan<byte> text) =>
        !text.IsEmpty && !text.ContainsAnyExceptInRange((byte)0x21, (byte)0x7E);

    private AgeException Malformed(string what) =>
        new(AgeFailure.MalformedHeader, $"Line {_lineNumber} of the age header is malformed: {what}.");
}

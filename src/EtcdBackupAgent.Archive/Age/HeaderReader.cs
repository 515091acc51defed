using System.Text;

namespace EtcdBackupAgent.Archive.Age;

/// <summary>
/// Takes the bytes of a file as they come, up to the end of the header (spec, "ABNF definition of file header").
/// </summary>
internal sealed class HeaderReader
{
    /// <summary>Room for thousands of recipients.</summary>
    public const int HeaderBytesMax = 1 << 20;

    /// <summary>Arguments of the longest known recipient type have 1,500.</summary>
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

    /// <summary>Bytes taken so far.</summary>
    public int Length => _length;

    /// <summary>Takes bytes up to the end of the header, which it gives once it has it.</summary>
    /// <exception cref="AgeException">They are not those of a header.</exception>
    public AgeHeader? Take(ReadOnlySpan<byte> bytes, out int used)
    {
        used = 0;
        while (_header is null && used < bytes.Length)
        {
            int feed = bytes[used..].IndexOf((byte)'\n');
            ReadOnlySpan<byte> piece = feed < 0 ? bytes[used..] : bytes.Slice(used, feed + 1);
            used += piece.Length;
            Keep(piece);
            if (feed >= 0)
            {
                Line(_bytes.AsSpan(_lineStart, _length - _lineStart - 1));
                _lineStart = _length;
                _lineNumber++;
            }
        }

        return _header;
    }

    private void Keep(ReadOnlySpan<byte> piece)
    {
        CheckBeginning(piece);
        if (_length - _lineStart + piece.Length > LineBytesMax)
        {
            throw Malformed($"it is longer than {LineBytesMax} bytes");
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

    /// <summary>Whatever is no age file is told from its first bytes, before the end of a line is looked for.</summary>
    private void CheckBeginning(ReadOnlySpan<byte> piece)
    {
        ReadOnlySpan<char> due = AgeHeader.VersionPrefix.AsSpan(Math.Min(_length, AgeHeader.VersionPrefix.Length));
        for (int i = 0; i < Math.Min(due.Length, piece.Length); i++)
        {
            if (piece[i] != due[i])
            {
                throw new AgeException(
                    AgeFailure.NotAge, $"This is no age file: it does not begin with '{AgeHeader.VersionPrefix}'.");
            }
        }
    }

    private void Line(ReadOnlySpan<byte> line)
    {
        if (_lineNumber == 1)
        {
            Version(line);
        }
        else if (_stanzaArguments is not null)
        {
            Body(line);
        }
        else if (line.StartsWith("-> "u8))
        {
            Stanza(line);
        }
        else
        {
            Mac(line);
        }
    }

    private void Version(ReadOnlySpan<byte> line)
    {
        string text = Encoding.ASCII.GetString(line);
        if (text == AgeHeader.VersionLine)
        {
            return;
        }

        string version = text[AgeHeader.VersionPrefix.Length..];
        throw version.Length > 0 && IsVisible(line)
            ? new AgeException(AgeFailure.Unsupported, $"This age file has format version '{version}'; known is 'v1'.")
            : Malformed("the line must end after the version, with a line feed");
    }

    private void Stanza(ReadOnlySpan<byte> line)
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
                throw Malformed("an argument of the stanza is empty or has a character that is not visible ASCII");
            }
        }

        _stanzaArguments = Encoding.ASCII.GetString(arguments).Split(' ');
    }

    private void Body(ReadOnlySpan<byte> line)
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

    private void Mac(ReadOnlySpan<byte> line)
    {
        if (!line.StartsWith("--- "u8))
        {
            throw Malformed("neither a stanza ('-> ') nor the MAC ('--- ') begins here");
        }

        if (_stanzas.Count == 0)
        {
            throw Malformed("there is no stanza before the MAC");
        }

        byte[]? mac = HeaderBase64.Decode(line[(AgeHeader.MacMark.Length + 1)..]);
        _header = mac is { Length: FileKey.MacBytes }
            ? new AgeHeader(_stanzas, _bytes.AsMemory(0, _lineStart + AgeHeader.MacMark.Length), mac)
            : throw Malformed($"the MAC is not the canonical base64 of {FileKey.MacBytes} bytes");
    }

    /// <summary>The rule VCHAR of RFC 5234, at least once.</summary>
    private static bool IsVisible(ReadOnlySpan<byte> text) =>
        !text.IsEmpty && !text.ContainsAnyExceptInRange((byte)0x21, (byte)0x7E);

    private AgeException Malformed(string what) =>
        new(AgeFailure.MalformedHeader, $"Line {_lineNumber} of the age header is malformed: {what}.");
}

using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace EtcdBackupAgent.Objects.JsonPaths;

/// <summary>Reads the text of a path, with the limits of the server's own reader.</summary>
internal sealed partial class JsonPathParser
{
    private readonly string _text;
    private readonly List<JsonPathStep> _steps = [];
    private int _at;

    private JsonPathParser(string text) => _text = text;

    /// <summary>Returns the steps of a path; null if it is not one.</summary>
    public static IReadOnlyList<JsonPathStep>? Parse(string text)
    {
        JsonPathParser parser = new(text);
        while (parser._at < text.Length)
        {
            if (!parser.ReadStep())
            {
                return null;
            }
        }

        return parser._steps;
    }

    private bool ReadStep()
    {
        if (IsNext("[?("))
        {
            return ReadFilter();
        }

        if (IsNext(".."))
        {
            return ReadRecursive();
        }

        char next = _text[_at];
        switch (next)
        {
            case ' ' or '@' or '$':
                _at++;
                return true;
            case '[':
                return ReadBrackets();
            case '"' or '\'':
                return ReadQuoted(next);
            case '.':
                _at++;
                ReadField();
                return true;
            case '+' or '-' or (>= '0' and <= '9'):
                return ReadNumber();
            default:
                return (char.IsLetterOrDigit(next) || next == '_') && ReadWord();
        }
    }

    private bool IsNext(string text) => string.CompareOrdinal(_text, _at, text, 0, text.Length) == 0;

    /// <summary>A name ends before the next separator; a backslash takes the next character in.</summary>
    private void ReadField()
    {
        StringBuilder name = new();
        for (; _at < _text.Length && !IsEnd(_text[_at]); _at++)
        {
            if (_text[_at] != '\\')
            {
                name.Append(_text[_at]);
            }
            else if (++_at < _text.Length)
            {
                name.Append(_text[_at]);
            }
        }

        _steps.Add(name.ToString() == "*" ? new WildcardStep() : new FieldStep(name.ToString()));
    }

    private bool ReadRecursive()
    {
        if (_steps is [.., RecursiveStep])
        {
            return false;
        }

        _at += 2;
        _steps.Add(new RecursiveStep());
        if (_at < _text.Length && (char.IsLetterOrDigit(_text[_at]) || _text[_at] == '_'))
        {
            ReadField();
        }

        return true;
    }

    private bool ReadWord()
    {
        int start = _at;
        while (_at < _text.Length && !IsEnd(_text[_at]))
        {
            _at++;
        }

        string word = _text[start.._at];
        _steps.Add(word is "true" or "false" ? Constant(word) : new UnknownStep(word));
        return true;
    }

    private bool ReadNumber()
    {
        int start = _at++;
        while (_at < _text.Length && (char.IsAsciiDigit(_text[_at]) || _text[_at] == '.'))
        {
            _at++;
        }

        string number = _text[start.._at];
        if (long.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long whole))
        {
            _steps.Add(Constant(whole.ToString(CultureInfo.InvariantCulture)));
            return true;
        }

        const NumberStyles style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint;
        if (!double.TryParse(number, style, CultureInfo.InvariantCulture, out double fraction))
        {
            return false;
        }

        // With a point, so that it is compared with fractions.
        string text = fraction.ToString("R", CultureInfo.InvariantCulture);
        _steps.Add(Constant(text.AsSpan().ContainsAny('.', 'E') ? text : $"{text}.0"));
        return true;
    }

    private bool ReadQuoted(char quote)
    {
        int end = _at;
        do
        {
            end = _text.IndexOf(quote, end + 1);
        }
        while (end > 0 && _text[end - 1] == '\\');
        if (end < 0 || Unquote(_text[(_at + 1)..end]) is not { } text)
        {
            return false;
        }

        _at = end + 1;
        _steps.Add(Constant(JsonValue.Create(text).ToJsonString()));
        return true;
    }

    /// <summary>An index, a slice, a name between quotes, or several of them.</summary>
    private bool ReadBrackets()
    {
        int end = _text.IndexOf(']', _at);
        if (end < 0)
        {
            return false;
        }

        string content = _text[(_at + 1)..end];
        _at = end + 1;
        content = content == "*" ? ":" : content;
        if (content.Contains(',', StringComparison.Ordinal))
        {
            IReadOnlyList<JsonPathStep>?[] paths =
                [.. content.Split(',').Select(part => Parse($"[{part.Trim(' ')}]"))];
            _steps.Add(new UnionStep([.. paths.OfType<IReadOnlyList<JsonPathStep>>()]));
            return paths.All(path => path is not null);
        }

        if (QuotedName().Match(content) is { Success: true } name)
        {
            // The server reads it as a field, so that a dot separates names here too.
            IReadOnlyList<JsonPathStep>? steps = Parse($".{name.Groups["name"].Value}");
            _steps.AddRange(steps ?? []);
            return steps is not null;
        }

        Match slice = Slice().Match(content);
        if (!slice.Success)
        {
            return false;
        }

        bool isOne = !slice.Groups["slice"].Success;
        _steps.Add(new SliceStep(
            Number(slice.Groups["first"]), Number(slice.Groups["end"]), Number(slice.Groups["step"]), isOne));
        return true;
    }

    private bool ReadFilter()
    {
        _at += "[?(".Length;
        int end = FilterEnd();
        if (end < 0 || end + 1 >= _text.Length || _text[end + 1] != ']')
        {
            return false;
        }

        string content = _text[_at..end];
        _at = end + 2;
        Match comparison = Comparison().Match(content);
        IReadOnlyList<JsonPathStep>? left = Parse(comparison.Success ? comparison.Groups["left"].Value : content);
        IReadOnlyList<JsonPathStep>? right = comparison.Success ? Parse(comparison.Groups["right"].Value) : [];
        if (left is null || right is null)
        {
            return false;
        }

        _steps.Add(new FilterStep(left, comparison.Success ? comparison.Groups["operator"].Value : null, right));
        return true;
    }

    /// <summary>The parenthesis that ends a filter. One text between quotes may contain others.</summary>
    private int FilterEnd()
    {
        char? quote = null;
        bool isClosed = false;
        for (int i = _at; i < _text.Length; i++)
        {
            switch (_text[i])
            {
                case '"' or '\'' when quote is null:
                    quote = _text[i];
                    break;
                case '"' or '\'' when _text[i] == quote && _text[i - 1] != '\\':
                    isClosed = true;
                    break;
                case ')' when (quote is not null) == isClosed:
                    return i;
            }
        }

        return -1;
    }

    private static ConstantStep Constant(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return new ConstantStep(document.RootElement.Clone());
    }

    private static string? Unquote(string quoted)
    {
        StringBuilder text = new();
        for (int i = 0; i < quoted.Length; i++)
        {
            if (quoted[i] != '\\')
            {
                text.Append(quoted[i]);
                continue;
            }

            char? escaped = ++i == quoted.Length ? null : quoted[i] switch
            {
                '\\' or '"' or '\'' => quoted[i],
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                _ => null,
            };
            if (escaped is null)
            {
                return null;
            }

            text.Append(escaped);
        }

        return text.ToString();
    }

    private static int? Number(Group group) =>
        int.TryParse(group.ValueSpan, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number)
            ? number
            : null;

    private static bool IsEnd(char c) => c is ' ' or '\t' or '\r' or '\n' or '.' or ',' or '[' or ']' or '$' or '@'
        or '{' or '}';

    [GeneratedRegex(@"^'(?<name>[^']*)'\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex QuotedName();

    [GeneratedRegex(
        @"^(?<first>-?[0-9]*)(?<slice>:(?<end>-?[0-9]*))?(?<steps>:(?<step>-?[0-9]*))?\z",
        RegexOptions.ExplicitCapture,
        1000)]
    private static partial Regex Slice();

    [GeneratedRegex(
        @"^(?<left>[^!<>=]+)(?<operator>[!<>=]+)(?<right>.+?)\z",
        RegexOptions.ExplicitCapture | RegexOptions.Singleline,
        1000)]
    private static partial Regex Comparison();
}

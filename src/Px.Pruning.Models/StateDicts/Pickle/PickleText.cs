using System.Buffers;
using System.Globalization;
using System.Numerics;
using System.Text;
using Px.Bytes;

namespace Px.Pruning.Models.StateDicts.Pickle;

// Values that pickles write as text (protocol 0) or as many bytes.
internal static class PickleText
{
    private static readonly SearchValues<char> Hexadecimal = SearchValues.Create("0123456789abcdefABCDEF");

    // A number of the memo; −1 for one that none has.
    internal static long Index(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? index : -1;

    // A long, or a BigInteger where it is too large for one.
    internal static object Integer(string text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var small) ? (object)small
        : BigInteger.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var large) ? large
        : throw new InvalidDataException($"its pickle has '{Excerpt.Of(text)}' where a whole number should be.");

    // As Integer, from two's complement with the lowest byte first.
    internal static object Integer(byte[] bytes)
    {
        var number = new BigInteger(bytes);
        return number >= long.MinValue && number <= long.MaxValue ? (object)(long)number : number;
    }

    internal static double Float(string text) => text switch
    {
        "inf" => double.PositiveInfinity,
        "-inf" => double.NegativeInfinity,
        _ when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => number,
        _ => throw new InvalidDataException($"its pickle has '{Excerpt.Of(text)}' where a number should be."),
    };

    // A text in Python's quotes: 'it\'s'.
    internal static string Quoted(string text) =>
        text.Length >= 2 && text[0] is '\'' or '"' && text[^1] == text[0] ? Unescaped(text[1..^1], backslashes: true)
            : throw new InvalidDataException("its pickle has a text without quotes.");

    // A text with Python's escapes for what Latin-1 lacks: \u20ac.
    internal static string Unescaped(string text) => Unescaped(text, backslashes: false);

    private static string Unescaped(string text, bool backslashes)
    {
        if (!text.Contains('\\', StringComparison.Ordinal))
            return text;
        var result = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            var next = text[i] == '\\' && i + 1 < text.Length ? text[i + 1] : '\0';
            var digits = (next, backslashes) switch { ('x', true) => 2, ('u', false) => 4, ('U', false) => 8, _ => 0 };
            if (digits > 0)
                result.Append(Character(text, i + 2, digits));
            else if (backslashes && next != '\0')
                result.Append(next switch { 'n' => '\n', 'r' => '\r', 't' => '\t', '\\' or '\'' or '"' => next, _ => throw Malformed() });
            else
                result.Append(text[i]);
            i += digits > 0 ? 1 + digits : backslashes && next != '\0' ? 1 : 0;
        }

        return result.ToString();
    }

    private static string Character(string text, int start, int digits)
    {
        if (start + digits > text.Length || text.AsSpan(start, digits).ContainsAnyExcept(Hexadecimal))
            throw Malformed();
        var code = uint.Parse(text.AsSpan(start, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        return code <= char.MaxValue ? ((char)code).ToString() : code <= 0x10FFFF ? char.ConvertFromUtf32((int)code) : throw Malformed();
    }

    private static InvalidDataException Malformed() => new("its pickle has a text with an escape that Python does not write.");
}

using System.Text;

namespace Px.Bytes;

// Texts that UTF-8 can hold. .NET's encodings silently change the others, which have half of a surrogate pair.
internal static class UnicodeText
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    // The text. what: what it is, for the message. Throws ArgumentException if it is not Unicode.
    internal static string Require(string text, string what)
    {
        try
        {
            Strict.GetByteCount(text);
            return text;
        }
        catch (EncoderFallbackException e)
        {
            throw new ArgumentException($"{what} is not Unicode: '{Excerpt.Of(text)}' has half of a surrogate pair.", nameof(text), e);
        }
    }
}

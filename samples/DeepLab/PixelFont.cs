namespace Px.Samples.DeepLabSample;

/// <summary>Capital letters of five by seven pixels: enough to name classes in an image, and no font to install.</summary>
public static class PixelFont
{
    /// <summary>Pixels from one letter to the next, and of a letter's height.</summary>
    public const int Advance = 6, Height = 7;

    private const int Width = 5, BytesALetter = 2;

    // A to Z, seven rows each as hexadecimal numbers of five bits.
    private static readonly string[] Letters =
    [
        "0E11111F111111", "1E11111E11111E", "0E11101010110E", "1E11111111111E", "1F10101E10101F", "1F10101E101010", "0E11101711110F", "1111111F111111", "0E04040404040E",
        "0702020202120C", "11121418141211", "1010101010101F", "111B1515111111", "11191513111111", "0E11111111110E", "1E11111E101010", "0E11111115120D", "1E11111E141211",
        "0F10100E01011E", "1F040404040404", "1111111111110E", "11111111110A04", "1111111515150A", "11110A040A1111", "11110A04040404", "1F01020408101F",
    ];

    /// <summary>Whether a pixel of a letter is inked; other characters are empty.</summary>
    /// <param name="letter">Small or capital.</param>
    /// <param name="x">From the left, from 0.</param>
    /// <param name="y">From the top, from 0 to 6.</param>
    public static bool IsInk(char letter, int x, int y)
    {
        if (!char.IsAsciiLetter(letter) || x >= Width)
            return false;
        var row = Convert.ToInt32(Letters[char.ToUpperInvariant(letter) - 'A'].Substring(BytesALetter * y, BytesALetter), 16);
        return ((row >> (Width - 1 - x)) & 1) == 1;
    }
}

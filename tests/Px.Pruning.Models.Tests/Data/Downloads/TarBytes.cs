using System.IO.Compression;
using System.Text;

namespace Px.Pruning.Models.Tests.Data.Downloads;

/// <summary>Tar archives byte by byte, with what no writer of archives would write.</summary>
internal static class TarBytes
{
    /// <summary>An entry: a header of 512 bytes, and its content in whole blocks.</summary>
    /// <param name="name">Cut to 100 bytes.</param>
    /// <param name="type">The letter of its type; 0 for a file.</param>
    /// <param name="content">What is there.</param>
    /// <param name="size">The field of the size, 12 bytes; null for that of the content.</param>
    public static byte[] Entry(string name, char type = '0', byte[]? content = null, byte[]? size = null)
    {
        content ??= [];
        var bytes = new byte[512 + ((content.Length + 511) / 512 * 512)];
        var utf8 = Encoding.UTF8.GetBytes(name);
        utf8.AsSpan(0, Math.Min(100, utf8.Length)).CopyTo(bytes);
        "0000644\00000000\00000000\0"u8.CopyTo(bytes.AsSpan(100));
        (size ?? Octal(content.Length)).CopyTo(bytes, 124);
        "00000000000\0"u8.CopyTo(bytes.AsSpan(136));
        bytes[156] = (byte)type;
        "ustar\000"u8.CopyTo(bytes.AsSpan(257));
        content.CopyTo(bytes, 512);
        Seal(bytes);
        return bytes;
    }

    /// <summary>Extended attributes for the entry that follows.</summary>
    public static byte[] Attributes(params (string Key, string Value)[] attributes) =>
        Entry("attributes", 'x', [.. attributes.SelectMany(pair => Attribute(pair.Key, pair.Value))]);

    public static byte[] Octal(long size) => Encoding.ASCII.GetBytes(Convert.ToString(size, 8).PadLeft(11, '0') + '\0');

    /// <summary>The size as a number of 11 bytes behind a byte of 0x80.</summary>
    public static byte[] Base256(long size)
    {
        var field = new byte[12];
        field[0] = 0x80;
        for (var i = 0; i < 8; i++)
            field[11 - i] = (byte)(size >> (8 * i));
        return field;
    }

    /// <summary>Writes the right checksum into a header.</summary>
    public static void Seal(byte[] entry)
    {
        entry.AsSpan(148, 8).Fill((byte)' ');
        Encoding.ASCII.GetBytes(Convert.ToString(entry.Take(512).Sum(value => value), 8).PadLeft(6, '0') + "\0 ").CopyTo(entry, 148);
    }

    /// <summary>The entries, and the end of an archive.</summary>
    public static byte[] Archive(params byte[][] entries) => [.. entries.SelectMany(entry => entry), .. new byte[1024]];

    public static byte[] Zipped(byte[] bytes)
    {
        using var target = new MemoryStream();
        using (var zip = new GZipStream(target, CompressionLevel.Fastest))
            zip.Write(bytes);
        return target.ToArray();
    }

    private static byte[] Attribute(string key, string value)
    {
        var text = Encoding.UTF8.GetBytes($" {key}={value}\n");
        var length = text.Length + 1;
        while (length != text.Length + length.ToString().Length)
            length++;
        return [.. Encoding.ASCII.GetBytes(length.ToString()), .. text];
    }
}

using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Px.Pruning.Models.Tests.Support;

/// <summary>PNG files written from the format's description, for a decoder to read: 8 bits, unfiltered rows.</summary>
internal static class PngBytes
{
    private const byte GreyType = 0, ColourType = 2, PaletteType = 3;

    public static byte[] Grey(int width, params byte[] pixels) => Of(GreyType, width, pixels, bytesPerPixel: 1, palette: null);

    public static byte[] Colour(int width, params byte[] pixels) => Of(ColourType, width, pixels, bytesPerPixel: 3, palette: null);

    public static byte[] Palette(int width, byte[] palette, params byte[] indices) => Of(PaletteType, width, indices, bytesPerPixel: 1, palette);

    private static byte[] Of(byte type, int width, byte[] pixels, int bytesPerPixel, byte[]? palette)
    {
        var stride = width * bytesPerPixel;
        var height = pixels.Length / stride;
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = (8, type);

        using var rows = new MemoryStream();
        using (var zip = new ZLibStream(rows, CompressionLevel.Fastest, leaveOpen: true))
        {
            foreach (var row in pixels.Chunk(stride))
                zip.Write([0, .. row]);
        }

        return
        [
            0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10,
            .. Chunk("IHDR", header), .. palette is null ? [] : Chunk("PLTE", palette), .. Chunk("IDAT", rows.ToArray()), .. Chunk("IEND", []),
        ];
    }

    private static byte[] Chunk(string name, byte[] data)
    {
        byte[] content = [.. Encoding.ASCII.GetBytes(name), .. data];
        var (length, sum) = (new byte[4], new byte[4]);
        BinaryPrimitives.WriteInt32BigEndian(length, data.Length);
        BinaryPrimitives.WriteUInt32BigEndian(sum, Crc(content));
        return [.. length, .. content, .. sum];
    }

    private static uint Crc(byte[] bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc >> 1) ^ ((crc & 1) * 0xEDB88320);
        }

        return ~crc;
    }
}

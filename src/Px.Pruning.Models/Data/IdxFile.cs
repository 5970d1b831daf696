using System.Buffers.Binary;
using System.IO.Compression;
using Px.Bytes;

namespace Px.Pruning.Models.Data;

// The IDX files of MNIST and its kin: a big-endian header, then bytes. Gzipped files are told by their first two bytes, not by their name.
// Header: 0, 0, the element type (8 for bytes), the number of dimensions, then each size in 4 bytes.
// Source: http://yann.lecun.com/exdb/mnist/.
internal static class IdxFile
{
    private const int BytesType = 8;

    // Deflate cannot do better than 1032:1, so a file's length bounds what it may claim to hold.
    private const long MaximumCompression = 1032;

    // Reads images, [N, height, width].
    // Throws InvalidDataException if the file is something else, truncated, too long or damaged, IOException if it cannot be read.
    internal static (byte[] Pixels, int Count, int Height, int Width) ReadImages(string path)
    {
        var (data, sizes) = Read(path, dimensions: 3, "images");
        return (data, sizes[0], sizes[1], sizes[2]);
    }

    // Reads labels, [N].
    // Throws InvalidDataException if the file is something else, truncated, too long or damaged, or holds a label that is not below
    // classes.
    internal static byte[] ReadLabels(string path, int classes)
    {
        var labels = Read(path, dimensions: 1, "labels").Data;
        LabelCheck.Require(labels, classes, path);
        return labels;
    }

    private static (byte[] Data, int[] Sizes) Read(string path, int dimensions, string content)
    {
        using var file = InputFile.Open(path);
        var zipped = file.Length >= 2 && file.ReadByte() == 0x1F && file.ReadByte() == 0x8B;
        file.Position = 0;
        using var stream = zipped ? new GZipStream(file, CompressionMode.Decompress) : (Stream)file;
        var capacity = zipped ? checked(file.Length * MaximumCompression) : file.Length;
        try
        {
            return Read(stream, capacity, dimensions, content);
        }
        catch (EndOfStreamException e)
        {
            throw new InvalidDataException($"'{path}' is truncated: it ends before the {content} do. Get the file again.", e);
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"'{path}' is not a valid file of IDX {content}: {e.Message}", e);
        }
    }

    private static (byte[] Data, int[] Sizes) Read(Stream stream, long capacity, int dimensions, string content)
    {
        Span<byte> magic = stackalloc byte[4];
        stream.ReadExactly(magic);
        if (magic[0] != 0 || magic[1] != 0 || magic[2] != BytesType || magic[3] != dimensions)
        {
            throw new InvalidDataException($"it starts with {Convert.ToHexString(magic)}, and {content} start with "
                + $"{BytesType << 8 | dimensions:X8}.{Hint(magic)}");
        }

        var sizes = new int[dimensions];
        var length = 1L;
        Span<byte> size = stackalloc byte[sizeof(uint)];
        for (var i = 0; i < dimensions; i++)
        {
            stream.ReadExactly(size);
            var value = BinaryPrimitives.ReadUInt32BigEndian(size);
            length = value is 0 or > int.MaxValue || length * value > Array.MaxLength ? -1 : length * value;
            if (length < 0)
                throw new InvalidDataException($"it claims sizes that make no data set: dimension {i} is {value}.");
            sizes[i] = (int)value;
        }

        if (length > capacity)
        {
            throw new InvalidDataException($"it claims {length} bytes of {content}, more than the file can hold: it is truncated or "
                + "damaged. Get it again.");
        }

        var data = new byte[length];
        stream.ReadExactly(data);
        if (stream.ReadByte() >= 0)
            throw new InvalidDataException($"more than the {length} bytes follow that its header speaks of.");
        return (data, sizes);
    }

    private static string Hint(ReadOnlySpan<byte> magic) => (magic[2], magic[3]) switch
    {
        (BytesType, 3) when magic[..2].IndexOfAnyExcept((byte)0) < 0 => " This is a file of images: have the two been swapped?",
        (BytesType, 1) when magic[..2].IndexOfAnyExcept((byte)0) < 0 => " This is a file of labels: have the two been swapped?",
        _ => " It is another kind of file.",
    };
}

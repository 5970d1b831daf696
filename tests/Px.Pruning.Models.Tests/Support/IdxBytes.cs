using System.Buffers.Binary;
using System.IO.Compression;

namespace Px.Pruning.Models.Tests.Support;

/// <summary>IDX files written from the format's description, for the readers to read.</summary>
internal static class IdxBytes
{
    public static byte[] Of(byte[] data, params int[] sizes)
    {
        var file = new byte[4 + (4 * sizes.Length) + data.Length];
        (file[2], file[3]) = (8, (byte)sizes.Length);
        for (var i = 0; i < sizes.Length; i++)
            BinaryPrimitives.WriteInt32BigEndian(file.AsSpan(4 + (4 * i)), sizes[i]);
        data.CopyTo(file, file.Length - data.Length);
        return file;
    }

    public static byte[] Zip(byte[] bytes)
    {
        using var target = new MemoryStream();
        using (var zip = new GZipStream(target, CompressionLevel.Optimal))
            zip.Write(bytes);
        return target.ToArray();
    }
}

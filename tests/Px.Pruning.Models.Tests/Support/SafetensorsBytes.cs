using System.Text;

namespace Px.Pruning.Models.Tests.Support;

/// <summary>Safetensors files put together by hand.</summary>
internal static class SafetensorsBytes
{
    /// <summary>A file with this header and so many zero bytes of data.</summary>
    public static byte[] File(string header, int dataLength = 0) =>
        [.. BitConverter.GetBytes((long)Encoding.UTF8.GetByteCount(header)), .. Encoding.UTF8.GetBytes(header), .. new byte[dataLength]];

    /// <summary>A file of tensors without elements: all of it is header.</summary>
    public static byte[] Empties(int count) => File("{" + string.Join(',', Enumerable.Range(0, count).Select(i => $"\"{i:x}\":{{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}")) + "}");
}

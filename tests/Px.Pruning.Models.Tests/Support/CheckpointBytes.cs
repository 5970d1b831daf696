using System.Buffers.Binary;
using System.Text;
using Px.Pruning.Models.StateDicts.Pickle;
using Px.Pruning.Models.StateDicts.Zip;

namespace Px.Pruning.Models.Tests.Support;

/// <summary>Checkpoints made from any pickle, for the reader to read or to refuse.</summary>
internal static class CheckpointBytes
{
    /// <summary>The magic number, the version and the writer's machine, with which every file of the old format starts.</summary>
    public static readonly byte[] LegacyStart = [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, .. "."u8, 0x80, 2, .. "M"u8, 0xE9, 3, .. "."u8, 0x80, 2, .. "}."u8];

    /// <summary>A file of the zip format.</summary>
    public static MemoryStream Archive(byte[] pickle, params byte[][] storages)
    {
        var stream = new MemoryStream();
        var zip = new ZipWriter(stream);
        zip.Add("archive/data.pkl", pickle);
        for (var i = 0; i < storages.Length; i++)
            zip.Add($"archive/data/{i}", storages[i]);
        zip.Finish();
        stream.Position = 0;
        return stream;
    }

    /// <summary>A file of the format before it, with one storage of four-byte elements.</summary>
    public static byte[] Legacy(byte[] pickle, byte[] storage)
    {
        var prefix = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(prefix, storage.Length / 4);
        return [.. LegacyStart, .. pickle, .. "](X"u8, 1, 0, 0, 0, (byte)'0', .. "e."u8, .. prefix, .. storage];
    }

    /// <summary>A dictionary with one tensor, as a pickle.</summary>
    public static byte[] OneTensor(string key = "x", long offset = 0, long[]? size = null, long[]? stride = null, long count = 6, string storage = "FloatStorage")
    {
        var pickle = new PickleWriter();
        pickle.Call("collections", "OrderedDict", () => { });
        pickle.Entries(() =>
        {
            pickle.Text(key);
            Tensor(pickle, "0", offset, size ?? [count], stride ?? [1], count, storage);
        });
        return pickle.Finish();
    }

    public static void Tensor(PickleWriter pickle, string key, long offset, long[] size, long[] stride, long count, string storage = "FloatStorage") =>
        pickle.Call("torch._utils", "_rebuild_tensor_v2", () =>
        {
            pickle.Tuple(() =>
            {
                pickle.Text("storage");
                pickle.Global("torch", storage);
                pickle.Text(key);
                pickle.Text("cpu");
                pickle.Number(count);
            });
            pickle.PersistentId();
            pickle.Number(offset);
            pickle.Numbers(size);
            pickle.Numbers(stride);
            pickle.False();
            pickle.Call("collections", "OrderedDict", () => { });
        });

    /// <summary>Bytes from text with <c>\xHH</c> for those that are no letters, as Python writes them.</summary>
    public static byte[] Python(string text)
    {
        var bytes = new List<byte>();
        for (var i = 0; i < text.Length; i++)
        {
            var isEscape = text[i] == '\\' && i + 3 < text.Length && text[i + 1] == 'x';
            bytes.Add(isEscape ? Convert.FromHexString(text.AsSpan(i + 2, 2))[0] : Encoding.Latin1.GetBytes(text, i, 1)[0]);
            i += isEscape ? 3 : 0;
        }

        return [.. bytes];
    }
}

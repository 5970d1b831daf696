using System.Security.Cryptography;
using System.Text;

namespace Px.Safetensors;

// SHA-256 of all that a safetensors file says, 64 hexadecimal digits among its metadata. It covers metadata and tensors in ordinal order of
// their names, so that it survives another program's layout of the same content; each text has its length before it.
internal static class SafetensorsChecksum
{
    // Never among the metadata that a reader returns: a copy of it would not fit other content.
    internal const string Key = "px-sha256";

    // The metadata with the checksum of a file that is to be written.
    internal static Dictionary<string, string> AddTo(
        IReadOnlyDictionary<string, string>? metadata, IReadOnlyList<SafetensorsEntry> entries, Action<SafetensorsEntry, Stream> writeData)
    {
        var all = metadata is null ? [] : new Dictionary<string, string>(metadata, StringComparer.Ordinal);
        all.Remove(Key);
        all[Key] = Of(all, entries, writeData);
        return all;
    }

    // Throws InvalidDataException if a file has a checksum that does not fit what was read. writeData: the bytes of a tensor as read.
    internal static void Verify(SafetensorsHeader header, string source, Action<SafetensorsEntry, Stream> writeData)
    {
        if (header.Checksum is null || Of(header.Metadata, header.Entries, writeData) == header.Checksum) return;
        throw new InvalidDataException($"'{source}' is damaged: its content does not fit its checksum. Make the file again; if its content "
            + $"was changed on purpose, remove '{Key}' from its metadata.");
    }

    private static string Of(
        IReadOnlyDictionary<string, string> metadata, IReadOnlyList<SafetensorsEntry> entries, Action<SafetensorsEntry, Stream> writeData)
    {
        using var hash = SHA256.Create();
        using (var stream = new CryptoStream(Stream.Null, hash, CryptoStreamMode.Write))
        using (var writer = new BinaryWriter(stream, Encoding.UTF8))
        {
            writer.Write(metadata.Count);
            foreach (var (name, text) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            {
                writer.Write(name);
                writer.Write(text);
            }

            foreach (var entry in entries.OrderBy(entry => entry.Name, StringComparer.Ordinal))
            {
                writer.Write(entry.Name);
                writer.Write(entry.DType);
                writer.Write(entry.Shape.Length);
                foreach (var size in entry.Shape) writer.Write(size);
                writeData(entry, writer.BaseStream);
            }
        }

        return Convert.ToHexString(hash.Hash!);
    }
}

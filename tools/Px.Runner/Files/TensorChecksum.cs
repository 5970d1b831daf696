using System.Security.Cryptography;
using System.Text;
using static TorchSharp.torch;

namespace Px.Runner.Files;

/// <summary>SHA-256 of named tensors and of the text that goes with them: a file that was damaged and can still be read has another.</summary>
public static class TensorChecksum
{
    /// <summary>The checksum in hexadecimal; the order of names does not matter.</summary>
    /// <param name="tensors">Tensors by name, on any device, in any memory layout.</param>
    /// <param name="metadata">Text by name.</param>
    public static string Of(IReadOnlyDictionary<string, Tensor> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (name, tensor) in tensors.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            using var temporaries = NewDisposeScope();
            Append(name, $"{tensor.dtype} [{string.Join(", ", tensor.shape)}]");
            hash.AppendData(tensor.detach().cpu().contiguous().bytes);
        }

        foreach (var (name, text) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            Append(name, text);
        return Convert.ToHexStringLower(hash.GetHashAndReset());

        // Lengths first, so that no two lists of texts make the same bytes.
        void Append(params string[] texts)
        {
            foreach (var bytes in texts.Select(Encoding.UTF8.GetBytes))
            {
                hash.AppendData(BitConverter.GetBytes(bytes.Length));
                hash.AppendData(bytes);
            }
        }
    }
}

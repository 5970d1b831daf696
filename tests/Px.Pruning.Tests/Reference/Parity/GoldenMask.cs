using System.Security.Cryptography;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Reference.Parity;

/// <summary>Between a golden file's packed masks and the library's.</summary>
internal static class GoldenMask
{
    public static PruningMask Create(GoldenFile golden, string packed)
    {
        using var temporaries = NewDisposeScope();
        var kept = golden.Unpack(packed);
        var first = 0;
        var tensors = new List<KeyValuePair<string, Tensor>>();
        foreach (var name in golden.Prunable)
        {
            var size = (int)golden.Size(name);
            tensors.Add(new(name, tensor(kept[first..(first + size)]).reshape(golden.Shape(name))));
            first += size;
        }
        first.Should().Be(kept.Length);
        return new PruningMask(tensors);
    }

    /// <summary>The digest of a mask too large for a golden file: SHA-256 of its bits packed as the oracle packs them, in lower-case hexadecimal.</summary>
    public static string Digest(PruningMask mask)
    {
        var kept = Flatten(mask);
        var bytes = new byte[(kept.Length + 7) / 8];
        for (var i = 0; i < kept.Length; i++)
            if (kept[i]) bytes[i / 8] |= (byte)(0x80 >> i % 8);
        return Convert.ToHexStringLower(SHA256.HashData(bytes));
    }

    /// <summary>All parameters after one another in row-major order.</summary>
    public static bool[] Flatten(PruningMask mask) =>
        mask.Names.SelectMany(name => mask[name].data<bool>().ToArray()).ToArray();
}

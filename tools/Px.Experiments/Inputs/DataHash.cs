using System.Security.Cryptography;
using static TorchSharp.torch;
using static TorchSharp.torch.utils.data;

namespace Px.Experiments.Inputs;

/// <summary>Tells whether two cells saw the same data.</summary>
public static class DataHash
{
    private const long Most = 5000;

    /// <summary>SHA-256, in hexadecimal, of the numbers of samples, and of the samples with their labels; of a larger set of 5,000, evenly spread.</summary>
    public static string Of(Dataset train, Dataset test)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in (Dataset[])[train, test])
        {
            hash.AppendData(BitConverter.GetBytes(part.Count));
            var taken = Math.Min(part.Count, Most);
            for (var i = 0L; i < taken; i++)
            {
                using var temporaries = NewDisposeScope();
                var item = part.GetTensor(i * part.Count / taken);
                hash.AppendData(item["data"].bytes);
                hash.AppendData(item["label"].bytes);
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}

using System.Security.Cryptography;
using Px.Pruning;

namespace Px.Experiments.Results;

/// <summary>Whether the mask beside a result is the one that the result is of.</summary>
public static class MaskCheck
{
    /// <summary>SHA-256 of a file, in hexadecimal.</summary>
    public static string HashOf(string path)
    {
        using var stream = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    /// <summary>What is wrong with a mask; null where nothing is. Older results have no hash: there, what is kept is counted.</summary>
    /// <param name="path">The mask's file, which exists.</param>
    /// <param name="pruning">What pruning left, by the result.</param>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static string? Problem(string path, PruningOutcome pruning)
    {
        if (pruning.MaskHash is { } hash)
            return HashOf(path) == hash ? null : $"'{path}' is not the mask that was written, by its checksum.";
        try
        {
            using var mask = PruningMask.Load(path);
            return mask.Kept == pruning.Kept && mask.Total == pruning.Total && pruning.Layers.All(layer => mask.Contains(layer.Name) && mask.KeptIn(layer.Name) == layer.Kept)
                ? null
                : $"'{path}' keeps other weights than its result says.";
        }
        catch (InvalidDataException e)
        {
            return e.Message;
        }
    }
}

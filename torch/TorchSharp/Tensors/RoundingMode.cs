namespace TorchSharp;

public static partial class torch
{
    /// <summary>What a division does with what is left over.</summary>
    public enum RoundingMode
    {
        None,
        trunc,
        floor,
    }
}

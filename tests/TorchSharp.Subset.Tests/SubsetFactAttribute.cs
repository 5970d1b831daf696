namespace TorchSharp.Subset.Tests;

/// <summary>A fact about the subset that does not hold for the real TorchSharp, where it is skipped.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SubsetFactAttribute : FactAttribute
{
    public SubsetFactAttribute()
    {
        if (!IsSubset) Skip = "About the subset only: the real TorchSharp is referenced.";
    }

    /// <summary>The real one brings types that the subset has no use for.</summary>
    internal static bool IsSubset { get; } = typeof(torch).Assembly.GetType("TorchSharp.torchvision") is null && typeof(torch).Assembly.GetType("TorchSharp.Native.Op") is not null;
}

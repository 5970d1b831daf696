namespace Px.Pruning.Models.Data.Pipeline;

/// <summary>What lies beside a picture.</summary>
internal enum Padding
{
    /// <summary>A pixel of 0.</summary>
    Black,

    /// <summary>The normalisation's mean, which becomes 0.</summary>
    Mean,
}

namespace Px.Pruning;

/// <summary>What <see cref="PathExclusionPruner"/> multiplies the gradient <c>∂R/∂θ²</c> by.</summary>
public enum PxWeighting
{
    /// <summary>θ², as Eq. 9 has it. The default.</summary>
    Squared,

    /// <summary>|θ|, as some implementations of SynFlow-L2 have it.</summary>
    Absolute,
}

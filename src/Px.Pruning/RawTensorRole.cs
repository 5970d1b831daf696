namespace Px.Pruning;

/// <summary>What a raw tensor does in a network: a parameter or buffer that the model's own forward reads, and no layer.</summary>
public enum RawTensorRole
{
    /// <summary>
    /// It multiplies what flows through it, as a layer scale or a matrix does: a weight on every path through it, which is not ranked.
    /// </summary>
    Scale,

    /// <summary>It is added, as a bias, a position embedding or a class token is: methods of paths drop it like every bias.</summary>
    Shift,
}

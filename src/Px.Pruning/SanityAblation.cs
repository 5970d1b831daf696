namespace Px.Pruning;

/// <summary>What a prune spoils on purpose, to see what a method's choice is worth.</summary>
/// <remarks>
/// Train the spoilt network as the sound one. Where a network trains as well after <see cref="ShuffleWithinLayers"/> or
/// <see cref="Reinitialize"/>, the method found layer densities and no winning ticket; where it does after <see cref="InvertScores"/>, its
/// scores mean nothing.
/// <para><b>Source:</b> Frankle et al., ICLR 2021, <see href="https://arxiv.org/abs/2009.08576"/>; the first two also Su et al., NeurIPS 2020,
/// <see href="https://arxiv.org/abs/2009.11094"/>.</para>
/// </remarks>
public enum SanityAblation
{
    /// <summary>Nothing: the method as published.</summary>
    None,

    /// <summary>
    /// In every layer the finished mask keeps as many weights, but at random places, as by <see cref="PruningMask.ShuffleWithinLayers"/> with
    /// <see cref="PruningOptions.Seed"/>.
    /// </summary>
    ShuffleWithinLayers,

    /// <summary>
    /// The mask stays, and the kept weights of every pruned parameter are drawn anew: <c>N(0, 2 / fan_in)</c> with
    /// <c>fan_in = weights / first dimension</c>. This overwrites the caller's kept weights. Biases, normalisation layers and parameters that
    /// <see cref="PruningOptions.Parameters"/> leaves out stay as they are.
    /// </summary>
    Reinitialize,

    /// <summary>In every round the weights with the lowest scores are kept. Pruned weights stay pruned.</summary>
    InvertScores,
}

using Px.Pruning.Scopes;
using static TorchSharp.torch;

namespace Px.Pruning;

/// <summary>Which weights are ranked against each other. Knows scores only: no model, no schedule.</summary>
/// <remarks>
/// <para><b>Law:</b> of N weights, pruned ones included, exactly <c>round(density · N)</c> are kept (halves away from zero), or all
/// that are left where fewer are. A pruned weight never returns.</para>
/// <para><b>Ties:</b> of equal scores the earlier weight is kept: first by the order of the parameters in the model, then by the
/// row-major index inside the parameter. −0 equals +0.</para>
/// <para><b>Cost:</b> linear in N, a few passes over the scores; no sort, and memory for the masks and one histogram only.</para>
/// </remarks>
public abstract class PruningScope
{
    private protected PruningScope() { }

    /// <summary>All weights in one ranking: layers may end with very different densities, or empty.</summary>
    public static PruningScope Global { get; } = new GlobalScope();

    /// <summary>Each parameter is a ranking of its own: all layers end with the same density, to the nearest weight.</summary>
    public static PruningScope LayerWise { get; } = new LayerWiseScope();

    /// <summary>Chooses the weights to keep.</summary>
    /// <param name="parameters">The scores in the model's order.</param>
    /// <param name="density">The fraction to keep of all weights, in [0, 1].</param>
    /// <returns>One new bool CPU tensor for each parameter, in its shape, <see langword="true"/> where a weight is kept; the caller disposes them.</returns>
    /// <exception cref="NonFiniteScoreException">The score of a weight that is still there is NaN or infinite.</exception>
    internal abstract IReadOnlyList<Tensor> Select(IReadOnlyList<ScoredParameter> parameters, double density);
}

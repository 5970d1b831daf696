using Px.Pruning.Engine;
using Px.Pruning.Methods.Phew;

namespace Px.Pruning;

/// <summary>PHEW, paths with higher edge weights: keeps the weights on random walks that prefer large weights.</summary>
/// <remarks>
/// <para>
/// A step from unit i to unit o has <c>p = ‖K(o, i)‖₁ / Σₒ ‖K(o, i)‖₁</c>, backward summed over i; within the kernel each weight has
/// <c>p = |θ| / ‖K(o, i)‖₁</c>. The score of a weight is the order in which walks first reach it. Walks go forward from the input channels
/// and backward from the output units in turn, each round robin, until enough weights are reached; the last walk is cut.
/// </para>
/// <para>
/// No data and no gradients, only the shape of an input (<see cref="PruningData.Shape"/>). The connections between layers are found by
/// sending signals through the code between them: additions, concatenations, flattening, channel shuffles and gates need no description.
/// </para>
/// <para>
/// <b>Cost:</b> some dozen passes of eight samples in which no layer computes, then about a microsecond for each step of a walk. Memory:
/// one feature map of nine samples, and a score for each weight.
/// </para>
/// <para>
/// <b>Law:</b> every kept weight is on a kept path from input to output, except those of the last walk and those filled in; with enough
/// weights, every input channel and output unit is on one. Same seed, weights and shapes: same mask. Scaling a layer changes nothing.
/// </para>
/// <para>
/// <b>Deviation:</b> the number of kept weights is exact; the authors' code exceeds it by up to one walk. Once a thousand walks find fewer
/// than a hundred new weights, as at low sparsity, the rest is filled by the probability of a forward step. If all kernels of a step are
/// zero, they are equally likely. Walks only enter units from which unpruned weights lead to the end. If a unit feeds several layers, each
/// is equally likely, as the authors do for a projection shortcut; an identity shortcut is no step, as theirs, but in any network. Scopes
/// other than the global one may also need filling.
/// </para>
/// <para><b>Source:</b> Patil, Dovrolis, ICML 2021, <see href="https://arxiv.org/abs/2010.11354"/>.</para>
/// </remarks>
/// <example><code>using var result = new PhewPruner().Prune(model, PruningData.Shape(3, 32, 32), sparsity: 0.9);</code></example>
public sealed class PhewPruner : Pruner, IScoresNoWeights
{
    /// <inheritdoc/>
    public override string Name => "PHEW";

    string IScoresNoWeights.WhyNoScores => "its walks find weights one after the other, until enough are found";

    internal override MethodNeeds Needs => new() { Shape = true, Hooks = true };

    internal override MethodRun Start(ScoringContext context) => new PhewRun(context);
}

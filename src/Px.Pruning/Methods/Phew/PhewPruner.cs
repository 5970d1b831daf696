using Px.Pruning.Engine;
using Px.Pruning.Methods.Phew;

namespace Px.Pruning;

/// <summary>
/// PHEW, paths with higher edge weights: the mask grows from nothing by random walks through the network that prefer large weights.
/// A step from unit i to unit o has <c>p = ‖K(o, i)‖₁ / Σₒ ‖K(o, i)‖₁</c>, backward summed over i; within the kernel each weight has
/// <c>p = |θ| / ‖K(o, i)‖₁</c>. The score of a weight is the order in which walks first touch it.
/// </summary>
/// <remarks>
/// <para>
/// Walks go forward from the input channels and backward from the output units in turn, each round robin, until as many weights are
/// touched as shall be kept; the last walk is cut. No data, no gradients: the shape of an input is enough
/// (<see cref="PruningData.Shape"/>). How layers are joined is found out by sending signals through the code between them, so that
/// additions, concatenations, flattening, channel shuffles and gates need no description.
/// </para>
/// <para>
/// <b>Cost:</b> some dozen passes of eight samples in which no layer computes (two samples for each source, two for each bit of a channel's
/// number); then about a microsecond for each step of a walk. Memory: one map of nine samples, and a score for each weight.
/// </para>
/// <para>
/// <b>Law:</b> every kept weight lies on a kept path from input to output but for the last walk's and those filled in; with enough weights,
/// every input channel and output unit is on one. Same seed, weights and shapes: same mask. Scaling a layer changes nothing.
/// </para>
/// <para>
/// <b>Deviation:</b> exactly as many weights are kept as asked, where the authors' code overshoots by up to one walk. When of a thousand
/// walks fewer than a hundred new weights come, as at low sparsity, the rest is filled by the probability of a forward step. Kernels
/// of zeros are taken with equal probability. Only units are entered from which surviving weights lead to the end. Where a unit
/// feeds several layers, each is equally likely, as the authors have it for a projection shortcut; an identity shortcut is
/// no step, as with them, for any network and not for one order of layers. Scopes other than the global one may have to be filled.
/// </para>
/// <para><b>Source:</b> Patil, Dovrolis, ICML 2021, <see href="https://arxiv.org/abs/2010.11354"/>.</para>
/// </remarks>
public sealed class PhewPruner : Pruner
{
    /// <inheritdoc/>
    public override string Name => "PHEW";

    internal override MethodNeeds Needs => new() { Shape = true, Hooks = true };

    internal override MethodRun Start(ScoringContext context) => new PhewRun(context);
}

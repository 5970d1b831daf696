using Px.Pruning.Paths;

namespace Px.Pruning.Analysis;

/// <summary>What is known of a network's paths.</summary>
/// <param name="Unknown">Why nothing is; null where it is.</param>
/// <param name="Used">The weights that the forward pass uses, as far as that is known.</param>
/// <param name="Outputs">The number of outputs; null where unknown.</param>
/// <param name="DeadOutputs">Those that no path reaches; null where unknown.</param>
/// <param name="Empty">Series of layers that carry nothing while the network is connected, by the weights' names.</param>
internal sealed record PathFacts(
    string? Unknown, IReadOnlySet<string> Used, long? Outputs, IReadOnlyList<long>? DeadOutputs, IReadOnlyList<EmptySeries> Empty);

/// <summary>Layers one after another that carry nothing.</summary>
/// <param name="Layers">Their weights' names, in the order of the forward pass.</param>
/// <param name="Bypass">What leads round them.</param>
internal sealed record EmptySeries(IReadOnlyList<string> Layers, Bypass Bypass);

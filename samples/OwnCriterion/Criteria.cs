using Px.Pruning;
using static TorchSharp.torch;

namespace Px.Samples.OwnCriterion;

/// <summary>Two criteria as you would write them: a function of the weights, and a function of weights and gradients.</summary>
public static class Criteria
{
    /// <summary>LAMP, which the library does not have: magnitude that is relative to the larger weights of the same layer, so that no layer is emptied.</summary>
    /// <remarks>Source: Lee et al., ICLR 2021, <see href="https://arxiv.org/abs/2010.07611"/>, equation 4.</remarks>
    public static CustomPruner Lamp { get; } = new("LAMP", context => context.Parameters.ToDictionary(p => p.Name, p => LampScores(p.Weight))) { UsesData = false };

    /// <summary>SNIP's criterion, |θ ∂L/∂θ|, which the library has: what comes out is the same.</summary>
    public static CustomPruner Saliency { get; } = new("Saliency", context =>
    {
        var gradients = context.Gradients(context.Loss);
        return context.Parameters.ToDictionary(p => p.Name, p => (p.Weight * gradients[p.Name]).abs());
    });

    /// <summary>θ² / Σ θ'², the sum over the weights of the tensor that are at least as large.</summary>
    public static Tensor LampScores(Tensor weight)
    {
        var (squares, order) = weight.square().flatten().sort(0, descending: true);
        return (squares / squares.cumsum(0)).index_select(0, order.argsort(0)).reshape(weight.shape);
    }
}

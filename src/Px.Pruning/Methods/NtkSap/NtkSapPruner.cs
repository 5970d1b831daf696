using System.Globalization;
using Px.Pruning.Engine;
using Px.Pruning.Methods.NtkSap;

namespace Px.Pruning;

/// <summary>NTK-SAP: scores weights by their effect on the trace of the Neural Tangent Kernel, averaged over random weights.</summary>
/// <remarks>
/// <para>
/// <c>S = |∂J/∂m|</c> with <c>J = Σₙ ‖f(zₙ; θ' ⊙ m) − f(zₙ; (θ' + εΔ) ⊙ m)‖²</c>, a finite-difference estimate of the trace. Every batch of
/// every repeat and round has its own draws: weights θ' from Kaiming's normal initialisation, directions Δ and inputs z from N(0, 1). Norm
/// layers have γ = 1, β = 0 and, as constants in both passes, mean and unbiased variance of the batch. The caller's own weights are neither
/// read nor written.
/// </para>
/// <para>
/// <b>Cost:</b> for each batch one forward pass without gradients, and two forward passes and their backward pass in chunks of 16 samples.
/// Memory depends neither on <see cref="Samples"/> nor on <see cref="Repeats"/>. No data, only the shape of an input.
/// </para>
/// <para>
/// <b>Law:</b> the mask does not depend on the caller's weights: a pretrained and a fresh network get the same mask from the same seed (if
/// their layers' biases are the same).
/// </para>
/// <para>
/// <b>Deviation:</b> the model is not changed; the authors' code re-initialises it (and reloads it afterwards). All elements of an output
/// count, whatever its shape. Dropout is off while scoring. A batch has <see cref="PruningOptions.BatchSize"/> samples, 128 by default
/// instead of the authors' 256: smaller batches average over more draws. As in their scripts a repeat has ten samples a class and there
/// are 20 rounds. Their scripts repeat five times on CIFAR-10 and once elsewhere; here <see cref="Repeats"/> is 1 unless set.
/// </para>
/// <para><b>Source:</b> Wang, Li, Sun, ICLR 2023, Eq. 9 and Algorithm 1, <see href="https://arxiv.org/abs/2304.02840"/>.</para>
/// </remarks>
/// <example><code>using var result = new NtkSapPruner().Prune(model, loader, sparsity: 0.95);</code></example>
public sealed class NtkSapPruner : Pruner
{
    /// <inheritdoc/>
    public override string Name => "NTK-SAP";

    /// <summary>20, as in the authors' experiments.</summary>
    public override int DefaultRounds => 20;

    /// <summary>The size ε of the perturbation: positive and finite. Default 0.01.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not positive and finite.</exception>
    public double Epsilon { get; init => field = Require.PositiveFinite("The perturbation", value); } = 0.01;

    /// <summary>The number of repeats R in a round, each with new draws, at least 1. Default 1; the authors take 5 on CIFAR-10.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int Repeats { get; init => field = Require.AtLeast(1, value); } = 1;

    /// <summary>
    /// The number of random inputs in a repeat, at least 1; in batches of <see cref="PruningOptions.BatchSize"/>.
    /// Default <see langword="null"/>: ten for each unit of the output's second dimension, as many as there are samples for other methods.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int? Samples { get; init => field = value is { } given ? Require.AtLeast(1, given) : null; }

    // Other random numbers, for tests.
    internal NtkSapDraws? Draws { get; init; }

    internal override MethodNeeds Needs => new() { Shape = true, DrawnSamples = Samples ?? int.MaxValue };

    internal override IEnumerable<(string Name, string Value)> Settings =>
    [
        ("epsilon", Epsilon.ToString("R", CultureInfo.InvariantCulture)),
        ("repeats", Repeats.ToString(CultureInfo.InvariantCulture)),
        ("samples", Samples?.ToString(CultureInfo.InvariantCulture) ?? "10 a class"),
    ];

    internal override MethodRun Start(ScoringContext context) => new NtkSapRun(context, this);
}

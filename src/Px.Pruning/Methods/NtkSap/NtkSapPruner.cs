using System.Globalization;
using Px.Pruning.Engine;
using Px.Pruning.Methods.NtkSap;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning;

/// <summary>
/// NTK-SAP: <c>S = |∂J/∂m|</c> with <c>J = Σₙ ‖f(zₙ; θ' ⊙ m) − f(zₙ; (θ' + εΔ) ⊙ m)‖²</c>, a finite-difference estimate of the
/// Neural Tangent Kernel's trace over random weights θ', directions Δ and inputs z.
/// </summary>
/// <remarks>
/// <para>
/// Every batch of every repeat and round has draws of its own: θ' as Kaiming's normal initialisation draws it, Δ and z from N(0, 1). Norm
/// layers have γ = 1, β = 0 and, as constants in both passes, mean and unbiased variance of the batch. The caller's own weights are
/// neither read nor written: what is pruned is the architecture.
/// </para>
/// <para>
/// <b>Cost:</b> for each batch one forward pass without gradients, and two forward passes and their backward pass in chunks of 16 samples.
/// Memory depends neither on <see cref="Samples"/> nor on <see cref="Repeats"/>. No data, only the shape of an input.
/// </para>
/// <para>
/// <b>Law:</b> the caller's weights play no part: a pretrained network and a fresh one get the same mask from the same seed (if the layers'
/// biases are the same).
/// </para>
/// <para>
/// <b>Deviation:</b> nothing is left behind, where the authors' code re-initialises the model it is given (and reloads it afterwards).
/// Outputs of every shape count whole. Dropout is off while scoring. A batch has <see cref="PruningOptions.BatchSize"/> samples, 128 by
/// default as for every method, where the authors' scripts take 256: smaller batches average over more draws. As in their scripts a repeat
/// has ten samples a class and there are 20 rounds. Their scripts repeat five times on CIFAR-10 and once elsewhere; a pruner does not know
/// the data set, so that <see cref="Repeats"/> is 1 unless set.
/// </para>
/// <para><b>Source:</b> Wang, Li, Sun, ICLR 2023, Eq. 9 and Algorithm 1, <see href="https://arxiv.org/abs/2304.02840"/>.</para>
/// </remarks>
public sealed class NtkSapPruner : Pruner
{
    private readonly double epsilon = 0.01;
    private readonly int repeats = 1;
    private readonly int? samples;

    /// <inheritdoc/>
    public override string Name => "NTK-SAP";

    /// <summary>20, as in the authors' experiments.</summary>
    public override int DefaultRounds => 20;

    /// <summary>ε, the length of the perturbation: positive and finite. Default 0.01.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not positive and finite.</exception>
    public double Epsilon
    {
        get => epsilon;
        init => epsilon = value > 0 && double.IsFinite(value)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Epsilon), value, "The perturbation is positive and finite.");
    }

    /// <summary>
    /// R, how often a round goes through its samples, with new draws each time: at least 1. Default 1; the authors take 5 on CIFAR-10.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int Repeats
    {
        get => repeats;
        init => repeats = Require.AtLeast(1, value);
    }

    /// <summary>
    /// Random inputs in a repeat, at least 1; in batches of <see cref="PruningOptions.BatchSize"/>.
    /// Default <see langword="null"/>: ten for each unit of the output's second dimension, as many as there are samples for other methods.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int? Samples
    {
        get => samples;
        init => samples = value is { } given ? Require.AtLeast(1, given) : null;
    }

    // Where random numbers come from; null for normal ones of the call's seed. For tests.
    internal NtkSapDraws? Draws { get; init; }

    internal override MethodNeeds Needs => new() { Shape = true, DrawnSamples = Samples ?? int.MaxValue };

    internal override IEnumerable<KeyValuePair<string, string>> Settings =>
    [
        KeyValuePair.Create("epsilon", Epsilon.ToString("R", CultureInfo.InvariantCulture)),
        KeyValuePair.Create("repeats", Repeats.ToString(CultureInfo.InvariantCulture)),
        KeyValuePair.Create("samples", Samples?.ToString(CultureInfo.InvariantCulture) ?? "10 a class"),
    ];

    internal override MethodRun Start(ScoringContext context) => new NtkSapRun(context, this);
}

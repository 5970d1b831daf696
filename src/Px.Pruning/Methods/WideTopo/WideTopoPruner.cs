using System.Globalization;
using Px.Pruning.Engine;
using Px.Pruning.Methods.WideTopo;
using static TorchSharp.torch;

namespace Px.Pruning;

/// <summary>
/// WideTopo: keeps the weights that preserve the training dynamics, prefers those of sparse rows and columns, and twice brings pruned
/// weights back to prune anew.
/// </summary>
/// <remarks>
/// <para>
/// Three parts, each of which can be switched off. <b>The score</b> <c>S = μ₁ S_NTK + μ₂ S_ITA</c>, each a sum over batches.
/// <c>S_NTK = |θ ⊙ ∂t/∂θ|</c> with Hutchinson's estimate <c>t = ‖m ⊙ ∂(Σ c ⊙ f(x))/∂θ‖²</c> of the trace of the Neural Tangent Kernel.
/// <c>S_ITA = |∂A/∂m|</c>, implicit target alignment, with <c>A = Σₙ ‖Δₙ‖² / ε²</c> and the mixed difference
/// <c>Δ = [f(x + δx; θ + δθ) − f(x; θ + δθ)] − [f(x + δx; θ) − f(x; θ)]</c> of the masked network. c is drawn from N(0, 1), δx and δθ from
/// N(0, ε²), for every batch and round anew.
/// </para>
/// <para>
/// <b>Density-aware decay</b> divides the score of a weight of row i and column j (output unit and input channel) by
/// <c>max(1, rᵢ cⱼ)^(p C)</c>, where r and c count what is left in them and <c>C = −log₁₀</c> of the density before the round.
/// <b>Mask restoration</b>: once the mask is as sparse as asked, with density d, it grows back to <c>d^½</c>, then, after as many rounds
/// again, to <c>d^¾</c> and so on, in as many equal steps as there are rounds, emptiest rows and columns first:
/// <c>(1 − densityᵢ)(1 − densityⱼ) + 10⁻⁵ N(0, 1)</c>, one draw a kernel. The schedule then begins anew from there. Restored weights have
/// their initial values.
/// </para>
/// <para>
/// <b>Cost:</b> for each batch a pass for the norm layers, a forward and a double backward pass, and four forward passes and their
/// backward passes in chunks of 16 samples: about twenty forward passes, in float64. <c>Rounds · (1 + Restorations)</c> rounds.
/// </para>
/// <para>
/// <b>Law:</b> the number of kept weights is exact after every round. With <see cref="NtkWeight"/> alone, on a network that is linear in
/// all of its weights, every score is 0. Targets are not read. Without <see cref="Restorations"/> pruned weights never return.
/// </para>
/// <para>
/// <b>Deviation:</b> scores are computed in float64, since Δ is a difference of differences that float32 does not resolve; with
/// <see cref="AlignmentWeight"/> 0 in the model's type. The trace is that of the weights that are ranked, which are those of layers only:
/// the authors also rank norm parameters and biases, and count all parameters. All elements of an output count, whatever its shape. Batches
/// have 128 samples instead of 256 unless <see cref="PruningOptions.BatchSize"/> is set. The restored mask has an exact count too. Rows and
/// columns are the first two dimensions of a weight of any layer, also of grouped convolutions. Dropout is off while scoring.
/// </para>
/// <para>
/// <b>Source:</b> Deng et al., Neural Networks 194, 2026, <see href="https://doi.org/10.1016/j.neunet.2025.108136"/>, with the settings of
/// its authors' code for CIFAR-100.
/// </para>
/// </remarks>
/// <example><code>using var result = new WideTopoPruner { Restorations = 0 }.Prune(model, loader, sparsity: 0.98);</code></example>
public sealed class WideTopoPruner : Pruner
{
    /// <inheritdoc/>
    public override string Name => "WideTopo";

    /// <summary>50, as in the authors' experiments, and as many after each of <see cref="Restorations"/>.</summary>
    public override int DefaultRounds => 50;

    /// <summary>The weight μ₁ of the NTK's trace in the score: at least 0 and finite. Default 0.01; 0 leaves it out.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative or not finite.</exception>
    public double NtkWeight { get; init => field = Require.NotNegative("A weight", value); } = 0.01;

    /// <summary>
    /// The weight μ₂ of the implicit target alignment in the score: at least 0 and finite. Default 1; 0 leaves it out. Pruning throws an
    /// <see cref="InvalidOperationException"/> if <see cref="NtkWeight"/> is 0 too.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative or not finite.</exception>
    public double AlignmentWeight { get; init => field = Require.NotNegative("A weight", value); } = 1;

    /// <summary>The size ε of the perturbations δx and δθ: positive and finite. Default 0.0005.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not positive and finite.</exception>
    public double Perturbation { get; init => field = Require.PositiveFinite("The perturbation", value); } = 0.0005;

    /// <summary>
    /// The factor p in the exponent of the density-aware decay: at least 0 and finite. Default 0.2, as by the authors on CIFAR-100; their
    /// code's default is 1. 0 switches it off.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative or not finite.</exception>
    public double DensityDecay { get; init => field = Require.NotNegative("A decay", value); } = 0.2;

    /// <summary>How often the mask grows back and is pruned anew, at least 0. Default 2; 0 switches restoration off.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public int Restorations { get; init => field = Require.AtLeast(0, value); } = 2;

    /// <summary>Where norm layers take their statistics from, as constants. Default <see cref="NormStatistics.PruningBatch"/>: each batch's
    /// mean and unbiased variance at the current mask.</summary>
    public NormStatistics NormStatistics { get; init; } = NormStatistics.PruningBatch;

    // Other random numbers, for tests: by a name that ends in what they are for, and a shape.
    internal Func<string, long[], Tensor>? Draws { get; init; }

    internal override MethodNeeds Needs => new()
    {
        Data = true, SecondDerivatives = NtkWeight > 0, Float64 = AlignmentWeight > 0, Restorations = Restorations,
    };

    internal override IEnumerable<(string Name, string Value)> Settings =>
    [
        ("ntk_weight", NtkWeight.ToString("R", CultureInfo.InvariantCulture)),
        ("alignment_weight", AlignmentWeight.ToString("R", CultureInfo.InvariantCulture)),
        ("perturbation", Perturbation.ToString("R", CultureInfo.InvariantCulture)),
        ("density_decay", DensityDecay.ToString("R", CultureInfo.InvariantCulture)),
        ("restorations", Restorations.ToString(CultureInfo.InvariantCulture)),
        ("norm_statistics", NormStatistics.ToString()),
    ];

    internal override MethodRun Start(ScoringContext context) => NtkWeight > 0 || AlignmentWeight > 0
        ? new WideTopoRun(context, this)
        : throw new InvalidOperationException(
            $"{nameof(NtkWeight)} and {nameof(AlignmentWeight)} are both 0, which leaves nothing to score by: set one of them.");
}

using System.Globalization;
using Px.Pruning.Engine;
using Px.Pruning.Methods.Saliency;

namespace Px.Pruning;

/// <summary>ProsPR, prospect pruning: scores weights by their effect on the loss after M training steps.</summary>
/// <remarks>
/// <para>
/// <c>S = |∂L(w_M)/∂m|</c> at m = 1, where <c>w₀ = θ ⊙ m</c> and <c>w_M</c> are the weights after M steps of gradient descent. Inner step t
/// uses the loss of batch t, the final loss is that of batch M, both modulo the number of batches: a single batch is used throughout, as in
/// the authors' code.
/// </para>
/// <para>
/// <b>Cost:</b> M + 1 forward and backward passes and M Hessian-vector products, each a forward pass and a double backward pass. The chain
/// through the steps is computed backwards, <c>λₜ = λₜ₊₁ − η H(wₜ) λₜ₊₁</c>. The last two steps keep their graphs; those of earlier steps
/// are built again. Memory is that of three graphs, whatever M is, and M copies of the weights. With <see cref="FirstOrder"/> only M + 1
/// forward and backward passes.
/// </para>
/// <para><b>Law:</b> with <see cref="Steps"/> 0 the scores are those of <see cref="SnipPruner"/> on one batch.</para>
/// <para>
/// <b>Deviation:</b> the inner steps change convolution and linear weights only, not biases and norm parameters. With momentum the first
/// step is differentiated like the others; the authors' optimizer detaches it. Pruned weights stay pruned over several rounds. Dropout is
/// off while scoring.
/// </para>
/// <para><b>Source:</b> Alizadeh et al., ICLR 2022, Eq. 5 to 8, <see href="https://arxiv.org/abs/2202.08132"/>.</para>
/// </remarks>
/// <example><code>using var result = new ProsPrPruner().Prune(model, loader, sparsity: 0.9);</code></example>
public sealed class ProsPrPruner : Pruner
{
    /// <inheritdoc/>
    public override string Name => "ProsPR";

    /// <summary>The number of inner steps M, at least 0. Default 3.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public int Steps { get; init => field = Require.AtLeast(0, value); } = 3;

    /// <summary>The learning rate η of the inner steps: positive and finite. Default 0.1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not positive and finite.</exception>
    public double LearningRate { get; init => field = Require.PositiveFinite("A learning rate", value); } = 0.1;

    /// <summary>The momentum μ of the inner steps, in [0, 1). Default 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not in [0, 1).</exception>
    public double Momentum
    {
        get;
        init => field = value >= 0 && value < 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Momentum), value, "A momentum is at least 0 and below 1.");
    }

    // How many of the last inner steps keep their graph: each saves a forward and a backward pass and takes the memory of a graph. Scores
    // differ by rounding only.
    internal int KeptSteps { get; init => field = Require.AtLeast(0, value); } = 2;

    /// <summary>Whether to take <c>∂w_M/∂w₀</c> as the identity, as the authors do on ImageNet. Default <see langword="false"/>.</summary>
    public bool FirstOrder { get; init; }

    /// <summary>Where norm layers take their statistics from. Default <see cref="NormStatistics.PruningBatch"/>: as in training mode,
    /// gradients flow through the batch's statistics.</summary>
    public NormStatistics NormStatistics { get; init; } = NormStatistics.PruningBatch;

    internal override MethodNeeds Needs => new() { Data = true, SecondDerivatives = !FirstOrder };

    internal override IEnumerable<(string Name, string Value)> Settings =>
    [
        ("steps", Steps.ToString(CultureInfo.InvariantCulture)),
        ("learning_rate", LearningRate.ToString("R", CultureInfo.InvariantCulture)),
        ("momentum", Momentum.ToString("R", CultureInfo.InvariantCulture)),
        ("first_order", FirstOrder ? "true" : "false"),
        ("norm_statistics", NormStatistics.ToString()),
    ];

    internal override MethodRun Start(ScoringContext context) => new ProsPrRun(context, this);
}

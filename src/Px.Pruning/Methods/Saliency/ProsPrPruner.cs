using System.Globalization;
using Px.Pruning.Engine;
using Px.Pruning.Methods.Saliency;
using static TorchSharp.torch;

namespace Px.Pruning;

/// <summary>
/// ProsPR, prospect pruning: <c>S = |∂L(w_M)/∂m|</c> at m = 1, where <c>w₀ = θ ⊙ m</c> and <c>w_M</c> is what M steps of gradient descent
/// make of it.
/// </summary>
/// <remarks>
/// <para>
/// Inner step t goes down the loss of batch t, the meta loss is that of batch M, both modulo the number of batches: with a single batch it
/// is the same one throughout, as in the authors' code.
/// </para>
/// <para>
/// <b>Cost:</b> M + 1 forward and backward passes and M Hessian-vector products, each a forward pass and a double backward pass. The chain
/// through the steps is computed backwards, <c>λₜ = λₜ₊₁ − η H(wₜ) λₜ₊₁</c>. The last two steps keep their graphs; that of any other is
/// computed anew from the weights it started with. Memory is that of three graphs, whatever M is, and M copies of the weights. With
/// <see cref="FirstOrder"/> M + 1 forward and backward passes.
/// </para>
/// <para><b>Law:</b> with <see cref="Steps"/> 0 the scores are those of <see cref="SnipPruner"/> on one batch.</para>
/// <para>
/// <b>Deviation:</b> the inner steps move the convolution and linear weights; biases and norm parameters stay. With momentum the first step
/// is differentiated like the others, where the authors' optimizer cuts it off. Pruned weights stay pruned over several rounds. Dropout is
/// off while scoring.
/// </para>
/// <para><b>Source:</b> Alizadeh et al., ICLR 2022, Eq. 5 to 8, <see href="https://arxiv.org/abs/2202.08132"/>.</para>
/// </remarks>
public sealed class ProsPrPruner : Pruner
{
    private readonly int steps = 3;
    private readonly double learningRate = 0.1;
    private readonly double momentum;
    private readonly int keptSteps = 2;

    /// <inheritdoc/>
    public override string Name => "ProsPR";

    /// <summary>M, the number of inner steps, at least 0. Default 3.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public int Steps
    {
        get => steps;
        init => steps = Require.AtLeast(0, value);
    }

    /// <summary>η, the inner learning rate: positive and finite. Default 0.1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not positive and finite.</exception>
    public double LearningRate
    {
        get => learningRate;
        init => learningRate = value > 0 && double.IsFinite(value)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(LearningRate), value, "A learning rate is positive and finite.");
    }

    /// <summary>μ, the inner momentum, in [0, 1). Default 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not in [0, 1).</exception>
    public double Momentum
    {
        get => momentum;
        init => momentum = value >= 0 && value < 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Momentum), value, "A momentum is at least 0 and below 1.");
    }

    // How many of the last inner steps keep their graph: each saves a forward and a backward pass and takes the memory of a graph. Scores
    // depend on it by rounding only.
    internal int KeptSteps
    {
        get => keptSteps;
        init => keptSteps = Require.AtLeast(0, value);
    }

    /// <summary>Whether <c>∂w_M/∂w₀</c> is taken as the identity, as the authors do on ImageNet. Default <see langword="false"/>.</summary>
    public bool FirstOrder { get; init; }

    /// <summary>
    /// Where norm layers take their statistics from. Default <see cref="NormStatistics.PruningBatch"/>, as in training mode: gradients
    /// flow through the batch's statistics.
    /// </summary>
    public NormStatistics NormStatistics { get; init; } = NormStatistics.PruningBatch;

    internal override MethodNeeds Needs => new() { Data = true };

    internal override IEnumerable<KeyValuePair<string, string>> Settings =>
    [
        KeyValuePair.Create("steps", Steps.ToString(CultureInfo.InvariantCulture)),
        KeyValuePair.Create("learning_rate", LearningRate.ToString("R", CultureInfo.InvariantCulture)),
        KeyValuePair.Create("momentum", Momentum.ToString("R", CultureInfo.InvariantCulture)),
        KeyValuePair.Create("first_order", FirstOrder ? "true" : "false"),
        KeyValuePair.Create("norm_statistics", NormStatistics.ToString()),
    ];

    internal override MethodRun Start(ScoringContext context) => new ProsPrRun(context, this);
}

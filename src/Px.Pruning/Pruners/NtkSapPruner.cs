using System.Globalization;
using Px.Pruning.Draws;
using Px.Pruning.Probing;
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
    // Samples are independent once norm statistics are constants, so chunks change nothing but memory.
    private const long Chunk = 16;

    private readonly double epsilon = 0.01;
    private readonly int repeats = 1;
    private readonly int? samples;

    /// <inheritdoc/>
    public override string Name => "NTK-SAP";

    /// <inheritdoc/>
    public override bool NeedsData => false;

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
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1, nameof(Repeats));
            repeats = value;
        }
    }

    /// <summary>
    /// Random inputs in a repeat, at least 1; in batches of <see cref="PruningOptions.BatchSize"/>.
    /// Default <see langword="null"/>: ten for each unit of the output's second dimension, as many as there are samples for other methods.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int? Samples
    {
        get => samples;
        init
        {
            if (value is { } given) ArgumentOutOfRangeException.ThrowIfLessThan(given, 1, nameof(Samples));
            samples = value;
        }
    }

    /// <summary>Where random numbers come from; null for normal ones of the call's seed. For tests.</summary>
    internal NtkSapDraws? Draws { get; init; }

    internal override bool NeedsShape => true;

    internal override long? SamplesInPass(PruningOptions options) => Math.Min(Samples ?? options.BatchSize, options.BatchSize);

    internal override IEnumerable<KeyValuePair<string, string>> Settings =>
    [
        KeyValuePair.Create("epsilon", Epsilon.ToString("R", CultureInfo.InvariantCulture)),
        KeyValuePair.Create("repeats", Repeats.ToString(CultureInfo.InvariantCulture)),
        KeyValuePair.Create("samples", Samples?.ToString(CultureInfo.InvariantCulture) ?? "10 a class"),
    ];

    internal override (IReadOnlyList<Tensor> Scores, int Exponent) ScoreRound(ScoringContext context)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var mask = new MaskedWeights(context.Network, context.Alive);
        using var function = WeightFunction.WithFreshNorms(context);
        var draws = Draws ?? new NormalDraws(context.Seed);
        var dm = context.Network.Prunable.Select(slot => zeros_like(slot.Layer.Weight, ScalarType.Float64)).ToList();

        foreach (var (index, size) in Batches(context))
        {
            using var temporaries = NewDisposeScope();
            var theta = Draw(draws.Weights, context, index);
            var moved = theta.Zip(Draw(draws.Perturbation, context, index), (w, delta) => w + delta * Epsilon).ToList();
            var z = Input(draws.Input(index, [size, .. context.Network.SampleShape!]), context.Network);
            var (atTheta, atMoved) = Differentiate(context, function, mask, theta, moved, z);
            // ∂J/∂m = ∂J/∂(θ' ⊙ m) ⊙ θ' + ∂J/∂((θ' + εΔ) ⊙ m) ⊙ (θ' + εΔ)
            for (int i = 0; i < dm.Count; i++)
            {
                using var products = NewDisposeScope();
                dm[i].add_(atTheta[i].to(ScalarType.Float64) * theta[i]);
                dm[i].add_(atMoved[i].to(ScalarType.Float64) * moved[i]);
            }
        }

        return ([.. dm.Select((gradient, i) => mask.Mask(context.Network.Prunable[i].Index, gradient).abs().cpu().MoveToOuterDisposeScope())], 0);
    }

    private static List<Tensor> Draw(Func<DrawIndex, string, long[], Tensor> draw, ScoringContext context, DrawIndex index) =>
        [.. context.Network.Prunable.Select(slot => draw(index, slot.Name, slot.Layer.Weight.shape).to(context.Network.Device))];

    /// <summary>The batches of all repeats, and how many inputs each has.</summary>
    private IEnumerable<(DrawIndex Index, long Size)> Batches(ScoringContext context)
    {
        long samples = Samples ?? 10 * (context.Network.OutputShape is [_, var classes, ..] ? classes : 1);
        int size = context.Options.BatchSize;
        for (int repeat = 0; repeat < Repeats; repeat++)
        {
            for (int batch = 0; batch * (long)size < samples; batch++)
                yield return (new DrawIndex(context.Round, repeat, batch), Math.Min(size, samples - batch * (long)size));
        }
    }

    private static Tensor Input(Tensor drawn, Network network)
    {
        using (drawn) return drawn.to(network.ComputeType, network.Device);
    }

    /// <summary>∂J/∂(θ' ⊙ m) and ∂J/∂((θ' + εΔ) ⊙ m) on one batch.</summary>
    private static (IReadOnlyList<Tensor> AtTheta, IReadOnlyList<Tensor> AtMoved) Differentiate(
        ScoringContext context, WeightFunction function, MaskedWeights mask, List<Tensor> theta, List<Tensor> moved, Tensor z)
    {
        List<Tensor> Masked(List<Tensor> tensors) => [.. tensors.Select((tensor, i) => mask.Mask(context.Network.Prunable[i].Index, tensor))];
        function.Set(Masked(theta));
        function.FreezeNorms(z);
        return OutputDistance.Differentiate(function, Masked(theta), Masked(moved), z.split(Chunk), context.Token);
    }
}

using Px.Pruning.Engine;
using Px.Pruning.Engine.Weights;
using static TorchSharp.torch;

namespace Px.Pruning;

/// <summary>What a criterion of your own scores with: the weights, the mask so far, the data, and gradients. Valid while
/// <see cref="CustomPruner"/>'s function runs.</summary>
public sealed class PruningContext
{
    private readonly ScoringContext context;
    private readonly ScoringRound round;
    private readonly NormStatistics statistics;

    internal PruningContext(ScoringContext context, ScoringRound round, NormStatistics statistics)
    {
        (this.context, this.round, this.statistics) = (context, round, statistics);
        Parameters = [.. context.Network.Prunable.Select(slot => new PrunableParameter(slot, round))];
    }

    /// <summary>The parameters that are pruned, in the model's order.</summary>
    public IReadOnlyList<PrunableParameter> Parameters { get; }

    /// <summary>The pruning data, the same in every round: inputs [B, …] and targets [B, …] on the model's device. Borrowed; empty without
    /// data.</summary>
    public IReadOnlyList<(Tensor Input, Tensor Target)> Batches => context.Batches;

    /// <summary>The round, from 1.</summary>
    public int Round => round.Number;

    /// <summary>The model's device.</summary>
    public Device Device => context.Network.Device;

    /// <summary>The seed of this call: <see cref="PruningOptions.Seed"/>, or a fresh one.</summary>
    public long Seed => context.Seed;

    /// <summary>The token of the call; long computations should look at it.</summary>
    public CancellationToken CancellationToken => context.Token;

    /// <summary>The loss of the call: <see cref="PruningOptions.Loss"/>, or mean cross-entropy.</summary>
    /// <param name="output">The network's output.</param>
    /// <param name="target">The batch's targets.</param>
    /// <exception cref="ArgumentException">The targets do not fit the output.</exception>
    public Tensor Loss(Tensor output, Tensor target) => context.Loss(output, target);

    /// <summary>The gradient of a number made of the masked network's output, with respect to every prunable weight, summed over
    /// <see cref="Batches"/>.</summary>
    /// <param name="scalar">Makes a single number of output and target, for example <see cref="Loss"/>.</param>
    /// <returns>For each parameter a float64 tensor on the CPU; zero where no gradient arrives. Pruned weights have the gradient that they
    /// would have.</returns>
    /// <exception cref="ArgumentException">The result is not a single number.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public IReadOnlyDictionary<string, Tensor> Gradients(Func<Tensor, Tensor, Tensor> scalar)
    {
        ArgumentNullException.ThrowIfNull(scalar);
        return Gradients(Batches, scalar);
    }

    /// <summary>The same for an input of your own.</summary>
    /// <param name="input">[B, …] on the model's device.</param>
    /// <param name="scalar">Makes a single number of the output.</param>
    /// <inheritdoc cref="Gradients(Func{Tensor, Tensor, Tensor})" path="/returns"/>
    /// <exception cref="ArgumentException">The result is not a single number.</exception>
    public IReadOnlyDictionary<string, Tensor> Gradients(Tensor input, Func<Tensor, Tensor> scalar)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(scalar);
        return Gradients([(input, input)], (output, _) => scalar(output));
    }

    private Dictionary<string, Tensor> Gradients(IEnumerable<(Tensor Input, Tensor Target)> batches, Func<Tensor, Tensor, Tensor> scalar)
    {
        var all = batches.ToList();
        var theta = round.Weights.Thetas();
        using var function = WeightFunction.Of(context, statistics, all.Count > 0 ? (scalar, all[0]) : null);
        function.Set(theta);
        return new LossDerivatives(context, function, scalar).Gradient(all)
            .ToDictionary(gradient => gradient.Key.Name, gradient => gradient.Value.to(float64).cpu());
    }
}

/// <summary>A parameter that is pruned, as <see cref="PruningContext"/> lends it.</summary>
public sealed class PrunableParameter
{
    private readonly WeightSlot slot;
    private readonly ScoringRound round;

    internal PrunableParameter(WeightSlot slot, ScoringRound round) => (this.slot, this.round) = (slot, round);

    /// <summary>The parameter's name, for example <c>layer1.0.conv1.weight</c>.</summary>
    public string Name => slot.Name;

    /// <summary>The layer that owns it.</summary>
    public nn.Module Module => slot.Layer.Module;

    /// <summary>A copy of its values, 0 where they are pruned: float64, the type that scores are ranked in, on the CPU. In the current
    /// dispose scope.</summary>
    public Tensor Weight
    {
        get
        {
            using var theta = round.Weights.Theta(slot, float64);
            return theta.to(float64, CPU, copy: true);
        }
    }

    /// <summary>Which of its weights are left: bool, on the CPU. In the current dispose scope.</summary>
    public Tensor Mask => round.Alive?[slot].alias() ?? ones(slot.Layer.Weight.shape, ScalarType.Bool);
}

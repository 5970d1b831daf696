using Px.Pruning.Engine;
using Px.Pruning.Engine.Weights;
using static TorchSharp.torch;

namespace Px.Pruning;

/// <summary>Gives the function of a <see cref="CustomPruner"/> the weights, the mask so far, the data, and gradients.</summary>
/// <remarks>Valid only while the function runs.</remarks>
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

    /// <summary>The pruning data: inputs [B, …] and targets [B, …] on the model's device, the same in every round. Borrowed.</summary>
    /// <remarks>Empty if <see cref="CustomPruner.UsesData"/> is <see langword="false"/> and the caller gives no data.</remarks>
    /// <exception cref="InvalidOperationException">The model has several inputs: read <see cref="SeveralInputs"/>.</exception>
    public IReadOnlyList<(Tensor Input, Tensor Target)> Batches =>
        [.. context.Batches.Select(batch => (Single(batch.Input), batch.Target))];

    /// <summary>The same for a model of one input or several, each [B, …].</summary>
    public IReadOnlyList<(IReadOnlyList<Tensor> Inputs, Tensor Target)> SeveralInputs =>
        [.. context.Batches.Select(batch => (batch.Input.Tensors, batch.Target))];

    /// <summary>The number of the round, from 1.</summary>
    public int Round => round.Number;

    /// <summary>The model's device.</summary>
    public Device Device => context.Network.Device;

    /// <summary>The seed of this call: <see cref="PruningOptions.Seed"/>, or a new one if that is not set.</summary>
    public long Seed => context.Seed;

    /// <summary>The cancellation token of the call; long computations should check it.</summary>
    public CancellationToken CancellationToken => context.Token;

    /// <summary>Computes the loss: <see cref="PruningOptions.Loss"/>, or mean cross-entropy if that is not set.</summary>
    /// <param name="output">The network's output.</param>
    /// <param name="target">The batch's targets.</param>
    /// <exception cref="ArgumentException">The targets do not fit the output.</exception>
    public Tensor Loss(Tensor output, Tensor target) => context.Loss(output, target);

    /// <summary>Computes the gradient of a function of the masked network's output by every weight, summed over the batches.</summary>
    /// <param name="scalar">Computes a single number from output and target, for example <see cref="Loss"/>.</param>
    /// <returns>
    /// A float64 tensor on the CPU for each parameter; zero where the number does not depend on it. A pruned weight has the gradient at its
    /// value 0.
    /// </returns>
    /// <exception cref="ArgumentException">The result is not a single number.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public IReadOnlyDictionary<string, Tensor> Gradients(Func<Tensor, Tensor, Tensor> scalar)
    {
        ArgumentNullException.ThrowIfNull(scalar);
        return Gradients(context.Batches, scalar);
    }

    /// <summary>Computes the same gradient for an input of your own.</summary>
    /// <param name="input">The input, [B, …], on the model's device.</param>
    /// <param name="scalar">Computes a single number from the output.</param>
    /// <inheritdoc cref="Gradients(Func{Tensor, Tensor, Tensor})" path="/returns"/>
    /// <exception cref="ArgumentException">The result is not a single number.</exception>
    public IReadOnlyDictionary<string, Tensor> Gradients(Tensor input, Func<Tensor, Tensor> scalar)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(scalar);
        return Gradients([input], scalar);
    }

    /// <summary>Computes the same gradient for inputs of your own, in the order in which the model takes them.</summary>
    /// <param name="inputs">The inputs, each [B, …], on the model's device.</param>
    /// <param name="scalar">Computes a single number from the output.</param>
    /// <inheritdoc cref="Gradients(Func{Tensor, Tensor, Tensor})" path="/returns"/>
    /// <exception cref="ArgumentException">The result is not a single number.</exception>
    public IReadOnlyDictionary<string, Tensor> Gradients(IReadOnlyList<Tensor> inputs, Func<Tensor, Tensor> scalar)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(scalar);
        // The loss has no target: any tensor with the batch's dimension does.
        return Gradients([(new Inputs(inputs), inputs[0])], (output, _) => scalar(output));
    }

    private static Tensor Single(Inputs inputs) => inputs.Tensors is [var input]
        ? input
        : throw new InvalidOperationException("The model has several inputs: read PruningContext.SeveralInputs instead of Batches.");

    private Dictionary<string, Tensor> Gradients(IEnumerable<(Inputs Input, Tensor Target)> batches, Func<Tensor, Tensor, Tensor> scalar)
    {
        var all = batches.ToList();
        var theta = round.Weights.Thetas();
        using var function = WeightFunction.Of(context, statistics, all.Count > 0 ? (scalar, all[0]) : null);
        function.Set(theta);
        return new LossDerivatives(context, function, scalar).Gradient(all)
            .ToDictionary(gradient => gradient.Key.Name, gradient => gradient.Value.to(float64).cpu());
    }
}

/// <summary>A parameter that is pruned: its values and its mask so far. See <see cref="PruningContext"/>.</summary>
public sealed class PrunableParameter
{
    private readonly WeightSlot slot;
    private readonly ScoringRound round;

    internal PrunableParameter(WeightSlot slot, ScoringRound round) => (this.slot, this.round) = (slot, round);

    /// <summary>The parameter's name, for example <c>layer1.0.conv1.weight</c>.</summary>
    public string Name => slot.Name;

    /// <summary>The module that owns it.</summary>
    public nn.Module Module => slot.Module;

    /// <summary>A copy of its values, 0 where they are pruned: float64, on the CPU, in the current dispose scope.</summary>
    public Tensor Weight
    {
        get
        {
            using var theta = round.Weights.Theta(slot, float64);
            return theta.to(float64, CPU, copy: true);
        }
    }

    /// <summary>Which of its weights are not pruned yet: bool, on the CPU, in the current dispose scope.</summary>
    public Tensor Mask => round.Alive?[slot].alias() ?? ones(slot.Weight.shape, ScalarType.Bool);
}

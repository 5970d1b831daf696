using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Runner.Training;

/// <summary>How a network is trained. <see cref="PaperRecipes"/> has those of the paper.</summary>
public sealed record Recipe
{
    /// <summary>The optimizer. SGD by default.</summary>
    public OptimizerKind Optimizer { get; init; } = OptimizerKind.Sgd;

    /// <summary>The highest learning rate, above 0.</summary>
    public required double LearningRate { get; init; }

    /// <summary>What the rate is multiplied by on the way. Constant by default.</summary>
    public LearningRateSchedule Schedule { get; init; } = LearningRateSchedule.Constant;

    /// <summary>SGD's momentum. 0.9 by default.</summary>
    public double Momentum { get; init; } = 0.9;

    /// <summary>Whether SGD looks ahead. False by default.</summary>
    public bool Nesterov { get; init; }

    /// <summary>The weight decay, of all parameters: those of norms and biases too. 1e-4 by default.</summary>
    public double WeightDecay { get; init; } = 1e-4;

    /// <summary>Passes over the training data, at least 0.</summary>
    public required int Epochs { get; init; }

    /// <summary>Samples a step, at least 1.</summary>
    public required int BatchSize { get; init; }

    /// <summary>
    /// In how many pieces, at least 1 (the default), a batch goes through the network: their gradients add up to the batch's, in the memory of
    /// one piece. Equal to the whole batch except for rounding, unless norm layers see the pieces' statistics.
    /// </summary>
    public int Accumulate { get; init; } = 1;

    /// <summary>Parameters whose name begins so get the learning rate times <see cref="PrefixFactor"/>; null, the default, for none.</summary>
    public string? Prefix { get; init; }

    /// <summary>What the learning rate of the parameters with <see cref="Prefix"/> is multiplied by. 0.1 by default: a pretrained backbone moves slowly.</summary>
    public double PrefixFactor { get; init; } = 0.1;

    /// <summary>A new optimizer for a network, with one group of parameters for each learning rate. The caller disposes it.</summary>
    /// <returns>The optimizer and what each of its groups multiplies the learning rate by.</returns>
    public (OptimizerHelper Optimizer, IReadOnlyList<double> Factors) CreateOptimizer(nn.Module network)
    {
        var groups = network.named_parameters()
            .GroupBy(named => Prefix is not null && named.name.StartsWith(Prefix, StringComparison.Ordinal) ? PrefixFactor : 1, named => named.parameter).ToList();
        double[] factors = [.. groups.Select(group => group.Key)];
        if (Optimizer == OptimizerKind.Adam)
        {
            var adam = groups.Select(group => new Adam.ParamGroup(group.ToList(), LearningRate * group.Key, weight_decay: WeightDecay));
            return (optim.Adam(adam.ToList(), LearningRate), factors);
        }

        var sgd = groups.Select(group => new SGD.ParamGroup(group.ToList(), LearningRate * group.Key, Momentum, 0, WeightDecay, Nesterov));
        return (optim.SGD(sgd.ToList(), LearningRate), factors);
    }
}

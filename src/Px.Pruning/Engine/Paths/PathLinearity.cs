using System.Globalization;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Engine.Paths;

// Checks that a network of paths is linear: doubling the input must exactly double the output of every module, and no output may be
// negative. This finds what module types do not show: a sigmoid or GELU called as a function, an added constant, a subtraction.
internal static class PathLinearity
{
    internal const string Remedy = "Put the sign into a layer's weights; ParameterSelection.Excluding leaves that layer out of pruning.";

    private const double Tolerance = 1e-9;

    // Smaller numbers lose digits, so that doubling is no longer exact.
    private const double Smallest = 1e-290, SmallestSingle = 1e-35;

    // Checks the code between the layers, whatever their weights are. The network's own type suffices, since values keep their size and
    // doubling is exact in any binary type.
    internal static void Check(Network network) =>
        Check(network, observer => new MeanEvaluation { Observer = observer }, network.ComputeType);

    // Checks the network with non-negative weights, which are fresh tensors. An UnsupportedModelException names the module that is not
    // linear.
    internal static void Check(Network network, Func<WeightSlot, ScalarType, Tensor> weight) =>
        Check(network, observer => new PathEvaluation { Weight = weight, OwnsWeights = true, Observer = observer }, ScalarType.Float64);

    private static void Check(Network network, Func<Action<HookedModule, int, Tensor>, PathEvaluation> evaluation, ScalarType dtype)
    {
        ClosedModules.Refuse(network);
        RawRoles.Require(network);
        double input = 1;
        var once = Sums(network, evaluation, dtype, input);
        bool isDouble = dtype == ScalarType.Float64;
        double smallest = isDouble ? Smallest : SmallestSingle;
        // Deep networks exceed even float64; a scaled input scales every path by the same factor.
        if (!once.TrueForAll(output => double.IsFinite(output.Sum)))
            once = Sums(network, evaluation, dtype, input = Math.ScaleB(1, isDouble ? -900 : -100));
        var twice = Sums(network, evaluation, dtype, 2 * input);
        string? before = null;
        foreach (var ((hooked, sum, _), (_, doubled, minimum)) in once.Zip(twice))
        {
            if (hooked.Module is Embedding)
            {
                throw new UnsupportedModelException(
                    $"'{hooked.Name}' looks up what it returns by an index: no path of numbers leads through it.") { Module = hooked.Name };
            }

            if (minimum < 0)
            {
                throw Refusal(hooked, before,
                    "subtracts or negates, and paths with negative coefficients have no place in the path kernel. " + Remedy);
            }

            if (double.IsFinite(doubled) && doubled > smallest && Math.Abs(doubled - 2 * sum) > Tolerance * Math.Abs(2 * sum))
            {
                string factor = (doubled / sum).ToString("G6", CultureInfo.InvariantCulture);
                throw Refusal(hooked, before, "is not linear in non-negative inputs once activations are on and biases off (twice the "
                    + $"input gave {factor} times the output), so that its paths have no product form. A smooth activation must "
                    + "be a module (torch.nn.GELU, SiLU, …) instead of a function call, and so must a gate that multiplies paths "
                    + "(torch.nn.Sigmoid, Hardsigmoid, Softmax, Tanh); other products and added constants are not supported.");
            }

            if (hooked.Name.Length > 0) before = hooked.Name;
        }

        PathSigns.Check(network);
        GateFactors.Check(network);
    }

    // Names the code that is to blame: before a layer, which hands on multiples of what it is given, or within a module of the caller's.
    internal static UnsupportedModelException Refusal(HookedModule hooked, string? before, string what)
    {
        bool isReplaced = hooked.Weighted is not null || hooked.Norm is not null || hooked.IsRelu || hooked.IsOtherActivation;
        string place = (before, hooked.Name) switch
        {
            (_, "") => ", at the end of the model's forward,",
            (null, _) when isReplaced => $" before '{hooked.Name}'",
            _ when isReplaced => $" and before '{hooked.Name}'",
            _ => $" in the forward of '{hooked.Name}'",
        };
        string remedy = (before, hooked.Name) switch
        {
            (_, "") => " If it is a softmax, log_softmax or sigmoid, let the model return logits; PruningOptions.Loss can apply it.",
            _ when hooked is { MayGate: true, IsOtherActivation: false } =>
                " If the model ends in it, let the model return logits; PruningOptions.Loss can apply it.",
            (null, _) => " If it normalises the data, do that in the data loader.",
            _ => "",
        };
        return new($"The code{(before is null ? "" : $" after '{before}'")}{place} {what}{remedy}") { Module = hooked.Name };
    }

    private static List<(HookedModule Layer, double Sum, double Minimum)> Sums(
        Network network, Func<Action<HookedModule, int, Tensor>, PathEvaluation> evaluation, ScalarType dtype, double value)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var sums = new List<(HookedModule, double, double)>();
        void Observe(HookedModule hooked, int step, Tensor output)
        {
            if (network.ShowsPaths(hooked))
                sums.Add((hooked, output.sum().ToDouble(), output.numel() == 0 ? 0 : output.min().ToDouble()));
        }

        // The output once more: the model may be a module that has no hooks, or a function around one.
        Observe(network.Output, 0, network.Run(evaluation(Observe), network.Sample!.Full(value, dtype, network.Device)));
        return sums;
    }
}

// A network of paths without weights: every layer returns different multiples, from a half to three halves, of the mean of its input.
// Values keep their size in deep networks, nothing is convolved, and code that depends on differences meets some.
internal class MeanEvaluation : PathEvaluation
{
    internal override Tensor Compute(HookedModule hooked, Tensor input)
    {
        if (hooked.Weighted is not { } layer) return base.Compute(hooked, input);
        using var scope = NewDisposeScope();
        double mean = input.numel() == 0 ? 0 : Mean(input);
        long[] shape = layer.OutputShape(input);
        long count = shape.Aggregate(1L, (product, size) => product * size);
        var multiples = arange(count, input.dtype, input.device).div_(Math.Max(1, count)).add_(0.5);
        return multiples.mul_(mean).reshape(shape).MoveToOuterDisposeScope();
    }

    // A negative number, which no path makes, must not vanish in the mean.
    protected virtual double Mean(Tensor input)
    {
        double least = input.min().ToDouble();
        return least < 0 ? least : input.mean().ToDouble();
    }
}

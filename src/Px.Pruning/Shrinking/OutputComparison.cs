using Px.Pruning.Engine;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Shrinking;

// Compares the network with its small version before anything is written: hooks run the caller's own forward code on both, in float64. A
// difference is located at the first layer whose input is wrong.
internal sealed class OutputComparison : IDisposable
{
    // A layer's input differs by less because of rounding, and by more with another channel in place of the right one.
    private const double Rewired = 1e-3;

    private readonly Network network;
    private readonly ChannelGraph graph;
    private readonly ChannelFacts facts;
    private readonly List<(Inputs Input, Tensor Output, List<(double[] Sums, double[] Squares)> Arrivals)> references = [];

    internal OutputComparison(Network network, ChannelGraph graph, ChannelFacts facts, IEnumerable<Inputs> inputs)
    {
        (this.network, this.graph, this.facts) = (network, graph, facts);
        foreach (var input in inputs)
        {
            var evaluation = new StateEvaluation(graph.Calls, new Dictionary<HookedModule, LayerState>());
            var output = network.Run(evaluation, input);
            var kept = input.Map(tensor => tensor.alias().DetachFromDisposeScope());
            references.Add((kept, output.DetachFromDisposeScope(), evaluation.Arrivals));
        }
    }

    // max |y − y'| / max |y| over all inputs.
    internal double Difference { get; private set; }

    // Whether the network itself answered the same to the first two samples of random numbers.
    internal bool IsConstant
    {
        get
        {
            using var scope = NewDisposeScope();
            var output = references[0].Output;
            return output.dim() > 0 && output.size(0) > 1
                && output.narrow(0, 0, 1).eq(output.narrow(0, 1, 1)).all().ToBoolean();
        }
    }

    // Where the network with small layers goes wrong; null after its outputs have been compared.
    internal Fault? Compare(RemovalPlan plan, SmallLayers small)
    {
        Difference = 0;
        foreach (var (input, output, arrivals) in references)
        {
            using var scope = NewDisposeScope();
            var evaluation = new StateEvaluation(graph.Calls, small.States);
            Tensor result;
            try
            {
                result = network.Run(evaluation, input);
            }
            catch (Exception e) when (network.IsAboutTheModel(e))
            {
                return FirstRewired(evaluation, arrivals, plan, small) ?? new Fault(evaluation.Arrivals.Count, evaluation.Inside, e);
            }

            if (FirstRewired(evaluation, arrivals, plan, small) is { } fault) return fault;
            if (!result.shape.SequenceEqual(output.shape)) return new Fault(graph.Calls.Count, "", null);
            Difference = Math.Max(Difference, Relative(output, result));
        }

        return null;
    }

    // max |y − y'| / max |y|; infinite where that is no number.
    internal static double Relative(Tensor before, Tensor after)
    {
        using var scope = NewDisposeScope();
        if (before.numel() == 0) return 0;
        double difference = (before - after).abs().max().to(float64).ToDouble(), largest = before.abs().max().to(float64).ToDouble();
        if (difference == 0) return 0;
        double relative = difference / largest;
        return double.IsNaN(relative) ? double.PositiveInfinity : relative;
    }

    public void Dispose()
    {
        foreach (var (input, output, _) in references)
        {
            input.Dispose();
            output.Dispose();
        }
    }

    private Fault? FirstRewired(
        StateEvaluation evaluation, List<(double[] Sums, double[] Squares)> before, RemovalPlan plan, SmallLayers small)
    {
        for (int call = 0; call < evaluation.Arrivals.Count; call++)
        {
            int[] kept = plan.KeptInputs(call);
            var (sums, squares) = evaluation.Arrivals[call];
            if (sums.Length != kept.Length) return new Fault(call, graph.Calls[call].Layer.Name, null);
            if (small.IsShifted(call) || kept.Length == 0) continue;
            double square = before[call].Squares.Max(), sum = before[call].Sums.Max(Math.Abs) + Math.Sqrt(square);
            for (int i = 0; i < kept.Length; i++)
            {
                bool same = Math.Abs(sums[i] - before[call].Sums[kept[i]]) <= Rewired * sum
                    && Math.Abs(squares[i] - before[call].Squares[kept[i]]) <= Rewired * square;
                if (!same && facts.IsRead(call, kept[i])) return new Fault(call, graph.Calls[call].Layer.Name, null);
            }
        }

        return null;
    }

    internal sealed record Fault(int Target, string Module, Exception? Exception);
}

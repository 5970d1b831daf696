using System.Diagnostics;
using Px.Pruning;
using Px.Pruning.Models;
using Px.Pruning.Models.StateDicts;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Benchmarks.Comparison;

/// <summary>The library.</summary>
internal sealed class LibrarySide : ISide
{
    internal const string Name = "library";

    private readonly CifarResNet model;
    private readonly PruningData data;
    private readonly PruningData shape;
    private readonly Dictionary<string, Tensor> weights;

    internal LibrarySide(CifarResNet model, Tensor input, Tensor target)
    {
        this.model = model;
        data = PruningData.From([(input, target)]);
        shape = PruningData.Shape(input.shape[1..]);
        weights = model.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.detach().clone());
    }

    public void Reset() => model.LoadStateDict(weights);

    public IReadOnlyList<double> Prune(Contest contest, int rounds, double sparsity)
    {
        var ends = new List<double>();
        var pruner = contest.Create();
        var watch = Stopwatch.StartNew();
        var options = new PruningOptions
        {
            Data = DataBudget.All,
            BatchSize = int.MaxValue,
            Rounds = rounds,
            Progress = new RoundEnds(watch, ends),
        };
        using var result = pruner.Prune(model, pruner.NeedsData ? data : shape, sparsity, options);
        ends.Add(watch.Elapsed.TotalSeconds);
        return ends;
    }

    private sealed class RoundEnds(Stopwatch watch, List<double> ends) : IProgress<PruningProgress>
    {
        public void Report(PruningProgress value) => ends.Add(watch.Elapsed.TotalSeconds);
    }
}

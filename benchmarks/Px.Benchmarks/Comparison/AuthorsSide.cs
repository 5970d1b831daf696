using System.Diagnostics;
using Px.Benchmarks.Authors;
using Px.Pruning.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Benchmarks.Comparison;

/// <summary>The authors' way in C#, on the library's libtorch.</summary>
internal sealed class AuthorsSide : ISide
{
    internal const string Name = "authors";

    private readonly MaskedNetwork model;
    private readonly Tensor input, target;
    private readonly Dictionary<string, Tensor> weights;

    internal AuthorsSide(CifarResNet model, Tensor input, Tensor target)
    {
        this.model = MaskedNetwork.From(model);
        this.input = input;
        this.target = target;
        weights = this.model.State.ToDictionary(entry => entry.Key, entry => entry.Value.detach().clone());
    }

    public void Reset()
    {
        using var noGrad = no_grad();
        foreach (var (name, tensor) in model.State) tensor.copy_(weights[name]);
        model.Momentum = 0.1;
    }

    public IReadOnlyList<double> Prune(Contest contest, int rounds, double sparsity)
    {
        var ends = new List<double>();
        var watch = Stopwatch.StartNew();
        Harness.Prune(model, input, target, Methods.All[contest.Name], sparsity, rounds, () => ends.Add(watch.Elapsed.TotalSeconds));
        ends.Add(watch.Elapsed.TotalSeconds);
        return ends;
    }
}

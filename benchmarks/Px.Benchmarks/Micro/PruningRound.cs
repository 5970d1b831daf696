using BenchmarkDotNet.Attributes;
using Px.Pruning;
using Px.Pruning.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Benchmarks.Micro;

/// <summary>A round of pruning on ResNet-20 and one batch of 128 images of 3×32×32, against a bare forward and backward pass of the same batch.</summary>
/// <remarks>Each invocation is a whole <c>Prune</c> of ten rounds at sparsity 0, which leaves the model as it was: times are a tenth of it.</remarks>
public class PruningRound
{
    private const int Rounds = 10;

    private readonly PruningOptions options = new() { Data = DataBudget.All, Rounds = Rounds };
    private CifarResNet model = null!;
    private Tensor input = null!;
    private Tensor target = null!;
    private PruningData data = null!;

    /// <summary>Threads of libtorch.</summary>
    [Params(1, 2)]
    public int Threads { get; set; }

    [GlobalSetup]
    public void SetUp()
    {
        set_num_threads(Threads);
        model = CifarResNet.Create(new CifarResNetOptions { Seed = 1 });
        using var generator = new Generator(1);
        input = randn([128, 3, 32, 32], generator: generator);
        target = arange(128, int64).remainder(10);
        data = PruningData.From([(input, target)]);
    }

    [GlobalCleanup]
    public void CleanUp()
    {
        model.Dispose();
        input.Dispose();
        target.Dispose();
    }

    [Benchmark(Baseline = true)]
    public void ForwardAndBackward()
    {
        using var scope = NewDisposeScope();
        nn.functional.cross_entropy(model.call(input), target).backward();
        model.zero_grad();
    }

    [Benchmark(OperationsPerInvoke = Rounds)]
    public void PathExclusion() => Prune(new PathExclusionPruner { NormStatistics = NormStatistics.PruningBatch });

    [Benchmark(OperationsPerInvoke = Rounds)]
    public void PathExclusionOnRunningStatistics() => Prune(new PathExclusionPruner { NormStatistics = NormStatistics.Running });

    [Benchmark(OperationsPerInvoke = Rounds)]
    public void PathExclusionJoint() => Prune(new PathExclusionPruner { Objective = PxObjective.Joint });

    [Benchmark(OperationsPerInvoke = Rounds)]
    public void Snip() => Prune(new SnipPruner());

    [Benchmark(OperationsPerInvoke = Rounds)]
    public void Magnitude() => Prune(new MagnitudePruner());

    private void Prune(Pruner pruner) => pruner.Prune(model, data, 0, options).Dispose();
}

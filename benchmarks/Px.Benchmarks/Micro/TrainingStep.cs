using BenchmarkDotNet.Attributes;
using Px.Pruning;
using Px.Pruning.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Benchmarks.Micro;

/// <summary>A training step of ResNet-20 (batch 128, SGD with momentum), plain and with a mask of 90 % bound to it.</summary>
public class TrainingStep
{
    private CifarResNet model = null!;
    private optim.Optimizer optimizer = null!;
    private PruningMask mask = null!;
    private MaskBinding? binding;
    private Tensor input = null!;
    private Tensor target = null!;

    [GlobalSetup(Target = nameof(Plain))]
    public void SetUpPlain()
    {
        model = CifarResNet.Create(new CifarResNetOptions { Seed = 1 });
        optimizer = optim.SGD(model.parameters().ToList(), 0.01, momentum: 0.9, weight_decay: 1e-4);
        input = randn(128, 3, 32, 32);
        target = arange(128, int64).remainder(10);
    }

    [GlobalSetup(Targets = [nameof(MaskedByHooks), nameof(MaskedWithApply)])]
    public void SetUpMasked()
    {
        SetUpPlain();
        using var result = new MagnitudePruner().Prune(model, sparsity: 0.9);
        using var copy = new MemoryStream();
        result.Mask.Save(copy);
        copy.Position = 0;
        mask = PruningMask.Load(copy);
        binding = mask.Bind(model);
    }

    [GlobalCleanup]
    public void CleanUp()
    {
        binding?.Dispose();
        mask?.Dispose();
        optimizer.Dispose();
        model.Dispose();
        input.Dispose();
        target.Dispose();
    }

    [Benchmark(Baseline = true)]
    public void Plain() => Step();

    /// <summary>The user wrote nothing: hooks keep the network masked.</summary>
    [Benchmark]
    public void MaskedByHooks() => Step();

    /// <summary>The user wrote the one line after the step.</summary>
    [Benchmark]
    public void MaskedWithApply()
    {
        Step();
        binding!.Apply(optimizer);
    }

    private void Step()
    {
        using var scope = NewDisposeScope();
        optimizer.zero_grad();
        nn.functional.cross_entropy(model.call(input), target).backward();
        optimizer.step();
    }
}

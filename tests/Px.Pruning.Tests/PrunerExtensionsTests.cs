using Px.Pruning.Tests.Data;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests;

public sealed class PrunerExtensionsTests : LeakCheckedTests
{
    private readonly Recorder pruner = new();
    private readonly PruningOptions options = new();
    private readonly CancellationTokenSource cancel = new();

    [Fact]
    public void Prune_EverySourceOfData_ArrivesWithAllOtherArguments()
    {
        var (input, target) = (zeros(2, 1), zeros(2));
        pruner.Prune(null!, [(input, target)], 0.5, options, cancel.Token);
        ExpectBatch(input, target, sparsity: 0.5);
        pruner.Prune(null!, [new Dictionary<string, Tensor> { ["data"] = input, ["label"] = target }], 0.25, options, cancel.Token);
        ExpectBatch(input, target, sparsity: 0.25);
        pruner.Prune(null!, [(IList<Tensor>)[input, target]], 0.75, options, cancel.Token);
        ExpectBatch(input, target, sparsity: 0.75);
    }

    [Fact]
    public void Prune_WithoutData_PassesNone()
    {
        pruner.Prune(null!, sparsity: 0.9, options, cancel.Token);

        pruner.Calls.Should().ContainSingle().Which.Should().Be((PruningData.None, 0.9, null, options, cancel.Token));
    }

    [Fact]
    public void Score_EverySourceOfData_ArrivesWithAllOtherArguments()
    {
        var (input, target) = (zeros(2, 1), zeros(2));
        using var mask = new PruningMask([KeyValuePair.Create("w", ones(1))]);
        pruner.Score(null!, [(input, target)], mask, options, cancel.Token);
        ExpectBatch(input, target, mask: mask);
        pruner.Score(null!, [new Dictionary<string, Tensor> { ["data"] = input, ["label"] = target }], mask, options, cancel.Token);
        ExpectBatch(input, target, mask: mask);
        pruner.Score(null!, [(IList<Tensor>)[input, target]], mask, options, cancel.Token);
        ExpectBatch(input, target, mask: mask);
    }

    [Fact]
    public void Score_WithoutData_PassesNone()
    {
        pruner.Score(null!, options: options, cancellationToken: cancel.Token);

        pruner.Calls.Should().ContainSingle().Which.Should().Be((PruningData.None, -1, null, options, cancel.Token));
    }

    [Fact]
    public void Prune_WithoutPruner_IsRefused() =>
        FluentActions.Invoking(() => ((IPruner)null!).Prune(null!, sparsity: 0.5)).Should().Throw<ArgumentNullException>().WithParameterName("pruner");

    private void ExpectBatch(Tensor input, Tensor target, double sparsity = -1, PruningMask? mask = null)
    {
        var call = pruner.Calls.Should().ContainSingle().Subject;
        var batch = call.Data.Read().Should().ContainSingle().Subject;
        batch.Inputs.Should().ContainSingle().Which.Should().BeSameAs(input);
        batch.Target.Should().BeSameAs(target);
        (call.Sparsity, call.Mask, call.Options, call.Token).Should().Be((sparsity, mask, options, cancel.Token));
        pruner.Calls.Clear();
    }

    private sealed class Recorder : IPruner
    {
        public List<(PruningData Data, double Sparsity, PruningMask? Mask, PruningOptions? Options, CancellationToken Token)> Calls { get; } = [];

        public string Name => "Recorder";

        public bool NeedsData => false;

        public int DefaultRounds => 1;

        public PruningResult Prune(
            PruningModel model, PruningData data, double sparsity, PruningOptions? options, CancellationToken cancellationToken)
        {
            Calls.Add((data, sparsity, null, options, cancellationToken));
            return null!;
        }

        public PruningScores Score(
            PruningModel model, PruningData data, PruningMask? mask, PruningOptions? options, CancellationToken cancellationToken)
        {
            Calls.Add((data, -1, mask, options, cancellationToken));
            return null!;
        }
    }
}

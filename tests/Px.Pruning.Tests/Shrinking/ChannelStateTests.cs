using System.Collections;
using Px.Pruning.Shrinking;
using Px.Pruning.Tests.Analysis;
using Px.Pruning.Tests.Engine.Wiring;
using Px.Pruning.Tests.Networks;
using Px.Pruning.Tests.Networks.Known;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Shrinking;

/// <summary>What channel pruning does to the model and its data, and what the small network is good for afterwards.</summary>
public sealed class ChannelStateTests : IDisposable
{
    private static readonly long[] shape = [3, 8, 8];
    private static readonly PruningData sample = PruningData.Shape(shape);
    private static readonly ChannelOptions untimed = new() { Shrinking = new() { LatencyRuns = 0 } };
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose() => scope.Dispose();

    [Fact]
    public void PruneChannels_IntoAFreshModule_LeavesTheModelAlone()
    {
        using var net = new UNet(4).to(float64);
        Trained.Fill(net, 3);
        net.eval();
        var before = ModelState.Of(net);

        using var result = new SynFlowPruner().PruneChannels(net, () => new UNet(4), sample, ChannelTarget.Flops(0.5), Rounds(2));

        ModelState.Of(net).ShouldEqual(before);
        using var small = result.Model;
        small.Should().NotBeSameAs(net);
        small.training.Should().BeFalse();
        ShouldEqualUnder(result.Mask, net, small);
        result.Shrunk.Flops.Should().BeLessThanOrEqualTo(result.Shrunk.FlopsBefore / 2);
    }

    [Fact]
    public void MaskChannels_BoundAndShrunkLater_IsTheSameNetwork()
    {
        using var net = new UNet(4).to(float64);
        var before = ModelState.Of(net);
        using var mask = new SynFlowPruner().MaskChannels(net, sample, ChannelTarget.Flops(0.5), Rounds(2));
        ModelState.Of(net).ShouldEqual(before);
        using var binding = mask.Bind(net);

        using var later = Shrinker.Shrink(net, shape, untimed.Shrinking with { Binding = binding });

        using var other = new UNet(4).to(float64);
        using var now = new SynFlowPruner().PruneChannels(other, sample, ChannelTarget.Flops(0.5), Rounds(2));
        later.Flops.Should().BeLessThanOrEqualTo(later.FlopsBefore / 2);
        later.Mask.Sparsity.Should().Be(0, "nothing of it is pruned any more");
        mask.Metadata["channels"].Should().Be("at most 50 % of the FLOPs");
    }

    /// <summary>A step of gradient descent in training mode: nothing that the mask leaves out has a part in it.</summary>
    [Fact]
    public void PruneChannels_Training_IsThatOfTheMaskedNetwork()
    {
        using var net = new UNet(4).to(float64);
        Trained.Fill(net, 3);
        net.train();
        using var result = new MagnitudePruner().PruneChannels(net, () => new UNet(4), sample, ChannelTarget.Flops(0.4), untimed);
        using var small = result.Model;
        using var binding = result.Mask.Bind(net);
        var (input, target) = (randn([4, .. shape], float64), randn([4, 4, 8, 8], float64));
        double Step(Module<Tensor, Tensor> model)
        {
            using var optimizer = optim.SGD(model.parameters(), 0.1, momentum: 0.9);
            for (int step = 0; step < 3; step++)
            {
                optimizer.zero_grad();
                functional.mse_loss(model.call(input), target).backward();
                if (ReferenceEquals(model, net)) binding.ApplyToGradients();
                optimizer.step();
            }

            return functional.mse_loss(model.call(input), target).ToDouble();
        }

        Step(small).Should().BeApproximately(Step(net), 1e-9);
        small.eval();
        net.eval();
        (small.call(input) - net.call(input)).abs().max().ToDouble().Should().BeLessThan(1e-9);
    }

    [Fact]
    public void PruneChannels_SmallNetwork_IsSavedFittedLoadedAndPrunedAgain()
    {
        using var net = new DenseNet(4);
        using var result = new SnipPruner().PruneChannels(net, [Batch()], ChannelTarget.Weights(0.5), untimed);
        using var stream = new MemoryStream();
        net.eval();
        var input = randn([2, 3, 16, 16]);
        using (no_grad())
        {
            var expected = net.call(input);
            using var fresh = new DenseNet(4);
            Shrinker.Fit(fresh, net.state_dict());
            fresh.load_state_dict(net.state_dict());
            fresh.eval();
            fresh.call(input).eq(expected).all().ToBoolean().Should().BeTrue();
        }

        using var pruned = new SnipPruner().Prune(net, [Batch()], sparsity: 0.5);
        pruned.Mask.Sparsity.Should().BeApproximately(0.5, 1e-3);
        pruned.Mask.Total.Should().Be(net.named_parameters().Where(p => p.parameter.dim() > 1).Sum(p => p.parameter.numel()));

        // Once more by channels, with the binding of the weights.
        using var again = new MagnitudePruner().PruneChannels(net, PruningData.Shape(3, 16, 16), ChannelTarget.Weights(0.7),
            untimed with { Shrinking = untimed.Shrinking with { Binding = pruned.Binding } });
        again.Shrunk.Mask.Sparsity.Should().BeGreaterThan(0.2);
        net.get_parameter("classifier.weight")!.shape[1].Should().Be(again.Shrunk.Layers[^1].Inputs);
    }

    [Fact]
    public void PruneChannels_Data_IsReadOnceForAllRounds()
    {
        using var net = new UNet(4);
        var once = new Counted([(randn([4, .. shape]), randint(4, [4, 8, 8], int64))]);

        using var result = new SnipPruner().PruneChannels(net, once, ChannelTarget.Flops(0.5), Rounds(3));

        once.Reads.Should().Be(1);
    }

    [Fact]
    public void PruneChannels_EveryKindOfBatches_IsAccepted()
    {
        var target = ChannelTarget.Channels(0.9);
        var (input, label) = Batch();
        var pruner = new SnipPruner();
        var options = untimed with { Scoring = new() { Seed = 1 } };
        ChannelResult Prune(Func<Module<Tensor, Tensor>, ChannelResult> prune)
        {
            manual_seed(1);
            using var net = new DenseNet(4);
            return prune(net);
        }

        using var tuples = Prune(net => pruner.PruneChannels(net, [(input, label)], target, options));
        using var lists = Prune(net => pruner.PruneChannels(net, new List<IList<Tensor>> { new[] { input, label } }, target, options));
        using var loader = Prune(net => pruner.PruneChannels(
            net, new List<Dictionary<string, Tensor>> { new() { ["data"] = input, ["label"] = label } }, target, options));

        foreach (var other in new[] { lists, loader })
            other.Shrunk.Layers.Should().Equal(tuples.Shrunk.Layers);
    }

    [Fact]
    public void PruneChannels_PrunerOfOnesOwn_IsAskedForItsScores()
    {
        using var net = new UNet(4);
        using var result = new OnesOwn().PruneChannels(net, sample, ChannelTarget.Flops(0.5), Rounds(2));

        result.Shrunk.Flops.Should().BeLessThanOrEqualTo(result.Shrunk.FlopsBefore / 2);
    }

    [Fact]
    public void PruneChannels_MethodsWithoutScores_AreRefusedByName()
    {
        using var net = new UNet(4);
        var before = ModelState.Of(net);
        foreach (var pruner in new IPruner[] { new PhewPruner(), new IterativeMagnitudePruner((_, _) => { }) })
        {
            pruner.Invoking(p => p.PruneChannels(net, sample, ChannelTarget.Flops(0.5)))
                .Should().Throw<NotSupportedException>().WithMessage($"{pruner.Name} *");
        }

        ModelState.Of(net).ShouldEqual(before);
    }

    [Fact]
    public void PruneChannels_ArgumentsThatDoNotApply_AreRefused()
    {
        using var net = new UNet(4);
        var pruner = new MagnitudePruner();
        foreach (var scoring in new PruningOptions[]
            { new() { Ablation = SanityAblation.Reinitialize }, new() { Scope = PruningScope.LayerWise }, new() { Counting = WeightCounting.Truncated } })
        {
            pruner.Invoking(p => p.PruneChannels(net, sample, ChannelTarget.Flops(0.5), untimed with { Scoring = scoring }))
                .Should().Throw<ArgumentException>().WithMessage("*single weights*");
        }

        pruner.Invoking(p => p.PruneChannels(net, PruningData.None, ChannelTarget.Flops(0.5))).Should().Throw<ArgumentException>().WithMessage("*shape*");
        pruner.Invoking(p => p.PruneChannels(net, sample, ChannelTarget.Flops(1e-4))).Should().Throw<ArgumentException>().WithMessage("*% stay in any case*output*");
        foreach (double share in new[] { 0, -1, 1.1, double.NaN })
            FluentActions.Invoking(() => ChannelTarget.Weights(share)).Should().Throw<ArgumentOutOfRangeException>();
    }

    [Theory]
    [InlineData("cancelled")]
    [InlineData("progress")]
    [InlineData("scores")]
    [InlineData("zeros")]
    [InlineData("shrinking")]
    [InlineData("unsupported")]
    public void PruneChannels_ThatFails_LeavesTheModelsOwnObjects(string how)
    {
        using var source = new CancellationTokenSource();
        bool unsupported = how == "unsupported", breaks = how == "shrinking";
        var b = Conv2d(8, 6, 1);
        using var net = new GraphNet([("a", Conv2d(3, 8, 3)), ("bn", BatchNorm2d(8)), ("b", b), ("c", Conv2d(6, 2, 1))], (call, x) =>
        {
            var a = call("a", x);
            // In the trial seven are left, in the end five.
            if (breaks && a.shape[1] == 5) throw new InvalidOperationException("not five");
            a = call("bn", a);
            return call("c", (unsupported ? b.forward(a) : call("b", a)).relu());
        });
        Trained.Fill(net, 3);
        net.get_parameter("a.weight")!.grad = ones_like(net.get_parameter("a.weight")!);
        var before = ModelState.Of(net);
        var pruner = new CustomPruner("test", context => context.Parameters.ToDictionary(p => p.Name, p => how switch
        {
            "scores" => p.Weight / 0,
            "zeros" => p.Weight * 0,
            _ => p.Weight.abs(),
        })) { UsesData = false };
        var options = untimed with
        {
            Ranking = ChannelRanking.LayerWise,
            Scoring = new()
            {
                Rounds = 3,
                Progress = new Now(progress =>
                {
                    if (how == "progress") throw new TimeoutException("mine");
                    if (how == "cancelled" && progress.Round == 2) source.Cancel();
                }),
            },
        };

        var exception = FluentActions.Invoking(() => pruner.PruneChannels(net, sample, ChannelTarget.Channels(0.63), options, source.Token))
            .Should().Throw<Exception>().Which;

        exception.Should().BeOfType(how switch
        {
            "cancelled" => typeof(OperationCanceledException),
            "progress" => typeof(TimeoutException),
            "scores" => typeof(NonFiniteScoreException),
            "shrinking" => typeof(ShrinkException),
            _ => typeof(UnsupportedModelException),
        });
        if (unsupported) exception.Message.Should().NotContain("can be pruned by");
        ModelState.Of(net).ShouldEqual(before);
    }

    private static (Tensor, Tensor) Batch() => Samples.Normal(8, [3, 16, 16]);

    private static ChannelOptions Rounds(int rounds) => untimed with { Scoring = new() { Rounds = rounds, Seed = 1 } };

    private static void ShouldEqualUnder(PruningMask mask, Module<Tensor, Tensor> net, Module<Tensor, Tensor> small)
    {
        using var noGrad = no_grad();
        using var binding = mask.Bind(net);
        var input = randn([3, .. shape], float64);
        var masked = net.call(input);
        (small.call(input) - masked).abs().max().ToDouble().Should().BeLessThan(1e-6 * masked.abs().max().ToDouble());
    }

    private sealed class Counted(List<(Tensor, Tensor)> batches) : IEnumerable<(Tensor, Tensor)>
    {
        internal int Reads { get; private set; }

        public IEnumerator<(Tensor, Tensor)> GetEnumerator()
        {
            Reads++;
            return batches.GetEnumerator();
        }

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }

    private sealed class Now(Action<PruningProgress> report) : IProgress<PruningProgress>
    {
        public void Report(PruningProgress value) => report(value);
    }

    private sealed class OnesOwn : IPruner
    {
        public string Name => "own";

        public bool NeedsData => false;

        public int DefaultRounds => 1;

        public PruningResult Prune(PruningModel model, PruningData data, double sparsity, PruningOptions? options, CancellationToken token) =>
            throw new NotSupportedException();

        public PruningScores Score(PruningModel model, PruningData data, PruningMask? mask, PruningOptions? options, CancellationToken token) =>
            new MagnitudePruner().Score(model, data, mask, options, token);
    }
}

using Px.Pruning.Models;
using Px.Pruning.Probing;
using Px.Pruning.Tests.Masking;
using Px.Pruning.Tests.Networks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Probing;

public sealed class NormFoldingTests
{
    [Fact]
    public void Fold_ResidualNetwork_TakesEveryBatchNorm()
    {
        using var model = CifarResNet.Create(new CifarResNetOptions { Depth = 20, Width = 2, Seed = 1 });
        Samples.Disturb(model);

        Fold(model, [3, 8, 8]).Should().Be(21);
    }

    [Theory]
    [InlineData("two readers")]
    [InlineData("written after being read")]
    [InlineData("writes to its input")]
    [InlineData("two norms")]
    public void Fold_CodeThatWouldSeeIt_IsLeftAlone(string kind)
    {
        using var model = Net(kind);

        Fold(model, [3, 8, 8]).Should().BeNull();
    }

    [Theory]
    [InlineData("plain", 2)]
    [InlineData("called twice", 1)]
    [InlineData("norm first", 1)]
    public void Fold_OtherCode_TakesWhatIsBehindALayer(string kind, int count)
    {
        using var model = Net(kind);

        Fold(model, [3, 8, 8]).Should().Be(count);
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("two readers")]
    [InlineData("written after being read")]
    [InlineData("writes to its input")]
    [InlineData("two norms")]
    [InlineData("called twice")]
    [InlineData("norm first")]
    public void ScoreRound_SeveralRounds_IsThatOfASingleOne(string kind)
    {
        using var scope = NewDisposeScope();
        using var model = Net(kind);
        foreach (Pruner pruner in new Pruner[]
                 {
                     new SynFlowPruner(), new SynFlowL2Pruner(), new SynFlowL2Pruner { Weighting = PxWeighting.Absolute }, new LogSynFlowPruner(),
                 })
        {
            var single = Scores(pruner, model, rounds: 1);
            var first = Scores(pruner, model, rounds: 2);

            for (int i = 0; i < single.Count; i++)
                first[i].allclose(single[i], 1e-11, 0).Should().BeTrue("{0}, {1}, layer {2}", kind, pruner.Name, i);
        }
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("two readers")]
    [InlineData("written after being read")]
    public void Prune_FoldedOrNot_LeavesTheModelBitIdenticalAndLeaksNothing(string kind)
    {
        using var model = Net(kind);
        var before = ModelState.Of(model);

        LiveTensors.LeftBy(() =>
        {
            using var result = new SynFlowPruner().Prune(model, PruningData.Shape(3, 8, 8), 0, new PruningOptions { Rounds = 3 });
        }).Should().Be(0);
        ModelState.Of(model).ShouldEqual(before);
    }

    private static List<Tensor> Scores(Pruner pruner, Module<Tensor, Tensor> model, int rounds) =>
        pruner.Scored(model, PruningData.Shape(3, 8, 8), new PruningOptions(), context =>
        {
            context.Rounds = rounds;
            return pruner.ScoreRound(context).Scores.Select(scores => scores.clone().MoveToOuterDisposeScope()).ToList();
        }, default);

    private static int? Fold(Module<Tensor, Tensor> model, long[] shape)
    {
        using var scope = NewDisposeScope();
        return new SynFlowPruner().Scored(model, PruningData.Shape(shape), new PruningOptions(), context =>
        {
            using var weights = new MaskedWeights(context.Network, null);
            var leaves = weights.Leaves(weights.AbsoluteTheta, float64);
            return NormFolding.Fold(context.Network, leaves, (norm, dimensions) => norm.SquaredScale(null, dimensions).sqrt(), null)?.Count;
        }, default);
    }

    private static FoldNet Net(string kind)
    {
        var net = new FoldNet(kind);
        Samples.Disturb(net);
        return net;
    }

    private sealed class FoldNet : Module<Tensor, Tensor>
    {
        private readonly string kind;
        private readonly Conv2d conv1 = Conv2d(3, 4, 3, padding: 1), conv2 = Conv2d(4, 4, 3, padding: 1);
        private readonly BatchNorm2d norm1 = BatchNorm2d(4), norm2 = BatchNorm2d(4);
        private readonly ReLU relu = ReLU();
        private readonly Linear last = Linear(4, 2);

        internal FoldNet(string kind) : base(nameof(FoldNet))
        {
            this.kind = kind;
            RegisterComponents();
        }

        public override Tensor forward(Tensor input)
        {
            var first = conv1.call(input);
            var normed = norm1.call(first);
            var map = relu.call(normed);
            switch (kind)
            {
                case "two readers":
                    map = map + first;
                    break;
                case "two norms":
                    map = map + norm2.call(first);
                    break;
                case "writes to its input":
                    map = first + map.mul_(2);
                    break;
                case "called twice":
                    map = relu.call(norm2.call(conv2.call(map)));
                    break;
            }

            var second = kind == "norm first" ? conv2.call(norm2.call(map)) : norm2.call(conv2.call(map));
            if (kind == "written after being read") normed.mul_(3);
            return last.call(relu.call(second).mean([2, 3]));
        }
    }
}

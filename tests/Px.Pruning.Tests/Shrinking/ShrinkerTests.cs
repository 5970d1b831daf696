using Px.Pruning.Shrinking;
using Px.Pruning.Tests.Analysis;
using Px.Pruning.Tests.Engine.Wiring;
using Px.Pruning.Tests.Networks;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using Module = TorchSharp.torch.nn.Module;

namespace Px.Pruning.Tests.Shrinking;

/// <summary>Which channels go, which stay and why, on networks whose answers are obvious.</summary>
public sealed class ShrinkerTests : IDisposable
{
    private static readonly ShrinkOptions untimed = new() { LatencyRuns = 0 };
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose() => scope.Dispose();

    [Fact]
    public void Shrink_ZeroChannel_LeavesTheOtherWeightsToTheBit()
    {
        using var net = Chain([("a", Linear(3, 4)), ("relu", ReLU()), ("b", Linear(4, 2))]);
        net.ZeroOutputs("a", 1);
        net.Set("a.bias", 0, 1);
        var (a, b) = (net.get_parameter("a.weight")!.detach().clone(), net.get_parameter("b.weight")!.detach().clone());

        using var small = Shrinker.Shrink(net, [3], untimed);

        var (keptA, keptB) = (net.get_parameter("a.weight")!, net.get_parameter("b.weight")!);
        keptA.shape.Should().Equal(3, 3);
        keptA.eq(a.index_select(0, tensor(new long[] { 0, 2, 3 }))).all().ToBoolean().Should().BeTrue();
        keptB.eq(b.index_select(1, tensor(new long[] { 0, 2, 3 }))).all().ToBoolean().Should().BeTrue();
        (small.ParametersBefore, small.Parameters).Should().Be((3 * 4 + 4 + 4 * 2 + 2, 3 * 3 + 3 + 3 * 2 + 2));
        (small.FlopsBefore, small.Flops).Should().Be((2 * (12 + 8), 2 * (9 + 6)));
        small.Layers.Select(layer => (layer.Name, layer.Type, layer.InputsBefore, layer.Inputs, layer.OutputsBefore, layer.Outputs))
            .Should().Equal(("a", "Linear", 3, 3, 4, 3), ("b", "Linear", 4, 3, 2, 2));
        small.Unremoved.Should().BeEmpty();
        small.Latency.Should().BeNull();
        small.Model.Should().BeSameAs(net);
    }

    [Fact]
    public void Shrink_ChannelThatNothingReads_Goes()
    {
        using var net = Chain([("a", Conv2d(3, 5, 3, padding: 1)), ("bn", BatchNorm2d(5)), ("relu", ReLU()), ("b", Conv2d(5, 4, 3, padding: 1)), ("c", Conv2d(4, 2, 1))]);
        net.ZeroInputs("b", 0, 3);
        ShouldShrink(net, [3, 6, 6], untimed);

        Shape(net, "a.weight").Should().Equal(3, 3, 3, 3);
        Shape(net, "bn.running_var").Should().Equal(3);
        Shape(net, "b.weight").Should().Equal(4, 3, 3, 3);
    }

    [Fact]
    public void Shrink_LayerWhoseOutputsNothingReads_FreesWhatFeedsIt()
    {
        using var net = Chain([("a", Linear(3, 4)), ("b", Linear(4, 5)), ("c", Linear(5, 2))]);
        net.ZeroInputs("c", 0, 1, 2);                       // b's outputs 0, 1, 2 are not read,
        net.ZeroInputs("b", 3);                             // and a's output 3 is read
        net.get_parameter("b.weight")!.detach()[0, 3] = 1f; // by b's output 0 only.
        ShouldShrink(net, [3], untimed);

        Shape(net, "a.weight").Should().Equal(3, 3);
        Shape(net, "b.weight").Should().Equal(2, 3);
    }

    [Fact]
    public void Shrink_ConstantThroughRelu_MovesIntoTheNextBias()
    {
        using var net = Chain([("a", Linear(3, 3)), ("relu", ReLU()), ("b", Linear(3, 2))]);
        net.ZeroOutputs("a", 0, 2);
        net.Set("a.bias", 0.5, 0);
        net.Set("a.bias", -4, 2); // nothing after the ReLU
        var expected = net.get_parameter("b.bias")!.detach().clone() + (0.5 * net.get_parameter("b.weight")!.detach()[TensorIndex.Colon, 0]);
        ShouldShrink(net, [3], untimed);

        net.get_parameter("b.bias")!.allclose(expected).Should().BeTrue();
        Shape(net, "b.weight").Should().Equal(2, 1);
    }

    [Theory]
    [InlineData(0, PaddingModes.Zeros, 4)]
    [InlineData(1, PaddingModes.Replicate, 4)]
    [InlineData(1, PaddingModes.Circular, 4)]
    [InlineData(1, PaddingModes.Zeros, 5)] // its border differs from its middle
    public void Shrink_ConstantBeforeConvolution_IsFoldedWhereItStaysConstant(long padding, PaddingModes mode, long left)
    {
        using var net = Chain([("a", Conv2d(3, 5, 1)), ("b", Conv2d(5, 4, 3, padding: padding, padding_mode: mode)), ("c", Conv2d(4, 2, 1))]);
        net.ZeroOutputs("a", 2);
        net.Set("a.bias", 0.7, 2);
        var small = ShouldShrink(net, [3, 6, 6], untimed);

        Shape(net, "a.weight")[0].Should().Be(left);
        if (left == 5) small.Unremoved.Should().ContainSingle().Which.Should().Match<UnremovedChannels>(u => u.Layer == "a" && u.Channels == 1 && u.Reason.Contains("'b'") && u.Reason.Contains("padding"));
        else small.Unremoved.Should().BeEmpty();
    }

    [Fact]
    public void Shrink_ConstantBeforeConvolutionWithoutBias_MovesIntoTheNormBehindIt()
    {
        using var net = Chain([("a", Conv2d(3, 5, 1)), ("b", Conv2d(5, 4, 3, bias: false)), ("bn", BatchNorm2d(4)), ("relu", ReLU()), ("c", Conv2d(4, 2, 1))]);
        Trained.Fill(net, 3);
        net.ZeroOutputs("a", 2);
        var mean = net.state_dict()["bn.running_mean"].clone();
        ShouldShrink(net, [3, 6, 6], untimed);

        Shape(net, "a.weight")[0].Should().Be(4);
        net.state_dict().Should().NotContainKey("b.bias");
        net.state_dict()["bn.running_mean"].allclose(mean).Should().BeFalse();
    }

    [Fact]
    public void Shrink_ConstantBeforeConvolutionWithoutBiasAndNorm_Stays()
    {
        using var net = Chain([("a", Conv2d(3, 5, 1)), ("b", Conv2d(5, 4, 3, bias: false)), ("relu", ReLU()), ("bn", BatchNorm2d(4)), ("c", Conv2d(4, 2, 1))]);
        net.ZeroOutputs("a", 2);
        var small = ShouldShrink(net, [3, 6, 6], untimed);

        Shape(net, "a.weight")[0].Should().Be(5);
        small.Unremoved.Should().ContainSingle().Which.Reason.Should().Contain("neither a bias nor a batch norm");
    }

    [Fact]
    public void Shrink_Addition_LosesWhatBothBranchesLack()
    {
        using var net = new GraphNet(
            [("stem", Conv2d(3, 4, 1)), ("a", Conv2d(4, 6, 3, padding: 1, bias: false)), ("bn", BatchNorm2d(6)), ("b", Conv2d(4, 6, 1, bias: false)), ("c", Conv2d(6, 2, 1))],
            (call, x) =>
            {
                x = call("stem", x).relu_();
                return call("c", (call("bn", call("a", x)) + call("b", x)).relu_());
            });
        net.ZeroOutputs("a", 1, 2, 3);
        net.ZeroOutputs("b", 1, 2, 4);
        var small = ShouldShrink(net, [3, 5, 5], untimed);

        foreach (string name in new[] { "a.weight", "bn.weight", "b.weight" }) Shape(net, name)[0].Should().Be(4);
        small.Unremoved.Select(u => (u.Layer, u.Channels)).Should().Equal(("a", 1), ("b", 1));
        small.Unremoved.Should().OnlyContain(u => u.Reason.Contains("addition"));
    }

    [Fact]
    public void Shrink_Concatenation_LosesEachBranchsOwn()
    {
        using var net = new GraphNet([("a", Conv2d(3, 4, 1)), ("b", Conv2d(3, 5, 1)), ("c", Conv2d(9, 3, 3)), ("d", Conv2d(3, 2, 1))],
            (call, x) => call("d", call("c", cat([call("a", x), call("b", x)], 1).relu_())));
        net.ZeroInputs("c", 1, 4, 8);
        ShouldShrink(net, [3, 5, 5], untimed);

        (Shape(net, "a.weight")[0], Shape(net, "b.weight")[0], Shape(net, "c.weight")[1]).Should().Be((3, 3, 6));
    }

    [Fact]
    public void Shrink_DepthwiseConvolution_LosesChannelsOnBothSides()
    {
        using var net = Chain([("a", Conv2d(3, 6, 1)), ("depth", Conv2d(6, 12, 3, groups: 6)), ("relu", ReLU()), ("c", Conv2d(12, 2, 1))]);
        net.ZeroInputs("c", 2, 3, 8); // the whole of channel 1, half of channel 4
        var small = ShouldShrink(net, [3, 5, 5], untimed);

        Shape(net, "a.weight")[0].Should().Be(5);
        Shape(net, "depth.weight").Should().Equal(10, 1, 3, 3);
        small.Unremoved.Should().ContainSingle().Which.Should().Match<UnremovedChannels>(u => u.Layer == "depth" && u.Channels == 1);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Shrink_GroupedConvolution_LosesWholeGroups(bool transposed)
    {
        Module<Tensor, Tensor> grouped = transposed ? ConvTranspose2d(6, 9, 3, groups: 3) : Conv2d(6, 9, 3, groups: 3);
        using var net = Chain([("a", Conv2d(3, 6, 1)), ("groups", grouped), ("relu", ReLU()), ("c", Conv2d(9, 2, 1))]);
        net.ZeroInputs("c", 3, 4, 5, 0); // the second group, and a third of the first
        ShouldShrink(net, [3, 5, 5], untimed);

        Shape(net, "a.weight")[0].Should().Be(4);
        Shape(net, "groups.weight").Should().Equal(transposed ? [4, 3, 3, 3] : [6, 2, 3, 3]);
        ((TorchSharp.Modules.Convolution)grouped).groups.Should().Be(2);
        ((TorchSharp.Modules.Convolution)grouped).in_channels.Should().Be(4);
        ((TorchSharp.Modules.Convolution)grouped).out_channels.Should().Be(6);
    }

    [Fact]
    public void Shrink_TransposedConvolution_LosesInputsAndOutputs()
    {
        using var net = Chain([("a", Conv2d(3, 4, 1)), ("up", ConvTranspose2d(4, 5, 2, stride: 2)), ("bn", BatchNorm2d(5)), ("c", Conv2d(5, 2, 1))]);
        using (no_grad()) net.get_parameter("up.weight")!.narrow(0, 1, 1).fill_(0); // [in, out, …]
        net.ZeroInputs("c", 0, 4);
        ShouldShrink(net, [3, 5, 5], untimed);

        Shape(net, "up.weight").Should().Equal(3, 3, 2, 2);
    }

    [Fact]
    public void Shrink_FlattenedConvolution_LosesAllFeaturesOfAChannel()
    {
        using var net = new GraphNet([("a", Conv2d(3, 4, 2)), ("b", Linear(16, 5)), ("c", Linear(5, 2))], (call, x) => call("c", call("b", call("a", x).relu_().flatten(1)).relu_()));
        net.ZeroInputs("b", 4, 5, 6, 7, 8, 9); // channel 1, half of channel 2
        ShouldShrink(net, [3, 3, 3], untimed);

        Shape(net, "a.weight")[0].Should().Be(3);
        Shape(net, "b.weight").Should().Equal(5, 12);
    }

    [Fact]
    public void Shrink_LayerCalledTwice_LosesWhatNeitherCallNeeds()
    {
        using var net = new GraphNet([("a", Linear(3, 4)), ("twice", Linear(4, 4)), ("c", Linear(4, 2))], (call, x) => call("c", call("twice", call("twice", call("a", x)).relu())));
        net.ZeroInputs("twice", 1, 2);
        net.ZeroInputs("c", 1);
        ShouldShrink(net, [3], untimed);

        Shape(net, "twice.weight").Should().Equal(3, 3);
    }

    [Fact]
    public void Shrink_SharedParameter_Stays()
    {
        var first = Linear(4, 4, hasBias: false);
        using var net = Chain([("a", Linear(3, 4)), ("b", first), ("c", Linear(first.weight)), ("d", Linear(4, 2))]);
        net.ZeroOutputs("a", 1);
        net.Set("a.bias", 0, 1);
        var small = ShouldShrink(net, [3], untimed);

        Shape(net, "a.weight")[0].Should().Be(4);
        small.Unremoved.Should().ContainSingle().Which.Reason.Should().Contain("shares");
    }

    [Fact]
    public void Shrink_GroupNorm_LosesWholeGroupsAndLayerNormNone()
    {
        using var net = new GraphNet(
            [("a", Conv2d(3, 6, 1)), ("gn", Samples.FreshGroupNorm(3, 6)), ("b", Conv2d(6, 4, 1)), ("ln", LayerNorm(4)), ("c", Linear(4, 5)), ("d", Linear(5, 2))],
            (call, x) => call("d", call("c", call("ln", call("b", call("gn", call("a", x)).relu()).mean([2, 3])))));
        Trained.Fill(net, 5);
        net.ZeroInputs("b", 1, 4, 5); // half of the first group, the third
        net.ZeroInputs("c", 2);
        var small = ShouldShrink(net, [3, 5, 5], untimed);

        Shape(net, "gn.weight").Should().Equal(4);
        Shape(net, "a.weight")[0].Should().Be(4);
        Shape(net, "ln.weight").Should().Equal(4);
        small.Unremoved.Should().BeEmpty("what a norm takes its statistics of is not dead");
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void Shrink_InstanceNorm_LosesChannels(bool affine, bool tracks)
    {
        using var net = Chain([("a", Conv2d(3, 5, 1)), ("norm", InstanceNorm2d(5, affine: affine, track_running_stats: tracks)), ("b", Conv2d(5, 2, 1))]);
        Trained.Fill(net, 5);
        net.ZeroInputs("b", 1, 4);
        ShouldShrink(net, [3, 5, 5], untimed);

        Shape(net, "a.weight")[0].Should().Be(3);
    }

    [Fact]
    public void Shrink_PReluOfManySlopes_LosesThem()
    {
        using var net = Chain([("a", Linear(3, 5)), ("act", PReLU(5)), ("b", Linear(5, 2))]);
        net.ZeroInputs("b", 1, 4);
        ShouldShrink(net, [3], untimed);

        Shape(net, "act.weight").Should().Equal(3);
    }

    [Fact]
    public void Shrink_SqueezeAndExcitation_LosesAGatedChannelWithItsGate()
    {
        using var net = new GraphNet([("a", Conv2d(3, 4, 1)), ("gate", Linear(4, 4)), ("b", Conv2d(4, 2, 3))],
            (call, x) =>
            {
                var a = call("a", x).relu();
                return call("b", a * call("gate", a.mean([2, 3])).sigmoid().unsqueeze(2).unsqueeze(3));
            });
        net.ZeroOutputs("a", 2);
        net.Set("a.bias", -1, 2);
        ShouldShrink(net, [3, 5, 5], untimed);

        Shape(net, "gate.weight").Should().Equal(3, 3);
    }

    [Fact]
    public void Shrink_NothingDead_ChangesNothing()
    {
        using var net = Chain([("a", Linear(3, 4)), ("b", Linear(4, 2))]);
        var weight = net.get_parameter("a.weight")!;

        var small = ShouldShrink(net, [3], untimed);

        weight.IsInvalid.Should().BeFalse("untouched layers keep their parameters");
        small.Parameters.Should().Be(small.ParametersBefore);
        small.ToString().Should().Contain("No layer lost a channel.");
    }

    [Fact]
    public void Shrink_DeadLayers_KeepOneChannel()
    {
        using var net = Chain([("a", Conv2d(3, 4, 3)), ("bn", BatchNorm2d(4)), ("b", Conv2d(4, 5, 1)), ("c", Conv2d(5, 2, 1))]);
        Trained.Fill(net, 3);
        net.ZeroOutputs("b", 0, 1, 2, 3, 4);
        var small = ShouldShrink(net, [3, 5, 5], untimed);

        Shape(net, "a.weight")[0].Should().Be(1);
        Shape(net, "b.weight").Should().Equal(1, 1, 1, 1);
        small.Unremoved.Select(u => (u.Layer, u.Channels)).Should().Equal(("a", 1), ("b", 1), ("c", 2));
        small.Unremoved.Take(2).Should().OnlyContain(u => u.Reason.Contains("one channel at least"));
        small.Unremoved[2].Reason.Should().Contain("output");
    }

    [Fact]
    public void Shrink_NumbersWrittenIntoCode_KeepsTheChannelsBeforeThem()
    {
        using var net = new GraphNet([("a", Conv2d(3, 4, 1)), ("b", Conv2d(4, 6, 1)), ("c", Linear(24, 5)), ("d", Linear(5, 2))],
            (call, x) => call("d", call("c", call("b", call("a", x)).relu_().view(-1, 24))));
        net.ZeroInputs("b", 1);
        net.ZeroInputs("c", 4, 5, 6, 7);
        net.ZeroInputs("d", 0);
        var small = ShouldShrink(net, [3, 2, 2], untimed);

        (Shape(net, "a.weight")[0], Shape(net, "b.weight")[0], Shape(net, "c.weight")[0]).Should().Be((3, 6, 4));
        small.Unremoved.Should().ContainSingle().Which.Should().Match<UnremovedChannels>(u => u.Layer == "b" && u.Reason.Contains("'c'"));
    }

    [Fact]
    public void Shrink_ShuffleWithItsNumbersWritten_StaysRight()
    {
        using var net = new GraphNet([("a", Conv2d(3, 8, 1)), ("b", Conv2d(8, 2, 1))],
            (call, x) => call("b", call("a", x).reshape(-1, 2, 4, 16).transpose(1, 2).reshape(x.size(0), -1, 4, 4)));
        net.ZeroInputs("b", 0, 1, 2, 3); // a's 0, 4, 1, 5: half of a stays, and would be taken for two samples
        ShouldShrink(net, [3, 4, 4], untimed);

        Shape(net, "a.weight")[0].Should().Be(8);
    }

    [Fact]
    public void Shrink_LayersLeftOut_KeepTheirChannels()
    {
        using var net = Chain([("a", Linear(3, 4)), ("b", Linear(4, 5)), ("c", Linear(5, 2))]);
        net.ZeroInputs("b", 1);
        net.ZeroInputs("c", 1);
        var small = ShouldShrink(net, [3], untimed with { Layers = ParameterSelection.Default.Excluding("a.*") });

        (Shape(net, "a.weight")[0], Shape(net, "b.weight")[0]).Should().Be((4, 4));
        small.Unremoved.Should().ContainSingle().Which.Reason.Should().Contain("leaves 'a' out");
    }

    private static long[] Shape(Module net, string name) => net.state_dict()[name].shape;

    private static Module<Tensor, Tensor> Chain((string Name, Module<Tensor, Tensor> Layer)[] layers) => Sequential(layers);

    /// <summary>Shrinks and compares the module's own outputs, on other inputs than the proof has.</summary>
    private ShrinkResult ShouldShrink(Module<Tensor, Tensor> net, long[] shape, ShrinkOptions options)
    {
        using var noGrad = no_grad();
        net.eval();
        var input = randn([5, .. shape]);
        var before = net.call(input);
        var small = Shrinker.Shrink(net, shape, options);
        small.Mask.Dispose();
        var after = net.call(input);
        (after - before).abs().max().ToDouble().Should().BeLessThan(1e-6 + 1e-5 * before.abs().max().ToDouble());
        small.Difference.Should().BeLessThan(1e-6);
        return small;
    }
}

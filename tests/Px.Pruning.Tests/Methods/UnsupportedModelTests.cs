using Px.Pruning.Tests.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Methods;

/// <summary>Networks a method cannot score rightly are refused by name, and left alone.</summary>
public class UnsupportedModelTests
{
    [Fact]
    public void Prune_PxOnANetworkThatCallsForward_IsRefusedByLayerName()
    {
        using var scope = NewDisposeScope();
        using var model = new SilentNet(silent: true);
        var before = ModelState.Of(model);

        var act = () => new PathExclusionPruner().Prune(model, [Samples.Normal(8, [3, 8, 8])], 0.5);

        act.Should().Throw<UnsupportedModelException>().WithMessage("*'conv'*forward()*call()*can be pruned by SnipPruner*").Which.Module.Should().Be("conv");
        ModelState.Of(model).ShouldEqual(before);
    }

    [Theory]
    [MemberData(nameof(AllPruners.NeedNoGates), MemberType = typeof(AllPruners))]
    public void Score_OnANetworkThatCallsForward_EqualsItsTwinAndLeavesEveryBit(string method)
    {
        using var scope = NewDisposeScope();
        manual_seed(4);
        // Float64: the two are computed in different ways, and in float32 a gate near zero might open in one of them alone.
        using var silent = new SilentNet(silent: true).to(float64);
        using var twin = new SilentNet(silent: false).to(float64);
        Samples.Disturb(silent);
        twin.load_state_dict(silent.state_dict());
        silent.BiasOf("conv").grad = ones_like(silent.BiasOf("conv"));
        var data = PruningData.From([Samples.Normal(8, [3, 8, 8], dtype: ScalarType.Float64)]);
        using var mask = new MagnitudePruner().Prune(twin, PruningData.None, 0.5);
        mask.Binding.Dispose();
        twin.load_state_dict(silent.state_dict());
        var before = ModelState.Of(silent);
        var pruner = AllPruners.Get(method);
        var options = new PruningOptions { Seed = 2 };

        using var scores = pruner.Score(silent, data, mask.Mask, options);
        using var expected = pruner.Score(twin, data, mask.Mask, options);

        foreach (string name in expected.Names)
        {
            using var found = scores[name] * Math.ScaleB(1, scores.Exponent - expected.Exponent);
            found.allclose(expected[name], 1e-9, 1e-12 * expected[name].abs().max().ToDouble()).Should().BeTrue(name);
        }

        expected["conv.weight"].max().item<double>().Should().BeGreaterThan(0);
        ModelState.Of(silent).ShouldEqual(before);
    }

    [Theory]
    [InlineData("PX")]
    [InlineData("PX joint")]
    [InlineData("PX released")]
    public void Prune_MethodThatNeedsGatesOnANetworkThatCallsForward_IsRefused(string method)
    {
        using var scope = NewDisposeScope();
        using var model = new SilentNet(silent: true);

        var act = () => AllPruners.Get(method).Prune(model, [Samples.Normal(8, [3, 8, 8])], 0.5);

        act.Should().Throw<UnsupportedModelException>().WithMessage("*'conv'*forward()*call()*");
    }

    [Theory]
    [InlineData(ConvNet.Relu.Function)]
    [InlineData(ConvNet.Relu.InPlaceFunction)]
    internal void Prune_ReleasedPxWithAReluCalledAsAFunction_IsRefused(ConvNet.Relu style)
    {
        using var scope = NewDisposeScope();
        using var model = new ConvNet(style);
        var before = ModelState.Of(model);

        var act = () => new ReleasedPathExclusionPruner().Prune(model, [Samples.Normal(8, [3, 8, 8])], 0.5);

        act.Should().Throw<UnsupportedModelException>().WithMessage("*activation*function*");
        ModelState.Of(model).ShouldEqual(before);
    }

    [Fact]
    public void Score_UnusedLayerThatIsSelected_ScoresZeroInsteadOfFailing()
    {
        using var scope = NewDisposeScope();
        using var model = new SilentNet(silent: false);
        var data = PruningData.From([Samples.Normal(8, [3, 8, 8])]);

        var options = new PruningOptions { Parameters = ParameterSelection.Default.IncludingUnused() };

        using var px = new PathExclusionPruner().Score(model, data, options: options);
        using var snip = new SnipPruner().Score(model, data, options: options);

        px["unused.weight"].abs().sum().item<double>().Should().Be(0);
        snip["unused.weight"].abs().sum().item<double>().Should().Be(0);
    }

    public static TheoryData<string, Func<Tensor, Tensor>> Nonlinear => new()
    {
        { "gelu", nn.functional.gelu },
        { "sigmoid gate", x => x * x.sigmoid() },
        { "constant", x => x.relu() + 1 },
        { "softmax", x => nn.functional.softmax(x, 1) },
        { "relu6", x => nn.functional.relu6(x * 100) },
    };

    [Theory]
    [MemberData(nameof(Nonlinear))]
    public void Prune_PxWithAFunctionThatHasNoPaths_IsRefused(string what, Func<Tensor, Tensor> function)
    {
        using var scope = NewDisposeScope();
        using var model = new Lambda(function);
        var before = ModelState.Of(model);

        var act = () => new PathExclusionPruner().Prune(model, [Samples.Normal(8, [3], 2)], 0.5);

        act.Should().Throw<UnsupportedModelException>(what).WithMessage("*not linear*");
        ModelState.Of(model).ShouldEqual(before);
    }

    [Fact]
    public void Prune_PxWithASubtraction_IsRefused()
    {
        using var scope = NewDisposeScope();
        using var model = new Lambda(x => x.relu() - 2 * x);

        var act = () => new PathExclusionPruner().Prune(model, [Samples.Normal(8, [3], 2)], 0.5);

        act.Should().Throw<UnsupportedModelException>().WithMessage("*negative*");
    }

    [Fact]
    public void Prune_NothingToPrune_SaysWhatIsMissing()
    {
        using var scope = NewDisposeScope();
        using var model = nn.Sequential(nn.ReLU());

        var act = () => new MagnitudePruner().Prune(model, sparsity: 0.5);

        act.Should().Throw<ArgumentException>().WithMessage("*nothing to prune*");
    }
}

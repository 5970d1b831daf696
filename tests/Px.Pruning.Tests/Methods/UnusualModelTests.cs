using Px.Pruning.Tests.Networks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Methods;

/// <summary>Models as production has them: half precision, frozen parts, shared layers, dense outputs, one sample, another thread.</summary>
public class UnusualModelTests
{
    [Theory]
    [MemberData(nameof(AllPruners.DataDriven), MemberType = typeof(AllPruners))]
    public void Score_BFloat16Model_EqualsItsFloat32Twin(string name)
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        using var rounded = new ConvNet().to(bfloat16);
        manual_seed(3);
        using var twin = new ConvNet().to(bfloat16).to(float32);
        var data = PruningData.From([Samples.Normal(8, [3, 8, 8])]);

        using var expected = AllPruners.Get(name).Score(twin, data, options: new PruningOptions { Seed = 1 });
        using var scores = AllPruners.Get(name).Score(rounded, data, options: new PruningOptions { Seed = 1 });

        foreach (string layer in expected.Names)
            scores[layer].allclose(expected[layer], 1e-3, 1e-3 * expected[layer].max().ToDouble()).Should().BeTrue(layer);
    }

    [Theory]
    [MemberData(nameof(AllPruners.Names), MemberType = typeof(AllPruners))]
    public void Prune_FrozenBackbone_PrunesItAllTheSame(string name)
    {
        using var scope = NewDisposeScope();
        using var model = new ConvNet();
        foreach (var parameter in model.parameters()) parameter.requires_grad = false;

        using var result = AllPruners.Get(name).Prune(model, [Samples.Normal(8, [3, 8, 8])], 0.5, new PruningOptions { Rounds = 2 });

        result.Mask.Density.Should().BeApproximately(0.5, 1e-3);
        model.parameters().Should().OnlyContain(parameter => !parameter.requires_grad);
    }

    [Theory]
    [MemberData(nameof(AllPruners.Names), MemberType = typeof(AllPruners))]
    public void Prune_SharedLayer_IsRankedOnceAndHeldInBothPlaces(string name)
    {
        using var scope = NewDisposeScope();
        using var model = new SharedNet();

        using var result = AllPruners.Get(name).Prune(model, [Samples.Normal(8, [5], 2)], 0.5, new PruningOptions { Rounds = 2 });

        result.Mask.Names.Should().Equal("twice.weight", "last.weight");
        result.Mask.Total.Should().Be(25 + 10);
        result.Report.Layers[0].DenseFlops.Should().Be(2 * 25 * 2, "two multiply-adds a weight, one in each place");
        result.Binding.AssertHeld();
    }

    [Theory]
    [MemberData(nameof(AllPruners.Names), MemberType = typeof(AllPruners))]
    public void Prune_DenseOutputsAndTransposedConvolution_KeepsTheExactCount(string name)
    {
        using var scope = NewDisposeScope();
        using var model = Sequential(
            Conv2d(3, 6, 3, stride: 2, padding: 1), BatchNorm2d(6), ReLU(), Conv2d(6, 6, 3, padding: 1, groups: 3), ReLU(),
            ConvTranspose2d(6, 4, 2, stride: 2));
        var input = Samples.Normal(4, [3, 8, 8]).Input;
        var target = arange(4 * 8 * 8, int64).remainder(4).reshape(4, 8, 8);

        using var result = AllPruners.Get(name).Prune(model, [(input, target)], 0.8, new PruningOptions { Rounds = 2 });

        long total = 3 * 6 * 9 + 6 * 2 * 9 + 6 * 4 * 4;
        result.Mask.Kept.Should().Be((long)Math.Round(0.2 * total));
    }

    [Theory]
    [MemberData(nameof(AllPruners.Names), MemberType = typeof(AllPruners))]
    public void Prune_ModuleThatStashesATensorForItsSibling_Works(string name)
    {
        using var scope = NewDisposeScope();
        // Float64: with few channels, some libtorch builds compute float32 convolutions wrongly.
        using var model = new StashNet().to(float64);

        using var result = AllPruners.Get(name).Prune(model, [Samples.Normal(4, [3, 8, 8], dtype: ScalarType.Float64)], 0.5, new PruningOptions { Rounds = 2 });

        result.Mask.Density.Should().BeApproximately(0.5, 1e-3);
    }

    [Theory]
    [MemberData(nameof(AllPruners.DataDriven), MemberType = typeof(AllPruners))]
    public void Prune_BatchOfOne_Works(string name)
    {
        using var scope = NewDisposeScope();
        using var model = new ConvNet();

        using var result = AllPruners.Get(name).Prune(model, [Samples.Normal(1, [3, 8, 8])], 0.5, new PruningOptions { Data = DataBudget.All, Rounds = 2 });

        result.Mask.Density.Should().BeApproximately(0.5, 1e-3);
    }

    [Theory]
    [MemberData(nameof(AllPruners.Names), MemberType = typeof(AllPruners))]
    public void Prune_OnAnotherThread_GivesTheSameMask(string name)
    {
        using var scope = NewDisposeScope();
        manual_seed(5);
        using var here = new ConvNet().to(float64);
        using var there = new ConvNet().to(float64);
        there.load_state_dict(here.state_dict());
        var data = PruningData.From([Samples.Normal(8, [3, 8, 8], dtype: ScalarType.Float64)]);
        var options = new PruningOptions { Rounds = 2, Seed = 1 };
        using var expected = AllPruners.Get(name).Prune(here, data, 0.5, options);

        PruningResult? result = null;
        var thread = new Thread(() => result = AllPruners.Get(name).Prune(there, data, 0.5, options));
        thread.Start();
        thread.Join();

        result!.Mask.Overlap(expected.Mask).Should().Be(1);
        result.Dispose();
    }

    [Theory]
    [InlineData(PxObjective.Decoupled)]
    [InlineData(PxObjective.Joint)]
    public void Score_SmoothActivationsAsModules_AreGatedByTheirSquaredDerivative(PxObjective objective)
    {
        using var scope = NewDisposeScope();
        manual_seed(6);
        using var leaky = Mlp(LeakyReLU(0)).to(float64);
        manual_seed(6);
        using var plain = Mlp(ReLU()).to(float64);
        manual_seed(6);
        using var gelu = Mlp(GELU()).to(float64);
        var data = PruningData.From([Samples.Normal(8, [5], 2, dtype: ScalarType.Float64)]);
        var pruner = new PathExclusionPruner { Objective = objective };

        using var expected = pruner.Score(plain, data);
        using var same = pruner.Score(leaky, data);
        using var smooth = pruner.Score(gelu, data);

        // A leaky ReLU of slope 0 is a ReLU; a GELU is not, but has paths all the same.
        foreach (string name in expected.Names) same[name].allclose(expected[name], 1e-12, 0).Should().BeTrue(name);
        if (objective == PxObjective.Joint) smooth["0.weight"].allclose(expected["0.weight"], 1e-3, 0).Should().BeFalse();
        smooth["0.weight"].min().ToDouble().Should().BeGreaterThanOrEqualTo(0);
    }

    private static Sequential Mlp(Module<Tensor, Tensor> activation) => Sequential(Linear(5, 7), activation, Linear(7, 2));

    private sealed class SharedNet : Module<Tensor, Tensor>
    {
        private readonly Linear twice = Linear(5, 5), last = Linear(5, 2);
        private readonly ReLU relu = ReLU();

        internal SharedNet() : base(nameof(SharedNet)) => RegisterComponents();

        public override Tensor forward(Tensor input) => last.call(relu.call(twice.call(relu.call(twice.call(input)))));
    }
}

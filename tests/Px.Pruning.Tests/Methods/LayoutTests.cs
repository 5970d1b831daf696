using Px.Pruning.Tests.Networks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Methods;

/// <summary>One network with another number of dimensions, another order of memory or another type scores the same, weight for weight.</summary>
public class LayoutTests
{
    private static readonly PruningOptions seeded = new() { Seed = 1, Data = DataBudget.All };

    public static TheoryData<string, int> InOtherDimensions => Pairs(1, 3);

    public static TheoryData<string, ScalarType> InHalf => Pairs(ScalarType.Float16, ScalarType.BFloat16);

    [Theory]
    [MemberData(nameof(InOtherDimensions))]
    public void Score_NetworkOfOneOrThreeDimensions_IsThatOfTwo(string name, int dimensions)
    {
        using var scope = NewDisposeScope();
        using var plane = new Net(2, rows: dimensions == 1 ? 1 : 3);
        using var other = new Net(dimensions, 3);
        using (no_grad())
        {
            foreach (var (key, tensor) in other.state_dict()) tensor.copy_(plane.state_dict()[key].reshape(tensor.shape));
        }

        long height = dimensions == 1 ? 1 : 6;
        long[] sample = dimensions == 1 ? [2, 6] : [2, 1, 6, 6];
        var (input, target) = Samples.Normal(8, [2, height, 6], 3, dtype: ScalarType.Float64);

        using var expected = AllPruners.Get(name).Score(plane, [(input, target)], options: seeded);
        using var scores = AllPruners.Get(name).Score(other, [(input.reshape([8, .. sample]), target)], options: seeded);

        scores.Names.Should().Equal(expected.Names);
        scores.Exponent.Should().Be(expected.Exponent);
        ShouldEqual(scores, expected, name == "Random" ? 0 : 1e-9);
    }

    [Theory]
    [MemberData(nameof(AllPruners.Names), MemberType = typeof(AllPruners))]
    public void Prune_WeightsAndInputsWithChannelsLast_IsThatOfContiguousOnes(string name)
    {
        using var scope = NewDisposeScope();
        using var plain = new Net(2, 3);
        using var last = new Net(2, 3);
        foreach (string layer in new[] { "first", "second" })
        {
            var convolution = (Conv2d)last.named_modules().Single(module => module.name == layer).module;
            convolution.weight = Parameter(ChannelsLast(plain.get_parameter(layer + ".weight")!.detach()));
            convolution.weight.is_contiguous().Should().BeFalse();
        }

        var (input, target) = Samples.Normal(8, [2, 6, 6], 3, dtype: ScalarType.Float64);

        using var expected = AllPruners.Get(name).Score(plain, [(input, target)], options: seeded);
        using var scores = AllPruners.Get(name).Score(last, [(ChannelsLast(input), target)], options: seeded);
        ShouldEqual(scores, expected, 1e-9);

        var options = seeded with { Rounds = 2 };
        using var pruned = AllPruners.Get(name).Prune(plain, [(input, target)], 0.5, options);
        using var result = AllPruners.Get(name).Prune(last, [(ChannelsLast(input), target)], 0.5, options);
        foreach (string parameter in pruned.Mask.Names)
        {
            result.Mask[parameter].eq(pruned.Mask[parameter]).all().ToBoolean().Should().BeTrue(parameter);
            last.get_parameter(parameter)!.ne(0).eq(pruned.Mask[parameter]).all().ToBoolean().Should().BeTrue(parameter);
        }

        result.Report.Layers.Should().Equal(pruned.Report.Layers);
        result.Binding.AssertHeld();
    }

    /// <summary>Weights and data are those of the rounded network; what is computed is float32 in both.</summary>
    [Theory]
    [MemberData(nameof(InHalf))]
    public void Score_HalfPrecisionModel_IsThatOfItsFloat32Twin(string name, ScalarType type)
    {
        using var scope = NewDisposeScope();
        using var half = new Net(2, 3).to(type);
        using var twin = new Net(2, 3).to(type).to(float32);
        // Halves lie as far apart as the sum of two, so that this training rounds; the others compute in float32.
        double tolerance = name == "IMP" ? type == ScalarType.Float16 ? 2e-3 : 2e-2 : 1e-5;
        var (input, target) = Samples.Normal(8, [2, 6, 6], 3);

        using var expected = AllPruners.Get(name).Score(twin, [(input, target)], options: seeded);
        using var scores = AllPruners.Get(name).Score(half, [(input, target)], options: seeded);

        ShouldEqual(scores, expected, tolerance);
    }

    private static TheoryData<string, T> Pairs<T>(params T[] values)
    {
        var pairs = new TheoryData<string, T>();
        foreach (string name in AllPruners.All)
            foreach (var value in values) pairs.Add(name, value);
        return pairs;
    }

    private static Tensor ChannelsLast(Tensor tensor) => tensor.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);

    private static void ShouldEqual(PruningScores scores, PruningScores expected, double tolerance)
    {
        foreach (string layer in expected.Names)
        {
            var (found, wanted) = (scores[layer].flatten(), expected[layer].flatten());
            wanted.abs().max().ToDouble().Should().BePositive();
            found.allclose(wanted, tolerance, tolerance * wanted.abs().max().ToDouble()).Should().BeTrue(layer);
        }
    }

    /// <summary>Convolutions, norm, max-pooling and a shortcut in one, two or three dimensions; all but the last two have size 1.</summary>
    private sealed class Net : Module<Tensor, Tensor>
    {
        private readonly int dimensions;
        private readonly Module<Tensor, Tensor> first, norm, relu, pool, second, fc;

        /// <param name="dimensions">1 to 3.</param>
        /// <param name="rows">The height of a kernel of two dimensions: 1 for the twin of a network of one.</param>
        internal Net(int dimensions, long rows) : base(nameof(Net))
        {
            this.dimensions = dimensions;
            manual_seed(4);
            (first, norm, pool, second) = dimensions switch
            {
                1 => ((Module<Tensor, Tensor>)Conv1d(2, 4, 3, padding: 1, dtype: float64), (Module<Tensor, Tensor>)BatchNorm1d(4, dtype: float64),
                    (Module<Tensor, Tensor>)MaxPool1d(2), (Module<Tensor, Tensor>)Conv1d(4, 4, 3, padding: 1, groups: 2, dtype: float64)),
                2 => (Conv2d(2, 4, (rows, 3), padding: (rows / 2, 1), dtype: float64), BatchNorm2d(4, dtype: float64),
                    MaxPool2d((rows == 1 ? 1 : 2, 2)), Conv2d(4, 4, (rows, 3), padding: (rows / 2, 1), groups: 2, dtype: float64)),
                _ => (Conv3d(2, 4, (1, 3, 3), padding: (0, 1, 1), dtype: float64), BatchNorm3d(4, dtype: float64),
                    MaxPool3d((1, 2, 2)), Conv3d(4, 4, (1, 3, 3), padding: (0, 1, 1), groups: 2, dtype: float64)),
            };
            relu = ReLU();
            fc = Linear(4, 3, dtype: float64);
            RegisterComponents();
            Samples.Disturb(this);
        }

        public override Tensor forward(Tensor input)
        {
            var x = pool.call(relu.call(norm.call(first.call(input))));
            return fc.call((x + second.call(x)).mean([.. Enumerable.Range(2, dimensions).Select(d => (long)d)]));
        }
    }
}

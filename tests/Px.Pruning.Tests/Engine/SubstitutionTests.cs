using Px.Pruning.Engine;
using Px.Pruning.Engine.Norms;
using Px.Pruning.Tests.Networks;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Engine;

/// <summary>The engine computes a layer outside of it: with the layer's own weights that must be the layer's own output.</summary>
public class SubstitutionTests
{
    private static readonly Dictionary<string, (Func<Module<Tensor, Tensor>> Layer, long[] Input)> layers = new()
    {
        ["Linear"] = (() => Linear(5, 3), [4, 5]),
        ["Linear on sequences"] = (() => Linear(5, 3, hasBias: false), [4, 7, 5]),
        ["Conv1d strided"] = (() => Conv1d(3, 4, 3, stride: 2, padding: 1), [2, 3, 9]),
        ["Conv1d same"] = (() => Conv1d(3, 4, 4, padding: Padding.Same), [2, 3, 9]),
        ["Conv2d"] = (() => Conv2d(3, 4, 3, stride: 2, padding: 1, dilation: 2), [2, 3, 11, 11]),
        ["Conv2d grouped"] = (() => Conv2d(4, 8, 3, groups: 2, bias: false), [2, 4, 7, 7]),
        ["Conv2d depthwise"] = (() => Conv2d(4, 4, 3, groups: 4), [2, 4, 7, 7]),
        ["Conv2d rectangular"] = (() => Conv2d(3, 4, (3, 1), stride: (1, 2), padding: (1, 0)), [2, 3, 7, 8]),
        ["Conv2d reflect"] = (() => Conv2d(3, 4, (3, 5), padding: (1, 2), padding_mode: PaddingModes.Reflect), [2, 3, 7, 8]),
        ["Conv2d replicate"] = (() => Conv2d(3, 4, 3, padding: 1, padding_mode: PaddingModes.Replicate), [2, 3, 7, 8]),
        ["Conv2d same, even kernel"] = (() => Conv2d(3, 4, 4, padding: Padding.Same), [2, 3, 7, 8]),
        ["Conv2d unbatched"] = (() => Conv2d(3, 4, 3), [3, 7, 8]),
        ["Conv3d"] = (() => Conv3d(2, 3, 3, padding: 1), [2, 2, 5, 5, 5]),
        ["ConvTranspose1d"] = (() => ConvTranspose1d(3, 4, 3, stride: 2, output_padding: 1), [2, 3, 5]),
        ["ConvTranspose2d"] = (() => ConvTranspose2d(4, 6, 3, stride: 2, padding: 1, output_padding: 1, groups: 2), [2, 4, 5, 5]),
        ["ConvTranspose3d"] = (() => ConvTranspose3d(2, 3, 3), [2, 2, 4, 4, 4]),
    };

    private static readonly Dictionary<string, (Func<Module<Tensor, Tensor>> Layer, long[] Input)> norms = new()
    {
        ["BatchNorm1d"] = (() => BatchNorm1d(5), [4, 5]),
        ["BatchNorm2d"] = (() => BatchNorm2d(4), [3, 4, 5, 5]),
        ["BatchNorm2d not affine"] = (() => BatchNorm2d(4, affine: false), [3, 4, 5, 5]),
        ["BatchNorm3d"] = (() => BatchNorm3d(4), [3, 4, 3, 3, 3]),
        ["GroupNorm"] = (() => Samples.FreshGroupNorm(2, 4), [3, 4, 5, 5]),
        ["LayerNorm"] = (() => LayerNorm([4, 5]), [3, 4, 5]),
        ["InstanceNorm2d"] = (() => InstanceNorm2d(4), [3, 4, 5, 5]),
    };

    public static TheoryData<string> Layers => [.. layers.Keys];

    public static TheoryData<string> Norms => [.. norms.Keys];

    [Theory]
    [MemberData(nameof(Layers))]
    public void Run_OnItsOwnWeights_GivesTheLayersOwnOutput(string name)
    {
        using var scope = NewDisposeScope();
        var (create, shape) = layers[name];
        // float64: some float32 kernels for few channels are not exact to the last digits, nor always the same.
        using var model = Sequential(create()).to(float64);
        using var network = new Network(model, ParameterSelection.Default);
        var input = Samples.Normal((int)shape[0], shape[1..], dtype: ScalarType.Float64).Input;

        var output = network.Run(new ShapeEvaluation(), input);

        output.shape.Should().Equal(model.call(input).shape);
        output.allclose(model.call(input), 1e-12, 1e-12).Should().BeTrue();
        network.Run(new ShapeEvaluation(), input.to(float32)).dtype.Should().Be(ScalarType.Float32, "the input decides, whatever the model's own");
    }

    [Theory]
    [MemberData(nameof(Norms))]
    public void Normalize_OnTheBatch_IsTrainingModeAndTheFrozenScaleReproducesIt(string name)
    {
        using var scope = NewDisposeScope();
        var (create, shape) = norms[name];
        using var layer = Prepared(create());
        var input = Samples.Normal((int)shape[0], shape[1..], dtype: ScalarType.Float64).Input * 2 + 1;
        var norm = NormLayer.TryCreate(name, layer)!;
        using var policy = new NormPolicy(NormStatistics.PruningBatch);

        var output = policy.Normalize(norm, input);
        layer.train();
        var expected = layer.call(input);
        layer.eval();
        var scale = policy.SquaredScale(norm, input.dim());

        output.allclose(expected, 1e-10, 1e-10).Should().BeTrue();
        if (layer is not TorchSharp.Modules.BatchNorm) return;
        // One batch: y = s·x + shift exactly, so differences of inputs are scaled by s.
        var difference = output - output.roll(1, 0);
        (difference.square()).allclose((input - input.roll(1, 0)).square() * scale, 1e-8, 1e-10).Should().BeTrue();
    }

    [Theory]
    [InlineData("BatchNorm1d")]
    [InlineData("BatchNorm2d")]
    [InlineData("BatchNorm2d not affine")]
    [InlineData("BatchNorm3d")]
    public void Normalize_OnRunningStatistics_IsEvaluationMode(string name)
    {
        using var scope = NewDisposeScope();
        var (create, shape) = norms[name];
        using var layer = Prepared(create());
        Samples.Disturb(Sequential(layer));
        layer.eval();
        var input = Samples.Normal((int)shape[0], shape[1..], dtype: ScalarType.Float64).Input;
        using var policy = new NormPolicy(NormStatistics.Auto);

        policy.Normalize(NormLayer.TryCreate(name, layer)!, input).allclose(layer.call(input), 1e-10, 1e-10).Should().BeTrue();
    }

    [Fact]
    public void Moments_OfSeveralBatches_PoolToTheVarianceOfAllSamples()
    {
        using var scope = NewDisposeScope();
        using var layer = Prepared(BatchNorm2d(4, affine: false));
        var norm = NormLayer.TryCreate("bn", layer)!;
        var input = Samples.Normal(10, [4, 3, 3], dtype: ScalarType.Float64).Input + arange(10, float64).reshape(10, 1, 1, 1);
        using var policy = new NormPolicy(NormStatistics.PruningBatch);

        policy.Normalize(norm, input.narrow(0, 0, 4));
        policy.Normalize(norm, input.narrow(0, 4, 6));
        var scale = policy.SquaredScale(norm, 4).flatten();

        var centred = input - input.mean([0, 2, 3], keepdim: true);
        var variance = centred.square().mean([0, 2, 3]);
        scale.allclose((variance + 1e-5).reciprocal(), 1e-12, 0).Should().BeTrue();
    }

    [Theory]
    [InlineData("GroupNorm", 2)]
    [InlineData("InstanceNorm2d", 4)]
    public void SquaredScale_OfPerSampleNorms_AveragesTheirVariances(string name, int groups)
    {
        using var scope = NewDisposeScope();
        var (create, shape) = norms[name];
        using var layer = Prepared(create());
        var norm = NormLayer.TryCreate(name, layer)!;
        var input = Samples.Normal((int)shape[0], shape[1..], dtype: ScalarType.Float64).Input;
        using var policy = new NormPolicy(NormStatistics.Auto);

        policy.Normalize(norm, input);
        var scale = policy.SquaredScale(norm, 4).flatten();

        var grouped = input.reshape(shape[0], groups, -1);
        var variance = (grouped - grouped.mean([2], keepdim: true)).square().mean([2]).mean([0]);
        for (int channel = 0; channel < 4; channel++)
        {
            double gamma = norm.Gamma is { } weights ? weights[channel].ToDouble() : 1;
            double expected = gamma * gamma / (variance[channel * groups / 4].ToDouble() + 1e-5);
            scale[channel].ToDouble().Should().BeApproximately(expected, 1e-10 * expected);
        }
    }

    /// <summary>float64, with scales and shifts of its own: some TorchSharp versions leave a new GroupNorm's memory uninitialised.</summary>
    private static Module<Tensor, Tensor> Prepared(Module<Tensor, Tensor> layer)
    {
        using var noGrad = no_grad();
        using var generator = new Generator(3);
        foreach (var (name, parameter) in layer.named_parameters())
            parameter.uniform_(name == "weight" ? 0.5 : -0.3, name == "weight" ? 1.5 : 0.3, generator);
        return layer.to(float64);
    }
}

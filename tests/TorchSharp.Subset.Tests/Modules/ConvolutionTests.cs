using TorchSharp.Modules;

using static TorchSharp.torch;

namespace TorchSharp.Subset.Tests.Modules;

public class ConvolutionTests
{
    [Fact]
    public void Conv2d_OnesKernelOverACounter_SumsTheWindow()
    {
        using var conv = nn.Conv2d(1, 1, 2, bias: false);
        conv.load_state_dict(new() { ["weight"] = ones(1, 1, 2, 2) });

        // 0 1 2 / 3 4 5 / 6 7 8: the four 2 x 2 sums.
        conv.call(arange(9.0f).view(1, 1, 3, 3)).Floats().Should().Equal(8, 12, 20, 24);
    }

    [Theory]
    [InlineData(PaddingModes.Zeros, 0 + 1 + 2, 1 + 2 + 3, 2 + 3 + 0)]
    [InlineData(PaddingModes.Reflect, 2 + 1 + 2, 1 + 2 + 3, 2 + 3 + 2)]
    [InlineData(PaddingModes.Replicate, 1 + 1 + 2, 1 + 2 + 3, 2 + 3 + 3)]
    [InlineData(PaddingModes.Circular, 3 + 1 + 2, 1 + 2 + 3, 2 + 3 + 1)]
    public void Conv1d_PaddingModes_ExtendTheEdges(PaddingModes mode, float first, float second, float third)
    {
        using var conv = nn.Conv1d(1, 1, 3, padding: 1, padding_mode: mode, bias: false);
        conv.load_state_dict(new() { ["weight"] = ones(1, 1, 3) });

        conv.call(tensor(new[] { 1f, 2, 3 }, [1, 1, 3])).Floats().Should().Equal(first, second, third);
    }

    [Fact]
    public void Conv2d_PaddingSame_KeepsTheSizeAlsoWithDilation()
    {
        using var conv = nn.Conv2d(2, 3, (3, 5), Padding.Same, dilation: (2, 1));

        conv.call(ones(1, 2, 7, 6)).shape.Should().Equal(1, 3, 7, 6);
        conv.padding.Should().BeNull();
        conv.padding_type.Should().Be(Padding.Same);
        this.Invoking(_ => nn.Conv2d(1, 1, 3, Padding.Same, stride: 2)).Should().Throw<ArgumentException>();
    }

    [Fact]
    public void Conv_Properties_SayItsGeometry()
    {
        using var conv = nn.Conv2d(4, 6, (3, 5), stride: (1, 2), padding: (0, 1), dilation: (2, 1), groups: 2, bias: false);

        (conv.in_channels, conv.out_channels, conv.groups, conv.transposed).Should().Be((4, 6, 2, false));
        conv.kernel_size.Should().Equal(3, 5);
        conv.stride.Should().Equal(1, 2);
        conv.padding.Should().Equal(0, 1);
        conv.dilation.Should().Equal(2, 1);
        conv.output_padding.Should().Equal(0, 0);
        conv.padding_type.Should().BeNull();
        conv.padding_mode.Should().Be(PaddingModes.Zeros);
        conv.weight.shape.Should().Equal(6, 2, 3, 5);
        conv.bias.Should().BeNull();
        conv.call(ones(2, 4, 9, 9)).shape.Should().Equal(2, 6, 5, 4);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Conv_WrongChannelsOrDimensions_ThrowsAndUnbatchedWorks(int dimensions)
    {
        using Convolution conv = dimensions switch { 1 => nn.Conv1d(3, 4, 1), 2 => nn.Conv2d(3, 4, 1), _ => nn.Conv3d(3, 4, 1) };
        long[] spatial = [.. Enumerable.Repeat(5L, dimensions)];

        conv.Invoking(m => m.call(ones([1, 2, .. spatial]))).Should().Throw<ArgumentException>()
            .WithMessage($"Expected {dimensions + 1}D (unbatched) or {dimensions + 2}D (batched) input with 3 channels to Conv{dimensions}d.");
        conv.call(ones([3, .. spatial])).shape.Should().Equal([4, .. spatial]);
        conv.call(ones([2, 3, .. spatial])).shape.Should().Equal([2, 4, .. spatial]);
    }

    [Fact]
    public void Conv2d_ShrunkOutputs_StillRuns()
    {
        using var conv = nn.Conv2d(2, 4, 1);

        conv.weight = conv.weight.detach().narrow(0, 0, 3).clone().AsParameter();
        conv.bias = conv.bias!.detach().narrow(0, 0, 3).clone().AsParameter();

        conv.call(ones(1, 2, 2, 2)).shape.Should().Equal(1, 3, 2, 2);
        conv.out_channels.Should().Be(4);
    }

    [Fact]
    public void ConvTranspose2d_OneImpulse_WritesTheKernel()
    {
        using var conv = nn.ConvTranspose2d(1, 1, 2, stride: 2, bias: false);
        conv.load_state_dict(new() { ["weight"] = arange(4.0f).view(1, 1, 2, 2) });

        // Each input element spreads 0 1 / 2 3 times itself over its own 2 x 2 block.
        conv.call(tensor(new[] { 1f, 10 }, [1, 1, 1, 2])).Floats().Should().Equal(0, 1, 0, 10, 2, 3, 20, 30);
    }

    [Fact]
    public void ConvTranspose2d_OutputSize_PicksTheOutputPadding()
    {
        using var conv = nn.ConvTranspose2d(2, 4, 3, stride: 2, groups: 2);

        conv.weight.shape.Should().Equal(2, 2, 3, 3);
        conv.call(ones(1, 2, 4, 4)).shape.Should().Equal(1, 4, 9, 9);
        conv.forward(ones(1, 2, 4, 4), [10, 9]).shape.Should().Equal(1, 4, 10, 9);
        conv.Invoking(m => m.forward(ones(1, 2, 4, 4), [11, 9])).Should().Throw<ArgumentException>();
        conv.Invoking(m => m.call(ones(1, 3, 4, 4))).Should().Throw<ArgumentException>();
        this.Invoking(_ => nn.ConvTranspose2d(1, 1, 3, padding_mode: PaddingModes.Reflect)).Should().Throw<ArgumentException>();
    }

    [Fact]
    public void ConvTranspose1dAnd3d_Strided_HaveTheTransposedSize()
    {
        using var one = nn.ConvTranspose1d(2, 3, 3, stride: 2, padding: 1, output_padding: 1);
        using var three = nn.ConvTranspose3d(1, 2, (1, 2, 3), stride: (1, 2, 3));

        one.call(ones(1, 2, 5)).shape.Should().Equal(1, 3, 10);
        three.call(ones([1, 1, 2, 2, 2])).shape.Should().Equal(1, 2, 2, 4, 6);
    }

    [Fact]
    public void Weights_New_AreUniformInTheFanInBound()
    {
        using var conv = nn.Conv2d(4, 64, 3);
        var bound = 1 / MathF.Sqrt(4 * 9);

        conv.weight.Floats().Should().OnlyContain(value => MathF.Abs(value) <= bound);
        conv.weight.Floats().Max().Should().BeGreaterThan(0.95f * bound);
        conv.bias!.Floats().Should().OnlyContain(value => MathF.Abs(value) <= bound);
    }

    [Fact]
    public void Linear_KnownWeights_IsAnAffineMap()
    {
        using var linear = nn.Linear(tensor(new[] { 1f, 2, 3, 4 }, [2, 2]).AsParameter(), tensor(new[] { 10f, 20 }).AsParameter());

        linear.call(tensor(new[] { 1f, 1 }, [1, 2])).Floats().Should().Equal(13, 27);
        (linear.in_features, linear.out_features).Should().Be((2, 2));
        linear.state_dict().Keys.Should().Equal("weight", "bias");
    }

    [Fact]
    public void Linear_SameSeed_SameWeights()
    {
        manual_seed(7);
        using var first = nn.Linear(3, 2);
        manual_seed(7);
        using var second = nn.Linear(3, 2);

        second.weight.Equals(first.weight).Should().BeTrue();
        second.bias!.Equals(first.bias!).Should().BeTrue();
        first.weight.Floats().Should().OnlyContain(value => MathF.Abs(value) <= 1 / MathF.Sqrt(3));
    }
}

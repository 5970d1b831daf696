using Px.Pruning.Probing;
using Px.Pruning.Tests.Data;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Probing;

/// <summary>Shortened convolutions against whole ones.</summary>
public sealed class WindowTests : LeakCheckedTests
{
    [Fact]
    public void Shorten_RowOfOnesUnderThreeTapsAndPadding_LeavesBothEdgesAndOneBetween()
    {
        var window = new Window(Reach: 3, Stride: 1, Before: 1, After: 1);

        var (rows, outputs) = window.Shorten(6, 0, 6)!.Value;

        rows.Should().Equal(3, 4, 5);
        outputs.Should().Equal(0, 1, 1, 1, 1, 2);
    }

    [Theory]
    [InlineData(3, 1, 4, 0, 4)] // two outputs inside, but the input is nothing else
    [InlineData(3, 2, 9, 3, 4)] // one output inside
    [InlineData(5, 1, 9, 2, 4)] // none
    [InlineData(3, 1, 2, 0, 2)]
    public void Shorten_OneOutputInsideAtMost_LeavesAllUnlessTwoAreInside(long reach, long stride, long rows, long start, long length)
    {
        var window = new Window(reach, stride, 0, 0);
        long inside = Enumerable.Range(0, (int)Math.Max(0, window.Outputs(rows))).Count(o => o * stride >= start && o * stride + reach <= start + length);

        (window.Shorten(rows, start, length) is not null).Should().Be(inside >= 2);
    }

    /// <summary>Random kernels, strides, dilations, paddings, groups, sizes and runs: outputs and gradients of weight and input, the latter summed over the run.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Apply_RandomConvolutions_IsTheWholeConvolution(int dimensions)
    {
        var random = new Random(dimensions);
        int shortened = 0;
        for (int trial = 0; trial < 120; trial++)
        {
            using var scope = NewDisposeScope();
            manual_seed(trial);
            using var module = Convolution(dimensions, random);
            var layer = WeightedLayer.TryCreate("conv", module)!;
            var windows = layer.Windows;
            long[] size = [.. windows.Select(w => Math.Max(w.Reach, random.Next(3, dimensions == 3 ? 8 : 14)))];
            var runs = size.Select(s => Run(s, random)).ToArray();
            var input = Repeat(rand([2, 4, .. size], float64), runs);

            using var call = ShortenedCall.TryCreate(layer, input.shape, CPU, axis => runs[axis]);
            if (call is null) continue;
            shortened++;
            var (output, weights, inputs) = Differentiate(module, layer, input, call);
            var (wholeOutput, wholeWeights, wholeInputs) = Differentiate(module, layer, input, null);

            string what = $"trial {trial}: {string.Join(' ', windows)}, sizes {string.Join('x', size)}, runs {string.Join(' ', runs)}";
            output.allclose(wholeOutput, 1e-12, 1e-12).Should().BeTrue(what);
            weights.allclose(wholeWeights, 1e-12, 1e-12).Should().BeTrue(what);
            SumRuns(inputs, runs).allclose(SumRuns(wholeInputs, runs), 1e-12, 1e-12).Should().BeTrue(what);
        }

        shortened.Should().BeGreaterThan(20);
    }

    private static Module<Tensor, Tensor> Convolution(int dimensions, Random random)
    {
        long Some(int most) => random.Next(1, most + 1);
        bool same = random.Next(4) == 0;
        long groups = random.Next(3) == 0 ? 2 : 1;
        long a = Some(4), b = Some(3), stride = same ? 1 : Some(3), dilation = Some(2), padding = random.Next(0, 3);
        return dimensions switch
        {
            1 => same ? Conv1d(4, 6, a, Padding.Same, dilation: dilation, groups: groups) : Conv1d(4, 6, a, stride, padding, dilation, groups: groups),
            2 => same
                ? Conv2d(4, 6, (a, b), Padding.Same, dilation: (dilation, 1), groups: groups)
                : Conv2d(4, 6, (a, b), (stride, Some(2)), (padding, random.Next(0, 2)), (dilation, Some(3)), groups: groups),
            _ => same ? Conv3d(4, 6, b, Padding.Same, dilation: dilation, groups: groups) : Conv3d(4, 6, b, stride, padding, dilation, groups: groups),
        };
    }

    private static (long Start, long Length) Run(long size, Random random)
    {
        long length = random.NextInt64(size / 2, size) + 1;
        return (random.NextInt64(0, size - length + 1), length);
    }

    /// <summary>Makes the rows of a run equal its first, along each axis.</summary>
    private static Tensor Repeat(Tensor input, (long Start, long Length)[] runs)
    {
        for (int i = 0; i < runs.Length; i++)
        {
            var run = input.narrow(i + 2, runs[i].Start, runs[i].Length);
            run.copy_(run.narrow(i + 2, 0, 1).clone());
        }

        return input;
    }

    private static Tensor SumRuns(Tensor gradient, (long Start, long Length)[] runs)
    {
        for (int i = 0; i < runs.Length; i++)
        {
            var run = gradient.narrow(i + 2, runs[i].Start, runs[i].Length);
            run.copy_(run.sum(i + 2, keepdim: true));
        }

        return gradient;
    }

    private static (Tensor Output, Tensor OfWeight, Tensor OfInput) Differentiate(Module module, WeightedLayer layer, Tensor input, ShortenedCall? call)
    {
        var x = input.detach().clone().requires_grad_();
        var weight = layer.Weight.detach().to(float64).requires_grad_();
        var output = call is null ? layer.Apply(x, weight, null) : call.Apply(x, weight);
        // Every output weighs differently.
        var adjoint = arange(output.numel(), float64).reshape(output.shape).sin();
        (output * adjoint).sum().backward();
        return (output.detach(), weight.grad!, x.grad!);
    }
}

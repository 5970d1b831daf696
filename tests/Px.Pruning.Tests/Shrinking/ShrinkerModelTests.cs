using Px.Pruning.Models;
using Px.Pruning.Shrinking;
using Px.Pruning.Tests.Analysis;
using Px.Pruning.Tests.Networks;
using TorchSharp;
using Xunit.Abstractions;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using Vgg = Px.Pruning.Models.Vgg;

namespace Px.Pruning.Tests.Shrinking;

/// <summary>Whole networks at 98 %, with biases, norms and statistics as after a training.</summary>
public sealed class ShrinkerModelTests(ITestOutputHelper output)
{
    private static readonly ShrinkOptions quick = new() { LatencyRuns = 1 };

    [Theory]
    [InlineData(CifarShortcut.Projection)]
    [InlineData(CifarShortcut.ZeroPadding)]
    public void Shrink_ResNet20_HasTheSameOutputs(CifarShortcut shortcut)
    {
        using var model = CifarResNet.Create(new() { Shortcut = shortcut, Seed = 1 });
        ShouldShrink(model, [3, 32, 32]);
    }

    [Fact]
    public void Shrink_ResNet50_HasTheSameOutputs()
    {
        using var model = Px.Pruning.Models.ResNet.Create(new() { Classes = 10, Width = 32, Seed = 1 });
        ShouldShrink(model, [3, 64, 64], rounds: 10);
    }

    [Fact]
    public void Shrink_ResNeXt_HasTheSameOutputs()
    {
        using var model = Px.Pruning.Models.ResNet.Create(new() { Classes = 10, Width = 16, Groups = 8, WidthPerGroup = 16, Seed = 1 });
        ShouldShrink(model, [3, 32, 32]);
    }

    [Theory]
    [InlineData(VggLayout.Cifar, true, 32, 32)]
    [InlineData(VggLayout.ImageNet, false, 8, 64)]
    public void Shrink_Vgg16_HasTheSameOutputs(VggLayout layout, bool norm, int width, int size)
    {
        using var model = Vgg.Create(new() { Layout = layout, BatchNorm = norm, Classes = 10, Width = width, Seed = 1 });
        ShouldShrink(model, [3, size, size], rounds: norm ? 10 : 20);
    }

    [Fact]
    public void Shrink_DeepLabV3Plus_HasTheSameOutputs()
    {
        using var model = DeepLab.Create(new() { Width = 32, HeadChannels = 128, Seed = 1 });
        ShouldShrink(model, [3, 64, 64], rounds: 10);
    }

    [Fact]
    public void Shrink_NarrowSeparableDeepLabV3Plus_HasTheSameOutputs()
    {
        using var model = DeepLab.Create(new() { Width = 16, HeadChannels = 32, LowLevelChannels = 12, SeparableConvolutions = true, Seed = 1 });
        ShouldShrink(model, [3, 64, 64]);
    }

    /// <summary>Prunes by SynFlow in some rounds, shrinks, and compares by the modules themselves, in float64.</summary>
    private void ShouldShrink(Module<Tensor, Tensor> model, long[] shape, int rounds = 20)
    {
        using var scope = NewDisposeScope();
        var watch = System.Diagnostics.Stopwatch.StartNew();
        model.to(ScalarType.Float64);
        using var pruned = new SynFlowPruner().Prune(model, PruningData.Shape(shape), 0.98, new() { Rounds = rounds, Seed = 1 });
        output.WriteLine($"pruned {watch.Elapsed}");
        Trained.Fill(model, 7);
        KeepSignals(model, pruned.Mask);
        model.eval();
        using var noGrad = no_grad();
        var input = randn([3, .. shape], float64);
        var before = model.call(input);
        watch.Restart();

        using var small = Shrinker.Shrink(model, shape, quick with { Binding = pruned.Binding });

        output.WriteLine($"shrunk {watch.Elapsed}");
        output.WriteLine(small.ToString());
        var after = model.call(input);
        var scale = before.abs().max().ToDouble();
        (after - before).abs().max().ToDouble().Should().BeLessThan(1e-9 * scale);
        before.std(0).max().ToDouble().Should().BeGreaterThan(1e-2 * scale, "the network still answers to its input");
        small.Parameters.Should().BeLessThan(small.ParametersBefore).And.Be(model.parameters().Sum(p => p.numel()));
        small.Flops.Should().BeLessThan(small.FlopsBefore).And.Be(ModelSummary.Of(model, shape).Flops);
        small.Mask.Kept.Should().BeLessThanOrEqualTo(pruned.Mask.Kept);
        if (model is not CifarResNet { Options.Shortcut: CifarShortcut.ZeroPadding })
            small.Unremoved.Should().NotContain(channels => channels.Reason.Contains("written"));
        small.Mask.Total.Should().BeLessThan(pruned.Mask.Total);
    }

    /// <summary>Makes up for the weights that are gone, or biases would drown what is left of the input.</summary>
    private static void KeepSignals(Module<Tensor, Tensor> model, PruningMask mask)
    {
        foreach (string name in mask.Names)
            if (mask.KeptIn(name) > 0) model.get_parameter(name)!.detach().mul_(Math.Sqrt((double)mask.TotalIn(name) / mask.KeptIn(name)));
    }
}

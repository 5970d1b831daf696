using Px.Pruning.Tests.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Methods;

/// <summary>The deep networks on which path sums leave float32: every path crosses the first and the last layer, whose scores must sum to the same R.</summary>
public class DeepNetworkTests
{
    private static readonly Dictionary<string, (Func<nn.Module<Tensor, Tensor>> Create, long Size)> networks = new()
    {
        ["ResNet-50"] = (DeepNetworks.ResNet50, 64),
        ["VGG-19"] = (() => Vgg.Create(19), 32),
        ["DeepLabV3+"] = (DeepNetworks.DeepLab, 64),
    };

    [Theory]
    [InlineData("ResNet-50", 1e38)]
    [InlineData("VGG-19", 1e20)]
    [InlineData("DeepLabV3+", 1e38)]
    public void Score_SynFlowInFloat32Models_IsFiniteAndConserved(string network, double atLeast)
    {
        using var scope = NewDisposeScope();
        using var model = networks[network].Create();
        long size = networks[network].Size;

        using var scores = new SynFlowPruner().Score(model, PruningData.Shape(3, size, size));

        double first = scores[scores.Names.First()].sum().ToDouble(), last = scores[scores.Names.Last()].sum().ToDouble();
        first.Should().BeGreaterThan(atLeast, "the network is one that float32 does not hold, or comes near to it");
        (last / first).Should().BeApproximately(1, 1e-9);
        scores.Names.Should().OnlyContain(name => double.IsFinite(scores[name].sum().ToDouble()) && scores[name].min().ToDouble() >= 0);
    }

    [Theory]
    [InlineData("ResNet-50", NormStatistics.PruningBatch)]
    [InlineData("ResNet-50", NormStatistics.Running)]
    [InlineData("VGG-19", NormStatistics.PruningBatch)]
    [InlineData("DeepLabV3+", NormStatistics.PruningBatch)]
    public void Score_PxInFloat32Models_IsFiniteAndConserved(string network, NormStatistics statistics)
    {
        using var scope = NewDisposeScope();
        using var model = networks[network].Create();
        long size = networks[network].Size;
        var data = PruningData.From([Samples.Normal(2, [3, size, size])]);

        using var scores = new PathExclusionPruner { NormStatistics = statistics }.Score(model, data, options: new PruningOptions { Data = DataBudget.All });

        double first = scores[scores.Names.First()].sum().ToDouble(), last = scores[scores.Names.Last()].sum().ToDouble();
        first.Should().BePositive();
        (last / first).Should().BeApproximately(1, 1e-9);
        scores.Names.Should().OnlyContain(name => double.IsFinite(scores[name].sum().ToDouble()) && scores[name].min().ToDouble() >= 0);
    }
}

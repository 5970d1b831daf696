using Px.Pruning.Models;
using Px.Pruning.Tests.Networks;
using Xunit.Abstractions;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Methods;

/// <summary>Which layers end empty, and what prevents it. <c>./build.sh bench collapse</c> prints the whole table.</summary>
public class CollapseTests(ITestOutputHelper log)
{
    [Fact]
    public void Prune_PxInItsDefaultsOnResNet20At98_2_EmptiesNoLayer()
    {
        using var scope = NewDisposeScope();
        using var model = CifarResNet.Create(new CifarResNetOptions { Seed = 1 });

        using var result = new PathExclusionPruner().Prune(model, [Samples.Normal(100, [3, 32, 32], 10)], 0.982, new PruningOptions { Seed = 1 });

        log.WriteLine(result.Report.ToString());
        result.Report.CollapsedLayers.Should().BeEmpty();
        result.Report.IsConnected.Should().BeTrue();
        result.Mask.Kept.Should().Be(4876);
    }

    /// <summary>
    /// VGG-16's layers stand in series. Its critical compression is N weights over 14 layers: at an eighth of its width 10^4.2, which the
    /// hundred rounds of the default approach to within a power of ten.
    /// </summary>
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Prune_PxAndSynFlowOnLayersInSeries_EmptyNoneUpToTheCriticalCompression(int exponent)
    {
        using var scope = NewDisposeScope();
        foreach (IPruner pruner in new IPruner[] { new PathExclusionPruner(), new PathExclusionPruner { NormStatistics = NormStatistics.Running }, new SynFlowPruner(), new SynFlowL2Pruner() })
        {
            using var model = Networks.Vgg.Create(16, width: 8);

            using var result = pruner.Prune(
                model, [Samples.Normal(10, [3, 32, 32], 10)], 1 - Math.Pow(10, -exponent), new PruningOptions { Seed = 1, Data = DataBudget.All });

            log.WriteLine($"{pruner.Name}: {result.Report.Kept} of {result.Report.Total}, {result.Report.CollapsedLayers.Count} empty");
            result.Report.CollapsedLayers.Should().BeEmpty(pruner.Name);
            result.Report.IsConnected.Should().BeTrue(pruner.Name);
        }
    }

    [Fact]
    public void Prune_MagnitudeAndSnipFarBelowIt_EmptyLayersAndTheReportSaysSo()
    {
        using var scope = NewDisposeScope();
        foreach (IPruner pruner in new IPruner[] { new MagnitudePruner(), new SnipPruner() })
        {
            using var model = Networks.Vgg.Create(16, width: 8);

            using var result = pruner.Prune(model, [Samples.Normal(10, [3, 32, 32], 10)], 1 - 1e-3, new PruningOptions { Data = DataBudget.All });

            log.WriteLine(result.Report.ToString());
            result.Report.CollapsedLayers.Should().NotBeEmpty(pruner.Name);
            result.Report.IsConnected.Should().BeFalse(pruner.Name);
            result.Report.ToString().Should().Contain(result.Report.CollapsedLayers[0]);
        }
    }

    [Fact]
    public void Prune_SynFlowOnResNet20_EmptiesBranchesUnlessAFloorIsAskedFor()
    {
        using var scope = NewDisposeScope();
        using var bare = CifarResNet.Create(new CifarResNetOptions { Seed = 1 });
        using var held = CifarResNet.Create(new CifarResNetOptions { Seed = 1 });
        var options = new PruningOptions { Rounds = 10 };

        using var without = new SynFlowPruner().Prune(bare, PruningData.Shape(3, 32, 32), 0.982, options);
        using var with = new SynFlowPruner().Prune(held, PruningData.Shape(3, 32, 32), 0.982, options with { Scope = PruningScope.Global.WithMinimumDensity(0.002) });

        without.Report.CollapsedLayers.Should().NotBeEmpty("branches beside a shortcut are not protected");
        without.Report.IsConnected.Should().BeTrue("the shortcuts are still there");
        with.Report.CollapsedLayers.Should().BeEmpty();
        with.Mask.Kept.Should().Be(without.Mask.Kept);
    }

    [Fact]
    public void Prune_SynFlowInOneRoundAt98_2_DisconnectsResNet20()
    {
        using var scope = NewDisposeScope();
        using var model = CifarResNet.Create(new CifarResNetOptions { Seed = 1 });

        using var result = new SynFlowPruner().Prune(model, PruningData.Shape(3, 32, 32), 0.982, new PruningOptions { Rounds = 1 });

        result.Report.OutputsReached.Should().Be(0);
        result.Report.IsConnected.Should().BeFalse();
    }
}

using Px.Pruning.Analysis;
using Px.Pruning.Models;
using Px.Pruning.Tests.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Methods;

/// <summary>
/// PX empties the shortcut of DeepLabV3+'s decoder with a floor and without one, since the layer that reads the shortcut's channels drops them; leaving both
/// layers out of pruning prevents it.
/// </summary>
public sealed class EmptiedShortcutTests : LeakCheckedTests
{
    [Theory]
    [InlineData(0, false)]
    [InlineData(0.1, false)]
    [InlineData(0, true)]
    public void Prune_ByPathExclusion_EmptiesTheShortcutUnlessItsLayersAreLeftOut(double floor, bool areLeftOut)
    {
        using var model = DeepLab.Create(new()
        {
            Depth = 18, Width = 8, HeadChannels = 32, LowLevelChannels = 12, Classes = 5, OutputStride = 16, Seed = 1,
        });
        using var generator = new Generator(1);
        using var images = randn([2, 3, 96, 96], generator: generator);
        using var targets = zeros(2, ScalarType.Int64);
        var options = new PruningOptions
        {
            Rounds = 5,
            Data = DataBudget.Batches(1),
            Scope = floor > 0 ? PruningScope.Global.WithMinimumDensity(floor) : PruningScope.Global,
            Parameters = areLeftOut
                ? ParameterSelection.Default.Excluding("classifier.project.*").Excluding("classifier.classifier.0.*")
                : ParameterSelection.Default,
        };
        using var result = new PathExclusionPruner().Prune(model, [(images, targets)], 0.8322, options);

        var shortcut = NetworkAnalysis.Analyze(model, [3, 96, 96], result.Mask).Layers.Single(layer => layer.Name == "classifier.project.0.weight");
        ((double)shortcut.Kept / shortcut.Total).Should().BeGreaterThanOrEqualTo(areLeftOut ? 1 : floor);
        (shortcut.Effective > 0).Should().Be(areLeftOut);
    }
}

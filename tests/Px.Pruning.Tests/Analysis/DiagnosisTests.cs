using Px.Pruning.Analysis;
using Px.Pruning.Models;
using Px.Pruning.Tests.Data;
using Px.Pruning.Tests.Engine.Wiring;
using Px.Pruning.Tests.Networks;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Analysis;

public sealed class DiagnosisTests : LeakCheckedTests
{
    [Fact]
    public void Diagnosis_WholeNetworks_AreSound()
    {
        using var chain = new ConvNet();
        using var residual = new ResidualNet(functionalTail: true);

        Diagnose(chain, [3, 8, 8]).ToString().Should().Be("Sound: paths lead through every layer, every output is reached, and hardly a kept weight lies on no path.\n");
        Diagnose(residual, [3, 8, 8]).IsSound.Should().BeTrue();
    }

    [Fact]
    public void Diagnosis_EmptiedLayerOfAChain_IsACutNetwork()
    {
        using var model = new ConvNet();
        var finding = Diagnose(model, [3, 8, 8], ("conv2.weight", null)).Findings.Should().ContainSingle().Subject;

        (finding.Kind, finding.Count, finding.Of).Should().Be((FindingKind.CutNetwork, 4, 4));
        finding.Layers.Should().Equal("conv2.weight");
        finding.ToString().Should().Contain("the network answers the same to every input. No weight is left in conv2.weight.").And.Contain("WithMinimumDensity");
    }

    [Fact]
    public void Diagnosis_LayersThatDoNotMeet_AreACutNetworkWithoutAnEmptyLayer()
    {
        using var model = Sequential(("a", Linear(2, 2)), ("b", Linear(2, 2)));
        var finding = Diagnose(model, [2], ("a.weight", tensor(new[,] { { 1, 1 }, { 0, 0 } })), ("b.weight", tensor(new[,] { { 0, 1 }, { 0, 1 } }))).Findings.Should().ContainSingle().Subject;

        finding.Kind.Should().Be(FindingKind.CutNetwork);
        finding.Layers.Should().BeEmpty();
        finding.Problem.Should().EndWith("what one layer keeps does not meet what the next one keeps.");
    }

    [Theory]
    [InlineData(true, "blocks.0.conv2.weight", "blocks.0.conv1.weight")]
    [InlineData(false, "blocks.1.conv1.weight", "blocks.1.conv1.weight")]
    public void Diagnosis_EmptiedResidualBranch_IsNamedWhole(bool functionalTail, string emptied, string first)
    {
        using var model = new ResidualNet(functionalTail);
        var finding = Diagnose(model, [3, 8, 8], (emptied, null)).Findings[0];

        finding.Kind.Should().Be(FindingKind.CutBranch);
        finding.Layers.Should().Equal(first, first.Replace("conv1", "conv2", StringComparison.Ordinal));
        finding.Problem.Should().StartWith($"The branch {first} → ").And.Contain($"carries nothing: no weight is left in {emptied}. The network goes round it");
    }

    [Fact]
    public void Diagnosis_BranchWhoseLayersDoNotMeet_SaysThatNoneIsEmpty()
    {
        using var model = new ResidualNet(functionalTail: true);
        Tensor left = zeros(6, 6, 3, 3), right = zeros(6, 6, 3, 3);
        left[0, 0, 1, 1] = 1;
        right[0, 1, 1, 1] = 1;
        var finding = Diagnose(model, [3, 8, 8], ("blocks.0.conv1.weight", left), ("blocks.0.conv2.weight", right)).Findings[0];

        (finding.Kind, finding.Count, finding.Of).Should().Be((FindingKind.CutBranch, 2, 648));
        finding.Problem.Should().Contain("carries nothing: its kept weights lie on no path.");
        finding.Remedy.Should().Contain("leave the layers and what reads them out of pruning: ParameterSelection.Excluding", "a floor kept some of both");
    }

    [Fact]
    public void Diagnosis_Projections_AreToldFromTheBranchesBesideThem()
    {
        using var model = CifarResNet.Create(new() { Depth = 20, Width = 4, Seed = 1 });
        string projection = model.named_parameters().Select(p => p.name).Single(name => name.StartsWith("layer2.0.shortcut", StringComparison.Ordinal) && model.get_parameter(name)!.dim() == 4);

        Kinds(Diagnose(model, [3, 16, 16], (projection, null))).Should().Equal((FindingKind.CutShortcut, projection));
        Kinds(Diagnose(model, [3, 16, 16], ("layer2.0.conv1.weight", null)))[0].Should().Be((FindingKind.CutBranch, "layer2.0.conv1.weight, layer2.0.conv2.weight"));
        Kinds(Diagnose(model, [3, 16, 16], ("layer2.0.conv1.weight", null), (projection, null))).Should().Equal((FindingKind.CutNetwork, $"layer2.0.conv1.weight, {projection}"));
        Kinds(Diagnose(model, [3, 16, 16], ("layer1.1.conv2.weight", null), ("layer3.0.conv1.weight", null), (projection, null))).Take(3).Should().Equal(
            (FindingKind.CutBranch, "layer1.1.conv1.weight, layer1.1.conv2.weight"), (FindingKind.CutBranch, "layer3.0.conv1.weight, layer3.0.conv2.weight"), (FindingKind.CutShortcut, projection));
    }

    [Fact]
    public void Diagnosis_BottlenecksWithProjections_AreTold()
    {
        using var model = ResNet.Create(new() { Depth = 50, Width = 4, Classes = 3, Stem = ResNetStem.ThreeByThree, Seed = 1 });

        Kinds(Diagnose(model, [3, 16, 16], ("layer3.0.downsample.0.weight", null))).Should().Equal((FindingKind.CutShortcut, "layer3.0.downsample.0.weight"));
        Kinds(Diagnose(model, [3, 16, 16], ("layer3.0.conv2.weight", null)))[0]
            .Should().Be((FindingKind.CutBranch, "layer3.0.conv1.weight, layer3.0.conv2.weight, layer3.0.conv3.weight"));
        Kinds(Diagnose(model, [3, 16, 16], ("layer3.5.conv3.weight", null)))[0]
            .Should().Be((FindingKind.CutBranch, "layer3.5.conv1.weight, layer3.5.conv2.weight, layer3.5.conv3.weight"));
    }

    [Fact]
    public void Diagnosis_ConcatenatedBranches_AreBranches_AndALongWayRoundIsAShortcut()
    {
        using var model = new GraphNet(
            [("stem", Conv1d(2, 4, 1)), ("one", Conv1d(4, 4, 1)), ("two", Conv1d(4, 4, 1)), ("low", Conv1d(2, 2, 1)), ("head", Conv1d(10, 4, 1))],
            (layer, x) =>
            {
                var a = layer("stem", x);
                return layer("head", cat([layer("one", a), layer("two", a), layer("low", x)], 1));
            });

        Kinds(Diagnose(model, [2, 1], ("two.weight", null)))[0].Should().Be((FindingKind.CutBranch, "two.weight"));
        Kinds(Diagnose(model, [2, 1], ("low.weight", null)))[0].Should().Be((FindingKind.CutShortcut, "low.weight"));
    }

    [Fact]
    public void Diagnosis_HeadOfItsOwn_CollapsesWithItsOutputs()
    {
        using var model = new GraphNet([("stem", Linear(2, 2)), ("left", Linear(2, 2)), ("right", Linear(2, 3))], (layer, x) =>
        {
            var a = layer("stem", x);
            return cat([layer("left", a), layer("right", a)], 1);
        });
        var findings = Diagnose(model, [2], ("right.weight", null)).Findings;

        findings.Select(finding => finding.Kind).Should().Contain(FindingKind.DeadOutputs);
        findings.Single(finding => finding.Kind == FindingKind.DeadOutputs).Problem.Should().Be("3 of 5 outputs answer the same to every input, since no path reaches them: 2, 3, 4.");
        findings[0].Layers.Should().Equal("right.weight");
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(2, true)]
    [InlineData(3, false)]
    public void Diagnosis_BottleneckOfFewUnits_HasNearlyCollapsed(int units, bool found)
    {
        using var model = Sequential(("a", Linear(2, 40)), ("relu", ReLU()), ("b", Linear(40, 2)));
        var rows = zeros(40, 2);
        rows.narrow(0, 0, units).fill_(1);
        var few = Diagnose(model, [2], ("a.weight", rows)).Findings.Where(finding => finding.Kind == FindingKind.NearlyCollapsedLayer).ToList();

        few.Select(finding => (finding.Layers[0], finding.Count, finding.Of)).Should().Equal(found ? [("a.weight", units, 40)] : []);
        if (found) few[0].Problem.Should().Be($"a.weight has nearly collapsed: all that it passes on goes through {units} of its 40 output units.");
    }

    [Fact]
    public void Diagnosis_ClassifierRowsRemoved_AreDeadOutputs()
    {
        using var model = new ConvNet();
        var rows = ones(4, 8);
        rows[1] = 0;
        rows[3] = 0;
        var finding = Diagnose(model, [3, 8, 8], ("fc.weight", rows)).Findings.Should().ContainSingle().Subject;

        (finding.Kind, finding.Count, finding.Of).Should().Be((FindingKind.DeadOutputs, 2, 4));
        finding.Problem.Should().EndWith("no path reaches them: 1, 3.");
        finding.Remedy.Should().Contain("ParameterSelection.Excluding");
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(40, true)]
    public void Diagnosis_KeptWeightsOnNoPath_AreNamedFromOneInAHundred(int dead, bool found)
    {
        // Hidden units that are fed and not read: each has two dead weights of 400.
        using var model = Sequential(("a", Linear(2, 100)), ("b", Linear(100, 2)));
        var read = ones(2, 100);
        read.narrow(1, 0, dead).zero_();
        var findings = Diagnose(model, [2], ("b.weight", read)).Findings;

        findings.Select(finding => (finding.Kind, finding.Count, finding.Of)).Should().Equal(found ? [(FindingKind.DeadWeights, 80, 320)] : []);
        if (found) findings[0].Problem.Should().StartWith("80 of 320 kept weights (25.00 %) lie on no path from input to output, most of them in a.weight (80 of 200).");
    }

    [Fact]
    public void Diagnosis_LayerThatNothingCalls_IsUnused()
    {
        using var model = new SilentNet(silent: false);

        Kinds(Diagnose(model, [3, 8, 8])).Should().Equal((FindingKind.UnusedLayer, "unused.weight"));
    }

    [Fact]
    public void Diagnosis_UnknownPaths_StillNamesWhatIsEmpty()
    {
        using var model = new Lambda(x => x.softmax(1));
        var diagnosis = Diagnose(model, [3], ("second.weight", null));

        Kinds(diagnosis).Should().Equal((FindingKind.CollapsedLayer, "second.weight"));
        diagnosis.ToString().Should().Contain("second.weight carries nothing: no weight is left in second.weight.").And.Contain("not known");
    }

    [Fact]
    public void Diagnosis_ExtremeMagnitudePruning_IsExplained()
    {
        using var model = CifarResNet.Create(new() { Depth = 20, Width = 4, Seed = 3 });
        using var result = new RandomPruner().Prune(model, PruningData.None, 0.98, new PruningOptions { Seed = 2 });
        var analysis = NetworkAnalysis.Analyze(model, [3, 16, 16], result.Mask);

        analysis.Diagnosis.IsSound.Should().BeFalse();
        analysis.Diagnosis.Findings.Should().OnlyContain(finding => finding.Problem.Length > 20 && finding.Remedy.Length > 20);
        analysis.ToString().Should().EndWith(analysis.Diagnosis.ToString());
    }

    private static Diagnosis Diagnose(Module<Tensor, Tensor> model, long[] shape, params (string Name, Tensor? Mask)[] masks)
    {
        using var mask = RandomMasks.AllBut(model, masks);
        return NetworkAnalysis.Analyze(model, shape, mask).Diagnosis;
    }

    private static List<(FindingKind Kind, string Layers)> Kinds(Diagnosis diagnosis) =>
        [.. diagnosis.Findings.Where(finding => finding.Kind != FindingKind.DeadWeights).Select(finding => (finding.Kind, string.Join(", ", finding.Layers)))];
}

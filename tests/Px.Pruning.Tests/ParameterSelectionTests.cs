using Px.Pruning.Tests.Networks;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Tests;

/// <summary>What is pruned is chosen by module type, and narrowed by module, name or predicate.</summary>
public class ParameterSelectionTests
{
    [Fact]
    public void Default_NamesThatLookLikeNorms_StillCountByType()
    {
        using var scope = NewDisposeScope();
        // A convolution called bn and a norm called conv, as real networks have them.
        using var model = nn.Sequential(("bn", nn.Conv2d(3, 4, 3)), ("conv", nn.BatchNorm2d(4)), ("up", nn.ConvTranspose2d(4, 2, 2)));

        Selected(model, ParameterSelection.Default).Should().Equal("bn.weight", "up.weight");
    }

    [Theory]
    [InlineData("fc.weight", new[] { "conv1.weight", "conv2.weight" })]
    [InlineData("conv*", new[] { "fc.weight" })]
    [InlineData("*1.weight", new[] { "conv2.weight", "fc.weight" })]
    [InlineData("c.nv1.weight", new[] { "conv1.weight", "conv2.weight", "fc.weight" })]
    public void Excluding_Pattern_LeavesThoseOut(string pattern, string[] expected)
    {
        using var model = new ConvNet();
        Selected(model, ParameterSelection.Default.Excluding(pattern)).Should().Equal(expected);
    }

    [Fact]
    public void Excluding_Module_LeavesOutEverythingInside()
    {
        using var scope = NewDisposeScope();
        var head = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 2));
        using var model = nn.Sequential(("body", nn.Linear(3, 4)), ("head", head));

        Selected(model, ParameterSelection.Default.Excluding(head)).Should().Equal("body.weight");
    }

    [Fact]
    public void Where_Predicates_NarrowOneAfterTheOther()
    {
        using var model = new ConvNet();
        var selection = ParameterSelection.Default.Where((_, layer) => layer is Convolution).Where((name, _) => name != "conv1.weight");

        Selected(model, selection).Should().Equal("conv2.weight");
    }

    [Fact]
    public void Prune_ExcludedLayer_KeepsItsWeightsAndIsNotCounted()
    {
        using var scope = NewDisposeScope();
        using var model = new ConvNet();
        var options = new PruningOptions { Parameters = ParameterSelection.Default.Excluding("fc.*"), Rounds = 2 };
        using var classifier = model.get_parameter("fc.weight")!.detach().clone();

        using var result = new PathExclusionPruner().Prune(model, [Samples.Normal(8, [3, 8, 8])], 0.9, options);

        result.Mask.Names.Should().Equal("conv1.weight", "conv2.weight");
        result.Report.OtherFlops.Should().Be(2 * 8 * 4, "the classifier is not ranked but works");
        result.Mask.Kept.Should().Be((long)Math.Round(0.1 * (162 + 432)));
        model.get_parameter("fc.weight")!.allclose(classifier, 0, 0).Should().BeTrue();
    }

    [Fact]
    public void Including_Names_AddsParametersOfAnyKindInTheModelsOrder()
    {
        using var scope = NewDisposeScope();
        using var model = new ConvNet();
        var all = ParameterSelection.Default;

        Selected(model, all.Including("bn1.weight").Including("fc.bias")).Should()
            .Equal("conv1.weight", "conv2.weight", "bn1.weight", "fc.weight", "fc.bias");
        Selected(model, all.Including((name, module) => module is BatchNorm2d && name.EndsWith("weight", StringComparison.Ordinal)).Where((name, _) => name != "bn1.weight"))
            .Should().Equal("conv1.weight", "conv2.weight", "bn2.weight", "fc.weight");
    }

    [Fact]
    public void Including_AfterExcluding_BringsBackAndBeforeItDoesNot()
    {
        using var scope = NewDisposeScope();
        using var model = new ConvNet();

        Selected(model, ParameterSelection.Default.Excluding("*").Including("fc.weight")).Should().Equal("fc.weight");
        Selected(model, ParameterSelection.Default.Including("fc.*").Excluding("fc.*")).Should().Equal("conv1.weight", "conv2.weight");
    }

    [Fact]
    public void Including_NameThatTheModelLacks_IsRefusedWithTheNamesThatItHas()
    {
        using var scope = NewDisposeScope();
        using var model = new ConvNet();
        var before = ModelState.Of(model);

        var act = () => Selected(model, ParameterSelection.Default.Including("fc.wieght"));

        act.Should().Throw<ArgumentException>().WithMessage("*Including(\"fc.wieght\") names no parameter*conv1.weight*fc.bias.");
        ModelState.Of(model).ShouldEqual(before);
    }

    [Fact]
    public void Including_SecondNameOfASharedWeight_IsKnown()
    {
        using var scope = NewDisposeScope();
        var (first, second) = (nn.Linear(4, 4), nn.Linear(4, 4));
        second.weight = first.weight;
        using var model = nn.Sequential(("first", first), ("second", second));

        Selected(model, ParameterSelection.Default.Including("second.weight")).Should().Equal("first.weight");
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public void Including_WithoutAName_IsRefused(string? pattern) =>
        FluentActions.Invoking(() => ParameterSelection.Default.Including(pattern!)).Should().Throw<ArgumentException>();

    private static IReadOnlyList<string> Selected(nn.Module<Tensor, Tensor> model, ParameterSelection selection)
    {
        using var result = new MagnitudePruner().Prune(model, sparsity: 0, new PruningOptions { Parameters = selection });
        return result.Mask.Names;
    }
}

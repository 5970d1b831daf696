using Px.Experiments.Grids;

namespace Px.Experiments.Tests.Grids;

public sealed class ProtocolsTests
{
    [Theory]
    // Seven methods, nine sparsities, three seeds, and the dense network of each seed.
    [InlineData("fig2-cifar10", (7 * 9 * 3) + 3)]
    [InlineData("fig2-cifar100", (7 * 9 * 3) + 3)]
    [InlineData("fig2-tiny", (7 * 9 * 3) + 3)]
    [InlineData("table1", (7 * 2 * 3) + 3)]
    // Without SynFlow, on three data sets from three pre-trainings.
    [InlineData("fig3", 9 * ((6 * 9 * 3) + 3))]
    [InlineData("fig4", (4 * 9 * 3) + 3)]
    [InlineData("fig5", (8 * 3) + 3)]
    [InlineData("fig6", 7 * 3)]
    // Three methods iterate, in five numbers of rounds; four do not; and IMP.
    [InlineData("table2", ((3 * 5) + 4 + 1) * 3)]
    // Fifteen methods, IMP among them.
    [InlineData("fig2-small", (15 * 3 * 2) + 2)]
    // Eight methods iterate, six do not.
    [InlineData("table2-small", (8 * 5) + 6)]
    // Seventeen methods and variants, WideTopo and IMP on fewer seeds.
    [InlineData("evidence-fresh", (4 * ((17 * 5) + 3 + 2)) + 5)]
    [InlineData("evidence-spectra", (18 * 2) + 1)]
    // Eight methods for one epoch, four of them at one sparsity for five.
    [InlineData("evidence-pretrained", (8 * 3 * 3) + 3 + (4 * 3) + 3)]
    // Eight methods and variants, and PX with a floor.
    [InlineData("evidence-segmentation", (9 * 3 * 3) + 3)]
    // Dense and three variants, one of them on other samples and two on noise; of pretrained networks masks of five methods, three of them on noise.
    [InlineData("evidence-data", ((4 + 1 + 2) * 5) + ((5 + 3) * 2 * 3))]
    public void Find_EachProtocol_HasAsManyNetworksAsCountedByHand(string name, int count)
    {
        var cells = Protocols.Find(name).SelectMany(grid => grid.Cells()).ToList();

        cells.Should().HaveCount(count).And.OnlyHaveUniqueItems();
        cells.Select(CellName.Of).Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public void Find_EachProtocol_CanBeRun()
    {
        Protocols.Names.Should().HaveCount(16);
        foreach (var name in Protocols.Names)
            Protocols.Find(name).Should().AllSatisfy(grid => GridCheck.Require(grid, name));
    }

    [Fact]
    public void Find_PaperProtocol_IteratesAHundredRoundsAndTrainsByItsRecipe()
    {
        var cells = Protocols.Find("fig2-tiny").SelectMany(grid => grid.Cells()).ToList();

        cells.Should().OnlyContain(cell => cell.Epochs == 200 && cell.Model == "resnet18");
        cells.Where(cell => cell.Rounds == 100).Select(cell => cell.Method).Distinct().Should().BeEquivalentTo("px", "ntk-sap", "synflow");
        cells.Where(cell => cell.Rounds is null).Select(cell => cell.Method).Distinct().Should().BeEquivalentTo("dense", "snip", "grasp", "random", "magnitude");
    }

    [Fact]
    public void PaperSparsities_AreThoseOfPowersOfFourFifths() =>
        Protocols.PaperSparsities.Should().HaveCount(9).And.SatisfyRespectively(
            Enumerable.Range(1, 9).Select(n => (Action<double>)(sparsity => sparsity.Should().BeApproximately(1 - Math.Pow(0.8, 2 * n), 5e-4))));
}

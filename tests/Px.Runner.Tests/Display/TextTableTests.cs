using Px.Runner.Display;

namespace Px.Runner.Tests.Display;

public sealed class TextTableTests
{
    [Fact]
    public void ToString_CellsOfManyWidths_AlignsTheFirstColumnLeftAndTheOthersRight()
    {
        var table = new TextTable("name", "n", "share");
        table.Add("a", "10", "5 %");
        table.Add("longer", "1", "100.0 %");

        table.ToString().Split(Environment.NewLine).Should().Equal(
            "name     n    share",
            "------  --  -------",
            "a       10      5 %",
            "longer   1  100.0 %");
    }

    [Fact]
    public void ToString_TitleOfTwoLines_MakesItsColumnNarrower()
    {
        var table = new TextTable("name", "accuracy\nbefore", "n");
        table.Add("a", "5 %", "10");

        table.ToString().Split(Environment.NewLine).Should().Equal(
            "name  accuracy   n",
            "        before",
            "----  --------  --",
            "a          5 %  10");
    }

    [Fact]
    public void Add_AnotherNumberOfCells_Throws() =>
        FluentActions.Invoking(() => new TextTable("a", "b").Add("1")).Should().Throw<ArgumentException>().WithMessage("The row has 1 cells, the header 2.*");
}

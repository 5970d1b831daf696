using Px.Experiments.Grids;
using Px.Runner.CommandLines;

namespace Px.Experiments.Tests.Grids;

public sealed class ShardTests
{
    [Theory]
    [InlineData("fig2-small", 1)]
    [InlineData("fig2-small", 2)]
    [InlineData("fig2-small", 7)]
    [InlineData("fig2-cifar10", 16)]
    [InlineData("table2-small", 100)]
    public void Of_AllParts_AreTheCellsOnceEachAndAboutAsMany(string protocol, int count)
    {
        var cells = Protocols.Find(protocol).SelectMany(grid => grid.Cells()).ToList();

        var parts = Enumerable.Range(0, count).Select(index => new Shard(index, count).Of(cells)).ToList();

        parts.SelectMany(part => part).OrderBy(cells.IndexOf).Should().Equal(cells);
        parts.Should().OnlyContain(part => part.Count == cells.Count / count || part.Count == (cells.Count / count) + 1);
        parts.Should().AllSatisfy(part => part.Select(cell => cells.IndexOf(cell)).Should().BeInAscendingOrder());
    }

    [Fact]
    public void Of_AnyPart_HasItsShareOfEachMethod()
    {
        var cells = Protocols.Find("fig2-cifar10").SelectMany(grid => grid.Cells()).ToList();

        // 27 networks a method, of which each of 8 parts gets 3 or 4: the numbers of methods and of parts have no common rhythm.
        for (var index = 0; index < 8; index++)
        {
            new Shard(index, 8).Of(cells).Where(cell => cell.Method != Cell.Dense).GroupBy(cell => cell.Method).Should()
                .HaveCount(7).And.OnlyContain(group => group.Count() == 3 || group.Count() == 4);
        }
    }

    [Theory]
    [InlineData("0/1", 0, 1)]
    [InlineData("15/16", 15, 16)]
    [InlineData("auto", 2, 4)]
    public void Parse_APart_IsThat(string text, int index, int count) =>
        Shard.Parse(text, Array("7", "4", "5", "8")).Should().Be(new Shard(index, count));

    [Theory]
    [InlineData("1/1")]
    [InlineData("0/0")]
    [InlineData("-1/2")]
    [InlineData("1")]
    [InlineData("1/2/3")]
    [InlineData("a/b")]
    public void Parse_NoPart_IsRefused(string text) =>
        FluentActions.Invoking(() => Shard.Parse(text, _ => null)).Should().Throw<UsageException>().WithMessage($"--shard must be I/N,*not '{text}'");

    [Fact]
    public void Parse_AutoOutsideAnArrayOrInOneWithGaps_IsRefused()
    {
        FluentActions.Invoking(() => Shard.Parse("auto", _ => null)).Should().Throw<UsageException>().WithMessage("*SLURM_ARRAY_TASK_ID is not set*");
        FluentActions.Invoking(() => Shard.Parse("auto", Array("7", "2", "3", "7"))).Should().Throw<UsageException>().WithMessage("*has gaps*");
    }

    private static Func<string, string?> Array(string task, string count, string first, string last) => name => name switch
    {
        "SLURM_ARRAY_TASK_ID" => task,
        "SLURM_ARRAY_TASK_COUNT" => count,
        "SLURM_ARRAY_TASK_MIN" => first,
        "SLURM_ARRAY_TASK_MAX" => last,
        _ => null,
    };
}

using Px.Runner.Display;

namespace Px.Runner.Tests.Display;

public sealed class CsvFileTests
{
    [Theory]
    [InlineData("a,,b", "a", "", "b")]
    [InlineData("\"a,b\",c", "a,b", "c")]
    [InlineData("\"say \"\"no\"\"\"", "say \"no\"")]
    [InlineData("\"two\nlines\",x", "two\nlines", "x")]
    public void Line_CellsThatNeedQuotes_AreQuotedAndNoOthers(string expected, params string[] cells) => CsvFile.Line(cells).Should().Be(expected);
}

using Px.Runner.Display;
using Px.Runner.Tests.Support;

namespace Px.Runner.Tests.Display;

public sealed class CsvFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    [Theory]
    [InlineData("a,,b\r\n", "a", "", "b")]
    [InlineData("\"a,b\",c\r\n", "a,b", "c")]
    [InlineData("\"say \"\"no\"\"\"\r\n", "say \"no\"")]
    [InlineData("\"two\nlines\",x\r\n", "two\nlines", "x")]
    [InlineData("0.5,=1+1,π\r\n", "0.5", "=1+1", "π")]
    public void Write_CellsThatNeedQuotes_AreQuotedAndNoOthers(string expected, params string[] cells)
    {
        CsvFile.Write(folder.In("a.csv"), [["b"], cells]);

        File.ReadAllText(folder.In("a.csv")).Should().Be("b\r\n" + expected);
        File.ReadAllBytes(folder.In("a.csv"))[0].Should().Be((byte)'b', "there is no mark of the byte order");
    }

    public void Dispose() => folder.Dispose();
}

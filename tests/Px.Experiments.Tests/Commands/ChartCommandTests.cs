using System.Globalization;
using System.Xml.Linq;
using Px.Experiments.Grids;
using Px.Experiments.Results;
using Px.Experiments.Tests.Support;
using Px.Runner.Display;
using Px.Runner.Tests.Support;

namespace Px.Experiments.Tests.Commands;

/// <summary>Pictures are read back as XML: the document knows nothing of HTML.</summary>
public sealed class ChartCommandTests : IDisposable
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Chart_Grid_HasALineAMethodAndAMarkAResult()
    {
        MadeUp.Write(folder.Path, MadeUp.Grid());

        var (exitCode, output) = Run();

        exitCode.Should().Be(0);
        output.Should().Contain("chart.svg: resnet20 on fashion-mnist");
        var picture = XDocument.Load(folder.In("chart.svg")).Root!;
        picture.Name.Should().Be(Svg + "svg");
        picture.Element(Svg + "title")!.Value.Should().Contain("resnet20 on fashion-mnist").And.Contain("2 seeds").And.Contain("3 epochs");
        Of(picture, "path").Count(path => path.Attribute("data-s") is not null).Should().Be(MadeUp.Methods.Count);
        Of(picture, "use").Count(use => Has(use, "pt")).Should().Be(MadeUp.Methods.Count * MadeUp.Sparsities.Count);
        // The dense network and chance are named beside them.
        Of(picture, "g").Single(group => Has(group, "names")).Elements(Svg + "g").Select(name => name.Element(Svg + "text")!.Value)
            .Should().BeEquivalentTo("PX", "SNIP", "SynFlow", "Random", "dense", "chance, 10 %");
        Of(picture, "image").Concat(Of(picture, "script")).Should().BeEmpty();
    }

    [Fact]
    public void Chart_Means_AreAsHighAsTheAxisSays()
    {
        // 0.5 and 0.7 of all, nothing lies far below, chance is not known: the axis goes from 50 to 70 %, 400 pixels down.
        MadeUp.Write(folder.Path, from pair in new[] { (Sparsity: 0.5, After: 0.7), (Sparsity: 0.9, After: 0.5) } select WithoutOutputs(MadeUp.Pruned("px", "PX", pair.Sparsity, 1, pair.After)));

        Run().ExitCode.Should().Be(0);

        Of(XDocument.Load(folder.In("chart.svg")).Root!, "use").Where(use => Has(use, "pt")).Select(use => use.Attribute("y")!.Value).Should().Equal("0", "400");
    }

    [Fact]
    public void Chart_HostileName_IsTextOfAnSvg()
    {
        const string Hostile = "</text><script>alert(1)</script>\u0001\u000b";
        MadeUp.Write(folder.Path, MadeUp.Grid().Select(result => result.Cell.Method == "px" ? result with { Method = Hostile } : result));

        Run().ExitCode.Should().Be(0);

        var picture = XDocument.Load(folder.In("chart.svg")).Root!;
        picture.Descendants().Should().NotContain(element => element.Name.LocalName == "script");
        picture.Value.Should().Contain("</text><script>");
    }

    [Fact]
    public void Chart_SameResults_GivesTheSameBytesInEveryCulture()
    {
        MadeUp.Write(folder.Path, MadeUp.Grid());
        Run();
        var before = File.ReadAllText(folder.In("chart.svg"));
        var culture = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = new CultureInfo("") { NumberFormat = new NumberFormatInfo { NumberDecimalSeparator = ",", NegativeSign = "~" } };
            Run();
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }

        File.ReadAllText(folder.In("chart.svg")).Should().Be(before);
    }

    [Fact]
    public void Chart_SeveralSettings_AreNamedAndNotDrawn()
    {
        MadeUp.Write(folder.Path, MadeUp.Grid());
        MadeUp.Write(folder.Path, MadeUp.Grid().Select(result => result with { Cell = result.Cell with { LearningRate = 0.5 } }).Select(result => result with { Name = CellName.Of(result.Cell) }));

        var (exitCode, output) = Run();

        exitCode.Should().Be(1);
        output.Should().Contain("there are 2").And.Contain("learning rate 0.5");
        File.Exists(folder.In("chart.svg")).Should().BeFalse();
    }

    [Fact]
    public void Chart_OneSparsity_SaysThatThereIsNothingToDraw()
    {
        MadeUp.Write(folder.Path, MadeUp.Grid().Where(result => result.Cell.Sparsity is 0 or 0.9));

        Run().Should().Match<(int ExitCode, string Output)>(run => run.ExitCode == 1 && run.Output.Contains("two sparsities or more"));
    }

    [Fact]
    public void Chart_DamagedFile_IsNamedAndTheOthersDrawn()
    {
        MadeUp.Write(folder.Path, MadeUp.Grid());
        File.WriteAllText(folder.In("half.result.json"), "{");

        var (exitCode, output) = Run();

        exitCode.Should().Be(1);
        output.Should().Contain("half.result.json is damaged").And.Contain("The chart is there");
        File.Exists(folder.In("chart.svg")).Should().BeTrue();
    }

    private static CellResult WithoutOutputs(CellResult result) => result with { Pruning = result.Pruning! with { OutputsReached = null, Outputs = null } };

    private static IEnumerable<XElement> Of(XElement picture, string name) => picture.Descendants(Svg + name);

    private static bool Has(XElement element, string name) => element.Attribute("class")?.Value == name;

    private (int ExitCode, string Output) Run()
    {
        using var output = new StringWriter { NewLine = "\n" };
        var exitCode = App.Run(["chart", folder.Path, "--output", folder.In("chart.svg")], new Terminal(output, isInteractive: false, 80, TimeProvider.System), CancellationToken.None);
        return (exitCode, output.ToString());
    }
}

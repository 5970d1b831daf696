using System.Globalization;
using System.Text.RegularExpressions;
using Px.Experiments.Grids;
using Px.Experiments.Reports;
using Px.Experiments.Results;
using Px.Experiments.Running;
using Px.Experiments.Tests.Support;
using Px.Runner.Display;
using Px.Runner.Tests.Support;

namespace Px.Experiments.Tests.Reports;

public sealed class ReportTests : IDisposable
{
    private const string Hostile = "\"><script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>{{sections}}&amp;";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Report_Grid_ShowsEverySectionAndEveryResult()
    {
        MadeUp.Write(folder.Path, MadeUp.Grid(), withMasks: true);

        var (exitCode, output, html) = Run(folder.Path);

        exitCode.Should().Be(0);
        output.Should().Contain("26 results");
        Sections(html).Should().Equal("accuracy", "findings", "layers", "structure", "spectra", "time", "overlap", "cells", "run");
        foreach (var name in MadeUp.Grid().Select(result => result.Name))
            html.Should().Contain(name);
        html.Should().Contain("sweep --protocol fig2-small").And.Contain("9f86d081884c7d65");
    }

    [Fact]
    public void Report_TwoSeeds_SaysThatNothingCanBeSignificant()
    {
        MadeUp.Write(folder.Path, MadeUp.Grid());

        Run(folder.Path).Html.Should().Contain("With two seeds nothing here can be significant").And.NotContain(", significant");
    }

    [Fact]
    public void Report_Differences_AreSortedByWhetherTheyExceedTheSpread()
    {
        // Against PX, seed by seed: −2 and −4 points, mean −3 ± 1.41; −1 and +1, mean 0 ± 1.41.
        MadeUp.Write(folder.Path,
        [
            MadeUp.Pruned("px", "PX", 0.9, 1, 0.80), MadeUp.Pruned("px", "PX", 0.9, 2, 0.80),
            MadeUp.Pruned("snip", "SNIP", 0.9, 1, 0.78), MadeUp.Pruned("snip", "SNIP", 0.9, 2, 0.76),
            MadeUp.Pruned("force", "FORCE", 0.9, 1, 0.79), MadeUp.Pruned("force", "FORCE", 0.9, 2, 0.81),
        ]);

        var words = Text(Run(folder.Path).Html);

        words.Should().Contain("PX has the highest mean, 80.00 ± 0.00 %").And.Contain("By more than the spread ahead of SNIP +3.00 ± 1.41").And.Contain("Within the spread of FORCE 0.00 ± 1.41");
    }

    [Fact]
    public void Report_ManySeeds_NamesWhatIsSignificant()
    {
        // Eight seeds and one comparison: p = 2⁻⁷.
        MadeUp.Write(folder.Path, Enumerable.Range(1, 8).SelectMany(seed => new[] { MadeUp.Pruned("px", "PX", 0.9, seed, 0.80 + (0.001 * seed)), MadeUp.Pruned("snip", "SNIP", 0.9, seed, 0.78) }));

        Text(Run(folder.Path).Html).Should().Contain("SNIP +2.45 ± 0.24, significant").And.NotContain("nothing here can be significant");
    }

    [Fact]
    public void Report_Opening_IsAChartThenThreeSentences()
    {
        MadeUp.Write(folder.Path, MadeUp.Grid());

        var html = Run(folder.Path).Html;

        html.IndexOf("class=\"plot line-chart\"", StringComparison.Ordinal).Should().BeInRange(0, html.IndexOf("id=\"words\"", StringComparison.Ordinal)).And.BeLessThan(html.IndexOf("<section", StringComparison.Ordinal));
        var words = Regex.Match(html, "id=\"words\" class=\"words\"><p class=\"lead\">[^<]*</p>\n(.*?)</div>", RegexOptions.Singleline).Groups[1].Value;
        // At 98 %: 0.9 − 0.196 − 0.03 · method + 0.004 · (seed · (method + 3) mod 5) for methods 0 … 3 and seeds 1, 2.
        Regex.Matches(words, "<p>(.*?)</p>").Select(match => System.Net.WebUtility.HtmlDecode(match.Groups[1].Value)).Should().Equal(
            "With 98 % of the weights removed PX has the highest mean, 71.20 ± 0.57 %, before SNIP (68.80 ± 0.28 %) and SynFlow (64.40 ± 0.00 %); the dense network has 92.15 ± 0.07 %.",
            "No method falls far below the others there: Random is last with 62.00 ± 0.28 %.",
            "With two seeds nothing here can be significant: the exact test of flipped signs cannot give a p below 0.5.");
    }

    [Fact]
    public void Report_NetworksAtChance_HaveNoWinner()
    {
        // Ten classes, all 10,000 test samples: guessing reaches at most 10.9 %.
        MadeUp.Write(folder.Path, from method in MadeUp.Methods from seed in MadeUp.Seeds from pair in new[] { (Sparsity: 0.5, After: 0.8), (Sparsity: 0.98, After: method.Key == "px" ? 0.105 : 0.1) }
                                  select MadeUp.Pruned(method.Key, method.Title, pair.Sparsity, seed, pair.After));

        var html = Run(folder.Path).Html;

        html.Should().Contain("class=\"level\"").And.Contain("chance, 10 %");
        var words = Text(html);
        words.Should().Contain("With 98 % of the weights removed no network is above chance (10 %), so that none is best.")
            .And.Contain("Not above chance are PX, SNIP, SynFlow and Random at 98 %.").And.Contain("No network is above chance (10 %): which of them has the highest mean says nothing.")
            .And.NotContain("highest mean, 10.50");
    }

    [Fact]
    public void Report_SomeAtChance_AreNamedApartFromTheBest()
    {
        MadeUp.Write(folder.Path, from method in MadeUp.Methods from seed in MadeUp.Seeds select MadeUp.Pruned(method.Key, method.Title, 0.98, seed, method.Key is "px" ? 0.8 : method.Key is "snip" ? 0.7 : 0.1));

        Text(Run(folder.Path).Html).Should().Contain("PX has the highest mean, 80.00 ± 0.00 %, before SNIP (70.00 ± 0.00 %).").And.Contain("Not above chance are SynFlow and Random at 98 %.");
    }

    [Fact]
    public void Report_Style_OfAMethodIsTheSameOnEveryPage()
    {
        MadeUp.Write(folder.Path, MadeUp.Grid());
        var all = Run(folder.Path).Html;
        Directory.GetFiles(folder.Path, "*-px-*").Concat(Directory.GetFiles(folder.Path, "*-snip-*")).ToList().ForEach(File.Delete);
        var few = Run(folder.Path).Html;

        foreach (var html in (string[])[all, few])
            Regex.Matches(html, "<svg class=\"key s-([a-z-]+)\" aria-hidden=\"true\"><use href=\"#m-([a-z-]+)\"/></svg>\\s*<span>SynFlow</span>").Should().NotBeEmpty()
                .And.OnlyContain(match => match.Groups[1].Value == "synflow" && match.Groups[2].Value == "synflow");
        few.Should().NotContain("#m-snip\"");
    }

    [Fact]
    public void Report_LongTablesAndReasons_AreFolded()
    {
        MadeUp.Write(folder.Path, MadeUp.Grid().Select(result => result.Spectrum is null ? result : result with { Spectrum = result.Spectrum with { BoundExceptions = ["layer1.0.bn1", "layer1.0.bn2", "layer1.1.bn1"] } }), withMasks: true);

        var html = Run(folder.Path).Html;

        html.Should().Contain("<details class=\"cell\"><summary>layer1.0.bn1, layer1.0.bn2, la…</summary>layer1.0.bn1, layer1.0.bn2, layer1.1.bn1</details>");
        html.Should().Contain("<summary>Each network: 26 rows</summary>");
        // Whatever has more than a dozen rows is in an element that opens.
        foreach (Match table in Regex.Matches(html, "<table.*?</table>", RegexOptions.Singleline).Where(table => Regex.Count(table.Value, "<tr>") > 14))
            html[..table.Index].LastIndexOf("<details>", StringComparison.Ordinal).Should().BeGreaterThan(html[..table.Index].LastIndexOf("<section", StringComparison.Ordinal));
    }

    [Fact]
    public void Report_OneSeed_SaysThatSpreadIsUnknown()
    {
        MadeUp.Write(folder.Path, MadeUp.Grid([1]));

        Text(Run(folder.Path).Html).Should().Contain("There is one seed").And.Contain("On one seed, against").And.NotContain("more than the spread");
    }

    [Fact]
    public void Report_MethodsWithoutACommonSeed_AreNotCompared()
    {
        MadeUp.Write(folder.Path, [MadeUp.Pruned("px", "PX", 0.9, 1, 0.8), MadeUp.Pruned("snip", "SNIP", 0.9, 2, 0.8)]);

        Text(Run(folder.Path).Html).Should().Contain("No two methods were run with the same seed");
    }

    [Fact]
    public void Report_OneCell_SaysWhatThereIsAndNoMore()
    {
        MadeUp.Write(folder.Path, [MadeUp.Pruned("px", "PX", 0.98, 1, 0.8)]);

        var html = Run(folder.Path).Html;

        Sections(html).Should().Equal("accuracy", "layers", "structure", "time", "cells", "run");
        html.Should().NotContain("NaN").And.NotContain("∞");
    }

    [Fact]
    public void Report_NothingTrained_ShowsNoAccuracy()
    {
        MadeUp.Write(folder.Path, MadeUp.Grid().Select(result => Named(result with { Cell = result.Cell with { Epochs = 0 } })));

        Sections(Run(folder.Path).Html).Should().Equal("time", "layers", "structure", "spectra", "cells", "run");
    }

    [Fact]
    public void Report_Rounds_AreColumnsOfTheTimes()
    {
        MadeUp.Write(folder.Path, from rounds in new[] { 1, 2, 10 } from seed in MadeUp.Seeds select MadeUp.Pruned("synflow", "SynFlow", 0.98, seed, 0.7 + (0.01 * rounds), rounds));

        var html = Run(folder.Path).Html;

        Regex.Matches(html, "colspan=\"2\">(T = \\d+)</th>").Select(match => match.Groups[1].Value).Should().Equal("T = 1", "T = 2", "T = 10");
        // Of 15 and 12.5 s, twice: the nearest rank of 0.95 · 4 is the fourth.
        html.Should().Contain("SynFlow, T = 10: 15.0 s").And.Contain("SynFlow, T = 2");
    }

    [Fact]
    public void Report_EmptyFolder_FailsAndSaysWhatIsMissing()
    {
        var (exitCode, output, _) = Run(folder.Path);

        exitCode.Should().Be(1);
        output.Should().Contain("There is no result in").And.Contain(".result.json");
    }

    [Fact]
    public void Report_NoFolder_IsAUsageError() => Run().ExitCode.Should().Be(2);

    [Fact]
    public void Report_DamagedAndOtherFiles_AreNamedAndTheOthersShown()
    {
        MadeUp.Write(folder.Path, MadeUp.Grid());
        File.WriteAllText(folder.In("half.result.json"), "{\"format\": 1, \"name\": ");
        File.WriteAllText(folder.In("list.result.json"), "[]");
        ResultFile.Write(folder.In("newer.result.json"), MadeUp.Dense(9) with { Format = 7 });
        ResultFile.Write(folder.In("nan.result.json"), MadeUp.Pruned("px", "PX", 0.9, 9, double.NaN));

        var (exitCode, output, html) = Run(folder.Path);

        exitCode.Should().Be(1, "something is wrong");
        output.Should().Contain("26 results").And.Contain("half.result.json is damaged").And.EndWith("4 files could not be used as they are; the page lists them.\n");
        Text(html).Should().Contain("half.result.json is damaged").And.Contain("list.result.json is damaged").And.Contain("newer.result.json is of format 7").And.Contain("nan.result.json has a measure that is no number");
        html.Should().NotContain(folder.Path, "a page does not depend on where results lie");
    }

    [Fact]
    public void Report_Shards_AreMergedAndContradictionsNamed()
    {
        using var other = new TemporaryFolder();
        var all = MadeUp.Grid().ToList();
        MadeUp.Write(folder.Path, all.Take(16));
        MadeUp.Write(other.Path, all.Skip(14).Select(result => result with { Finished = result.Finished.AddDays(1), Training = result.Training with { Seconds = 99 } }));

        var (_, output, html) = Run(folder.Path, other.Path);
        output.Should().Contain("26 results");
        html.Should().NotContain("Not shown");

        var changed = all[15] with { Training = all[15].Training with { After = 0.5 } };
        MadeUp.Write(other.Path, [changed]);
        Text(Run(folder.Path, other.Path).Html).Should().Contain($"{changed.Name}.result.json is there twice, and not the same: accuracy 0.1 before");
    }

    [Fact]
    public void Report_HostileNames_AreText()
    {
        MadeUp.Write(folder.Path, MadeUp.Grid().Select(result => result.Cell.Method == "px"
            ? Named(result with { Method = Hostile, Protocol = Hostile, Cell = result.Cell with { Method = Hostile }, Settings = new Dictionary<string, string> { [Hostile] = Hostile } }, $"hostile{result.Cell.Sparsity}-{result.Cell.Seed}")
            : result));

        var html = Run(folder.Path).Html;

        Regex.Count(html, "<script").Should().Be(1);
        html.Should().NotContain("<img").And.Contain("&lt;script&gt;").And.Contain("{{sections}}&amp;amp;");
    }

    [Fact]
    public void Report_SameResults_GivesTheSameBytesInEveryCulture()
    {
        MadeUp.Write(folder.Path, MadeUp.Grid(), withMasks: true);
        var before = Run(folder.Path).Html;
        var culture = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = new CultureInfo("") { NumberFormat = new NumberFormatInfo { NumberDecimalSeparator = ",", NegativeSign = "~" } };
            Run(folder.Path).Html.Should().Be(before);
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
    }

    [Fact]
    public void Report_Page_NamesNothingOutsideItself()
    {
        MadeUp.Write(folder.Path, MadeUp.Grid());

        Regex.Matches(Run(folder.Path).Html, "(?:src|href)=\"([^\"]*)\"").Select(match => match.Groups[1].Value).Should().NotBeEmpty().And.OnlyContain(target => target.StartsWith('#') || target.StartsWith("data:"));
    }

    [Fact]
    public void Csv_Cells_EqualTheResults()
    {
        MadeUp.Write(folder.Path, MadeUp.Grid(), withMasks: true);
        Run(folder.Path);

        var cells = Csv.Read(folder.In("csv/cells.csv"));

        cells.Should().HaveCount(26);
        foreach (var result in MadeUp.Grid())
        {
            var row = cells.Single(cell => cell["name"] == result.Name);
            row["method"].Should().Be(result.Method);
            Number(row["sparsity"]).Should().Be(result.Cell.Sparsity);
            Number(row["after"]).Should().Be(result.Training.After);
            Number(row["train_seconds"]).Should().Be(result.Training.Seconds);
            row["kept"].Should().Be(result.Pruning is { } pruning ? pruning.Kept.ToString(CultureInfo.InvariantCulture) : "");
        }
    }

    [Fact]
    public void Csv_EveryTable_HoldsEveryNumber()
    {
        MadeUp.Write(folder.Path, MadeUp.Grid(), withMasks: true);
        Run(folder.Path);

        Directory.GetFiles(folder.In("csv")).Select(Path.GetFileName).Should().BeEquivalentTo(
            "accuracy.csv", "cells.csv", "diagnosis.csv", "differences.csv", "eigenvalues.csv", "layers.csv", "overlap.csv", "spectra.csv", "structure.csv", "times.csv");
        Csv.Read(folder.In("csv/layers.csv")).Should().HaveCount(24 * MadeUp.LayerCount);
        Csv.Read(folder.In("csv/eigenvalues.csv")).Should().HaveCount((2 + 8) * 4);
        Csv.Read(folder.In("csv/differences.csv")).Should().HaveCount(3 * 6);
        Csv.Read(folder.In("csv/diagnosis.csv")).Should().HaveCount(8).And.OnlyContain(row => row["finding"] == "conv1 has few weights: give it a floor.");
        // Every eigenvalue is half the dense network's.
        Csv.Read(folder.In("csv/spectra.csv")).Where(row => row["method"] != "dense").Should().HaveCount(4).And.OnlyContain(row => Math.Abs(Number(row["distance_to_dense"]) - Math.Log10(2)) < 1e-12);
    }

    [Fact]
    public void Csv_Overlap_IsThatOfTheMasks()
    {
        MadeUp.Write(folder.Path, MadeUp.Grid(), withMasks: true);
        Run(folder.Path);

        var half = Csv.Read(folder.In("csv/overlap.csv")).Where(row => Number(row["sparsity"]) == 0.5).ToList();

        half.Should().HaveCount(10);
        // Of the first half and of every other weight one half is common.
        foreach (var row in half)
            Number(row["overlap"]).Should().Be(row["method"] != row["other"] && row["other"] == "Random" ? 0.5 : 1);
        half.Should().OnlyContain(row => Math.Abs(Number(row["overlap_by_chance"]) - 0.5) < 1e-12);
        half.Should().OnlyContain(row => row["pairs"] == (row["method"] == row["other"] ? "1" : "2"));
    }

    [Fact]
    public void Report_MaskThatIsMissingOrDamaged_IsLeftOutAndDamageIsNamed()
    {
        MadeUp.Write(folder.Path, MadeUp.Grid(), withMasks: true);
        var masks = MadeUp.Grid().Where(result => result.Cell is { Method: "px", Sparsity: 0.5 }).Select(result => folder.In(result.Pruning!.MaskFile)).ToList();
        File.Delete(masks[0]);
        File.WriteAllText(masks[1], "no mask");

        var (exitCode, output, html) = Run(folder.Path);

        exitCode.Should().Be(1);
        output.Should().Contain($"{Path.GetFileName(masks[1])} is ").And.NotContain(Path.GetFileName(masks[0]), "results may be copied without their masks");
        html.Should().Contain(Path.GetFileName(masks[1])).And.NotContain(folder.Path);
        var rows = Csv.Read(folder.In("csv/overlap.csv"));
        rows.Where(row => Number(row["sparsity"]) == 0.5).Should().HaveCount(6).And.NotContain(row => row["method"] == "PX");
        rows.Where(row => Number(row["sparsity"]) == 0.9).Should().HaveCount(10);
    }

    [Fact]
    public void Csv_SeveralSettings_AreToldApart()
    {
        MadeUp.Write(folder.Path, MadeUp.Grid());
        MadeUp.Write(folder.Path, MadeUp.Grid().Select(result => Named(result with { Cell = result.Cell with { LearningRate = 0.5 } })));

        var html = Run(folder.Path).Html;

        Csv.Read(folder.In("csv/cells.csv")).GroupBy(row => row["setting"]).Select(group => (group.Key, group.Count())).Should().BeEquivalentTo(
            [("resnet20 on fashion-mnist, random weights, learning rate 0.5", 26), ("resnet20 on fashion-mnist, random weights, learning rate of the recipe", 26)]);
        html.Should().Contain("<h3>resnet20 on fashion-mnist, random weights, learning rate 0.5</h3>");
    }

    [Fact]
    public void Report_ScoredOnOtherSamples_IsASeriesOfItsOwnWithItsOverlaps()
    {
        foreach (var name in ScoredSamples.Names)
        {
            var result = MadeUp.Pruned("px", "PX", 0.5, 1, 0.8);
            result = Named(result with { Cell = result.Cell with { ScoredOn = name }, Pruning = result.Pruning! with { MaskFile = $"{name}.mask.safetensors" } });
            MadeUp.Write(folder.Path, [result]);
            // On noise every other weight stays, of which one half is among the first half.
            MadeUp.WriteMask(folder.In(result.Pruning!.MaskFile), result.Pruning, everyOther: name == ScoredSamples.Noise);
        }

        Run(folder.Path);

        Csv.Read(folder.In("csv/overlap.csv")).Select(row => (row["method"], row["other"], Number(row["overlap"]))).Should().BeEquivalentTo(
            [("PX", "PX, on others", 1.0), ("PX", "PX, on noise", 0.5), ("PX, on others", "PX, on noise", 0.5)]);
    }

    private static CellResult Named(CellResult result, string? name = null) => result with { Name = name ?? CellName.Of(result.Cell) };

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    private static IEnumerable<string> Sections(string html) => Regex.Matches(html, "<section id=\"(\\w+)\"").Select(match => match.Groups[1].Value);

    private static string Text(string html) => Regex.Replace(System.Net.WebUtility.HtmlDecode(Regex.Replace(html, "<[^>]*>", " ")), "\\s+", " ");

    private (int ExitCode, string Output, string Html) Run(params string[] folders)
    {
        File.Delete(folder.In("page.html"));
        using var output = new StringWriter { NewLine = "\n" };
        var exitCode = App.Run(["report", .. folders, "--output", folder.In("page.html"), "--csv", folder.In("csv")], new Terminal(output, isInteractive: false, 80, TimeProvider.System), CancellationToken.None);
        return (exitCode, output.ToString(), File.Exists(folder.In("page.html")) ? File.ReadAllText(folder.In("page.html")) : "");
    }
}

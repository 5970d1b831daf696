using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Px.Experiments.Reports.Html;
using Px.Runner.Experiments;

namespace Px.Experiments.Tests.Reports;

/// <summary>Every method of the catalogue has a hue and a mark of its own, on light and on dark pages.</summary>
public sealed class HuesTests
{
    // Grounds of page.css and picture.css.
    private static readonly string[] Light = ["#fcfcfa", "#ffffff"], Dark = ["#14171b"];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Hues_OfEveryTwoMethods_AreDistinct(bool dark)
    {
        var hues = Hues(dark);

        hues.Keys.Should().Contain(MethodCatalog.Names).And.HaveCountGreaterThan(26);
        var names = hues.Keys.ToList();
        foreach (var (a, b) in from i in Enumerable.Range(0, names.Count) from j in Enumerable.Range(0, i) select (names[j], names[i]))
            Distance(hues[a], hues[b]).Should().BeGreaterThan(0.08, $"{a} and {b} are told apart by their hue");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Hues_OnTheirGround_AreSeen(bool dark)
    {
        // WCAG 2 asks 3 of graphics.
        foreach (var (name, hue) in Hues(dark))
            (dark ? Dark : Light).Select(ground => Contrast(hue, ground)).Should().OnlyContain(contrast => contrast >= 3, name);
    }

    [Fact]
    public void Marks_OfEveryTwoMethods_AreDistinct()
    {
        var marks = XElement.Parse($"<g>{Resource.Read("marks.svg")}</g>").Elements().ToDictionary(mark => mark.Attribute("id")!.Value);

        marks.Keys.Should().Contain([.. MethodCatalog.Names.Select(name => $"m-{name}"), "m-dense", "m-chance", "m-other"]);
        marks.Values.Select(mark => Regex.Replace(mark.ToString(), " id=\"[^\"]*\"", "")).Should().OnlyHaveUniqueItems();
    }

    private static Dictionary<string, string> Hues(bool dark)
    {
        var parts = Resource.Read("hues.css").Split("@media");
        return Regex.Matches(parts[dark ? 1 : 0], @"\.s-([a-z0-9-]+) \{ color: (#[0-9a-f]{6}); \}").ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value);
    }

    // B. Ottosson, A perceptual color space for image processing, 2020.
    private static double Distance(string a, string b)
    {
        var (x, y) = (OkLab(a), OkLab(b));
        return Math.Sqrt(x.Zip(y).Sum(pair => (pair.First - pair.Second) * (pair.First - pair.Second)));
    }

    private static double[] OkLab(string hue)
    {
        var (r, g, b) = Linear(hue);
        var l = Math.Cbrt((0.4122214708 * r) + (0.5363325363 * g) + (0.0514459929 * b));
        var m = Math.Cbrt((0.2119034982 * r) + (0.6806995451 * g) + (0.1073969566 * b));
        var s = Math.Cbrt((0.0883024619 * r) + (0.2817188376 * g) + (0.6299787005 * b));
        return
        [
            (0.2104542553 * l) + (0.7936177850 * m) - (0.0040720468 * s),
            (1.9779984951 * l) - (2.4285922050 * m) + (0.4505937099 * s),
            (0.0259040371 * l) + (0.7827717662 * m) - (0.8086757660 * s),
        ];
    }

    private static double Contrast(string a, string b)
    {
        var (x, y) = (Luminance(a), Luminance(b));
        return (Math.Max(x, y) + 0.05) / (Math.Min(x, y) + 0.05);
    }

    private static double Luminance(string hue)
    {
        var (r, g, b) = Linear(hue);
        return (0.2126 * r) + (0.7152 * g) + (0.0722 * b);
    }

    private static (double R, double G, double B) Linear(string hue)
    {
        var value = int.Parse(hue[1..], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return (Part(value >> 16), Part((value >> 8) & 255), Part(value & 255));

        static double Part(int part) => part / 255.0 is var v && v <= 0.04045 ? v / 12.92 : Math.Pow((v + 0.055) / 1.055, 2.4);
    }
}

using System.Globalization;
using System.Text.RegularExpressions;
using Px.Experiments.Reports;
using Px.Experiments.Reports.Charts;

namespace Px.Experiments.Tests.Reports.Charts;

public sealed class LineChartTests
{
    [Theory]
    [InlineData(3)]
    [InlineData(15)]
    [InlineData(40)]
    public void Names_OfLinesThatEndTogether_StandApartInTheChartsHeight(int count)
    {
        var random = new Random(5);
        foreach (var spread in new[] { 0, 0.01, 0.5, 1 })
        {
            var chart = Chart();
            for (var i = 0; i < count; i++)
                chart.Add(Line($"m{i}"), [new(0, 0.5, null, [], ""), new(1, spread * random.NextDouble(), null, [], "")]);

            var places = Regex.Matches(chart.Content().ToString(), "class=\"mark\"[^>]* y=\"([^\"]*)\"").Select(match => double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)).ToList();

            places.Should().HaveCount(count).And.BeInAscendingOrder().And.OnlyContain(y => y >= 0 && y <= chart.Height);
            places.Zip(places.Skip(1)).Should().OnlyContain(pair => pair.Second - pair.First >= chart.NameHeight - 0.011, "two decimals are written");
        }
    }

    [Fact]
    public void Names_OfLinesThatEndApart_AreWhereTheyEnd()
    {
        var chart = Chart();
        chart.Add(Line("a"), [new(0, 0.25, null, [], "")]);
        chart.Add(Line("b"), [new(0, 0.75, null, [], "")]);

        Regex.Matches(chart.Content().ToString(), "class=\"mark\"[^>]* y=\"([^\"]*)\"").Select(match => match.Groups[1].Value).Should().Equal("100", "300");
    }

    private static LineChart Chart() => new("chart", Scale.Linear(0, 1, value => ""), Scale.Linear(0, 1, value => "")) { XTitle = "x", YTitle = "y" };

    private static Series Line(string name) => new(new Variant(name, null, 0), name, "", 0);
}

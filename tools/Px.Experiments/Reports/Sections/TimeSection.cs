using Px.Experiments.Reports.Charts;
using Px.Experiments.Reports.Html;
using Px.Experiments.Reports.Tables;
using Px.Experiments.Statistics;

namespace Px.Experiments.Reports.Sections;

/// <summary>The paper's Table 2: what rounds cost, and what they bring.</summary>
public static class TimeSection
{
    private const double Percentile = 0.95;

    public static Section? Build(ResultSet results) => Section.OfStudies(
        "time", "Time against rounds",
        Markup.Of($"<p class=\"hint\">Seconds that pruning took: of all timed runs of all seeds the 95th percentile (nearest rank). T is the number of rounds that were run.</p>\n"),
        results, Build);

    private static (Markup, IReadOnlyList<DataTable>)? Build(Study study)
    {
        var timed = study.Groups.SelectMany(Timed).ToList();
        if (timed.Count == 0)
            return null;
        var table = new DataTable(
            study, "times", "Pruning times", Column.OfText("Method", "method"), new("Removed", "sparsity"), new("Rounds", "rounds"), new("Timed runs", "runs"), new("Mean, s", "mean_seconds"),
            new("95th percentile, s", "p95_seconds"), new($"{study.Measure}", "mean"), new("Std. dev.", "standard_deviation"));
        foreach (var time in timed)
        {
            table.Add(
                time.Group.Series, DataCell.Of(time.Group.Sparsity, Words.Share), time.Rounds, time.Seconds.Values.Count, DataCell.Of(time.Seconds.Mean, Words.Number),
                DataCell.Of(time.Seconds.Percentile(Percentile), Words.Number), DataCell.Of(time.Group.After.Mean, Words.Percent), DataCell.Of(time.Group.After.Deviation, Words.Percent));
        }

        var layouts = study.Sparsities.Select(sparsity => Layout(study, sparsity, [.. timed.Where(time => time.Group.Sparsity == sparsity)]));
        return (Markup.Of($"{(study.IsTrained ? Chart(study) : Markup.Empty)}{layouts}{Section.Folded("The numbers", table)}"), [table]);
    }

    /// <summary>Seconds against rounds, a line for each method that was run in different rounds; empty where none was.</summary>
    public static Markup Chart(Study study) => Chart([.. study.Groups.SelectMany(Timed)]);

    private static IEnumerable<(Group Group, int Rounds, Sample Seconds)> Timed(Group group) =>
        group.All.Select(found => found.Result.Pruning).Where(pruning => pruning is { Seconds.Count: > 0 }).GroupBy(pruning => pruning!.Rounds).OrderBy(rounds => rounds.Key)
            .Select(rounds => (group, rounds.Key, new Sample(rounds.SelectMany(pruning => pruning!.Seconds))));

    // Rows are methods, columns rounds, a pair of numbers each.
    private static Markup Layout(Study study, double sparsity, List<(Group Group, int Rounds, Sample Seconds)> timed)
    {
        if (timed.Count == 0)
            return Markup.Empty;
        var columns = timed.Select(time => time.Rounds).Distinct().Order().ToList();
        var caption = $"{Words.Share(sparsity)} removed: {(study.IsTrained ? $"{study.Measure} and seconds" : "seconds")} after T rounds";
        var measure = (string text, string attributes) => study.IsTrained ? Markup.Of($"<td class=\"n\"{Markup.Trusted(attributes)}>{text}</td>") : Markup.Empty;
        var rows = timed.GroupBy(time => time.Group.Series.Variant with { Rounds = null }).Select(method =>
        {
            var cells = columns.Select(rounds => method.Where(time => time.Rounds == rounds).Select(time => Markup.Of(
                $"{measure(Words.Percent(time.Group.After.Mean, time.Group.After.Deviation), $" data-v=\"{Words.Sortable(time.Group.After.Mean)}\"")}<td class=\"n s\" data-v=\"{Words.Sortable(time.Seconds.Percentile(Percentile))}\">{Words.Seconds(time.Seconds.Percentile(Percentile))}</td>"))
                .DefaultIfEmpty(Markup.Of($"{measure("", "")}<td class=\"n s\"></td>")).First());
            return Markup.Of($"<tr><th scope=\"row\">{Unrounded(method.First().Group.Series).Chip}</th>{cells}</tr>\n");
        });
        var table = Markup.Of(
            $"""
            <div class="scroll" role="region" tabindex="0" aria-label="{caption}"><table class="rounds sortable"><caption>{caption}</caption>
            <thead><tr><td></td>{columns.Select(rounds => Markup.Of($"<th scope=\"colgroup\" colspan=\"{(study.IsTrained ? 2 : 1)}\">T = {rounds}</th>"))}</tr>
            <tr><th scope="col">Method</th>{columns.Select(rounds => Markup.Of($"{(study.IsTrained ? Markup.Of($"<th scope=\"col\" class=\"n\">{study.Measure}</th>") : Markup.Empty)}<th scope=\"col\" class=\"n s\">time</th>"))}</tr></thead>
            <tbody>{rows}</tbody></table></div>

            """);
        return study.Sparsities.Count == 1 ? table : Section.Numbers(caption, table);
    }

    // What tells series of one method apart, rounds left out.
    private static Series Unrounded(Series series) => series with { Suffix = series.Variant.Floor + series.Variant.Samples };

    private static Markup Chart(List<(Group Group, int Rounds, Sample Seconds)> timed)
    {
        var lines = timed.GroupBy(time => time.Group.Series.Variant with { Rounds = null }).Where(method => method.Select(time => time.Rounds).Distinct().Count() > 1).ToList();
        if (lines.Count == 0)
            return Markup.Empty;
        var seconds = lines.SelectMany(line => line.Select(time => time.Seconds.Percentile(Percentile))).Where(value => value > 0).DefaultIfEmpty(1).ToList();
        var rounds = lines.SelectMany(line => line.Select(time => (double)time.Rounds)).Distinct().Order().ToList();
        var chart = new LineChart("seconds against rounds, a line a method", Scale.At(rounds, Math.Log, Words.Count), Scale.Log(seconds.Min(), seconds.Max()))
        {
            XTitle = "rounds T", YTitle = "seconds",
        };
        foreach (var line in lines)
        {
            // Time hardly depends on sparsity: one line for all.
            chart.Add(Unrounded(line.First().Group.Series), line.GroupBy(time => time.Rounds).OrderBy(at => at.Key).Select(at =>
            {
                var value = new Sample(at.SelectMany(time => time.Seconds.Values)).Percentile(Percentile);
                return new LinePoint(at.Key, Math.Max(value, seconds.Min()), null, [value], $"{Unrounded(at.First().Group.Series).Label}, T = {at.Key}: {Words.Seconds(value)}");
            }));
        }

        return Markup.Of($"<figure class=\"wide\">{chart.ToMarkup()}</figure>\n");
    }
}

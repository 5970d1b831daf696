using Px.Experiments.Reports.Html;

namespace Px.Experiments.Reports.Charts;

/// <summary>The paper's Figures 2 to 4: the measure against sparsity, a line a method, with the dense network and chance.</summary>
public static class AccuracyChart
{
    /// <summary>The chart; null where networks were not trained, or at one sparsity only.</summary>
    /// <param name="study">What to draw.</param>
    /// <param name="nameHeight">Pixels from one method's name to the next.</param>
    public static LineChart? Of(Study study, double nameHeight = 16)
    {
        if (!study.IsTrained || study.Sparsities.Count < 2)
            return null;
        var scale = MeasureScale.Of(study.Groups, study.Sparsities.Select(sparsity => study.At(sparsity).Select(group => group.After.Mean)), study.Chance, ticks: 6);
        var chart = new LineChart(
            $"{study.Measure} against the fraction of weights removed, a line a method",
            Scale.At(study.Sparsities, sparsity => -Math.Log(1 - sparsity), sparsity => Words.Share(sparsity)[..^2]), scale)
        {
            NameHeight = nameHeight, XTitle = "weights removed, % (distances as the logarithm of what is left)", YTitle = study.Measure,
        };
        if (study.Dense is { } dense)
            chart.SetBand(dense.Series, Point(dense));
        if (study.Chance is { } chance)
            chart.SetLevel($"chance, {Words.Share(chance)}", chance);
        foreach (var series in study.Series)
            chart.Add(series, study.Of(series).Select(Point));
        return chart;
    }

    /// <summary>What is said of a mark.</summary>
    public static string Describe(Group group) =>
        $"{group.Series.Label}{(group.Series.Variant.IsDense ? "" : $", {Words.Share(group.Sparsity)} removed")}: {Words.Percent(group.After.Mean, group.After.Deviation)}"
        + (group.Seeds.Count > 1 ? $" ({string.Join(", ", group.AfterBySeed.Select(pair => $"seed {pair.Key}: {Words.Percent(pair.Value)}"))})" : "");

    private static LinePoint Point(Group group) => new(group.Sparsity, group.After.Mean, group.After.Deviation, group.After.Values, Describe(group));
}

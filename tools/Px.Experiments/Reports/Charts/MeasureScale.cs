using Px.Experiments.Reports.Html;

namespace Px.Experiments.Reports.Charts;

/// <summary>The axis of accuracies and the like. Where few networks lie far below most, or chance does, what is below most is pressed together, so that nothing is left out.</summary>
public static class MeasureScale
{
    // Of all that has to be shown: where most takes less, it is worth a bend.
    private const double SmallPart = 0.6;

    /// <param name="groups">What is shown, the dense network with it; at least one.</param>
    /// <param name="means">The means that are compared, sparsity by sparsity.</param>
    /// <param name="chance">The level of guessing, where it is known.</param>
    /// <param name="ticks">About how many ticks there are.</param>
    public static Scale Of(IEnumerable<Group> groups, IEnumerable<IEnumerable<double>> means, double? chance, int ticks)
    {
        var shown = groups.ToList();
        var (lowest, highest) = (shown.Min(Low), shown.Max(High));
        lowest = Math.Min(lowest, chance ?? lowest);
        var floor = Math.Min(means.Min(Scale.Floor), shown.Where(group => group.Series.Variant.IsDense).Select(Low).DefaultIfEmpty(1).Min());
        return floor > 0 && highest - floor < SmallPart * (highest - lowest)
            ? Scale.Bent(floor, highest, Words.Share, ticks)
            : Scale.Linear(lowest, highest, Words.Share, ticks);
    }

    /// <summary>The least that is drawn of a group: a value, or a deviation below the mean.</summary>
    public static double Low(Group group) => Math.Max(0, Math.Min(group.After.Values.Min(), group.After.Mean - (group.After.Deviation ?? 0)));

    /// <summary>The most that is drawn of a group.</summary>
    public static double High(Group group) => Math.Min(1, Math.Max(group.After.Values.Max(), group.After.Mean + (group.After.Deviation ?? 0)));
}

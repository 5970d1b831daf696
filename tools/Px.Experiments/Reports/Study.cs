using Px.Experiments.Grids;
using Px.Experiments.Reports.Html;
using Px.Experiments.Running;

namespace Px.Experiments.Reports;

/// <summary>The results that may be compared: of one network on one data set with one training.</summary>
public sealed class Study
{
    private const string AccuracyName = "accuracy";

    // Of the data sets that are known, where all are used.
    private const int FewestTestSamples = 10_000;

    private readonly Dictionary<(Variant, double), Group> groups;

    /// <param name="setting">What its cells have in common.</param>
    /// <param name="name">What tells it from other studies of the report.</param>
    /// <param name="results">Its results.</param>
    /// <param name="methods">All methods of the report, in its order.</param>
    public Study(Cell setting, string name, IReadOnlyList<FoundResult> results, IReadOnlyList<string> methods)
    {
        (Setting, Name) = (setting, name);
        int Order(Variant variant) => methods.TakeWhile(method => method != variant.Method).Count();
        var variants = results.GroupBy(found => Variant.Of(found.Result.Cell))
            .OrderBy(variant => Order(variant.Key)).ThenBy(variant => variant.Key.Rounds ?? 0).ThenBy(variant => variant.Key.MinimumDensity)
            .ThenBy(variant => ScoredSamples.Names.ToList().IndexOf(variant.Key.ScoredOn))
            .ToList();
        groups = (from variant in variants
                  let method = variant.First().Result.Method
                  let series = new Series(
                      variant.Key, method, Differences(variant.Key, variants.Select(other => other.Key)),
                      variants.TakeWhile(other => other != variant).Count(other => other.Key.Method == variant.Key.Method))
                  from sparsity in variant.GroupBy(found => found.Result.Cell.Sparsity)
                  select new Group(series, sparsity.Key, sparsity)).ToDictionary(group => (group.Series.Variant, group.Sparsity));
        Dense = groups.Values.FirstOrDefault(group => group.Series.Variant.IsDense);
        Series = [.. groups.Values.Select(group => group.Series).Distinct().Where(series => !series.Variant.IsDense)];
        Sparsities = [.. groups.Values.Where(group => group != Dense).Select(group => group.Sparsity).Distinct().Order()];
        Measure = results[0].Result.Training.Measure;
        Chance = Measure == AccuracyName && Groups.SelectMany(group => group.Outcomes).Max(outcome => outcome.Outputs) is > 1 and var classes ? 1.0 / classes : null;
    }

    /// <summary>A cell of the study, less what tells the cells of a study apart.</summary>
    public Cell Setting { get; }

    public string Name { get; }

    /// <summary>What is measured: <c>accuracy</c> or <c>mean IoU</c>.</summary>
    public string Measure { get; }

    /// <summary>Whether there was any training: without, the measure says nothing of a method.</summary>
    public bool IsTrained => Setting.Epochs > 0;

    /// <summary>The methods, without the dense network.</summary>
    public IReadOnlyList<Series> Series { get; }

    /// <summary>Ascending.</summary>
    public IReadOnlyList<double> Sparsities { get; }

    /// <summary>The accuracy of guessing, one over the number of classes; null where that is not known, and for other measures.</summary>
    public double? Chance { get; }

    /// <summary>The network that nothing was removed from, where it was trained.</summary>
    public Group? Dense { get; }

    /// <summary>The dense network, then series by series, by sparsity.</summary>
    public IEnumerable<Group> Groups => (Dense is null ? [] : new[] { Dense }).Concat(Series.SelectMany(Of));

    /// <summary>What is known of a series, by sparsity.</summary>
    public IEnumerable<Group> Of(Series series) => Sparsities.Select(sparsity => groups.GetValueOrDefault((series.Variant, sparsity))).OfType<Group>();

    /// <summary>What is known at a sparsity, series by series.</summary>
    public IEnumerable<Group> At(double sparsity) => Series.Select(series => groups.GetValueOrDefault((series.Variant, sparsity))).OfType<Group>();

    /// <summary>Whether networks guess: their mean is not above chance by more than three standard errors of guessing all test samples.</summary>
    public bool IsAtChance(Group group) =>
        Chance is { } chance && group.After.Mean <= chance + (3 * Math.Sqrt(chance * (1 - chance) / (Setting.TestSamples ?? FewestTestSamples)));

    private static string Differences(Variant variant, IEnumerable<Variant> variants)
    {
        var others = variants.Where(other => other.Method == variant.Method).ToList();
        var rounds = others.DistinctBy(other => other.Rounds).Count() > 1 ? variant.Rounds is { } count ? $", T = {Words.Count(count)}" : ", T by default" : "";
        var floor = others.DistinctBy(other => other.MinimumDensity).Count() > 1 ? variant.Floor : "";
        return floor + variant.Samples + rounds;
    }
}

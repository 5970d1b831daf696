using System.Globalization;
using Microsoft.Extensions.Logging;
using Px.Pruning.Ranking;
using static TorchSharp.torch;

namespace Px.Pruning;

// The rounds of one call: applies schedule and scope, and reports to logger, progress and mask collection.
internal sealed class PruningPlan
{
    private readonly string method;
    private readonly double sparsity;
    private readonly PruningOptions options;
    private readonly double[] densities;
    private readonly int series; // rounds from one restoration to the next
    private readonly long total;

    // Throws ArgumentException where the schedule's densities are invalid, or the scope's guarantee cannot hold at this sparsity.
    internal PruningPlan(
        string method, int defaultRounds, double sparsity, PruningOptions options,
        IEnumerable<(string Name, long Weights, InputAxis? Inputs)> parameters, int restorations = 0)
    {
        var weights = parameters.ToList();
        (this.method, this.sparsity, this.options) = (method, sparsity, options);
        total = weights.Sum(parameter => parameter.Weights);
        series = options.Rounds ?? defaultRounds;
        densities = [.. Enumerable.Range(0, restorations + 1).SelectMany(index => Series(index, 1 - sparsity))];
        options.Scope.Check(weights.Select(parameter => (parameter.Name, parameter.Weights)), Keep(Rounds));
        options.Scope.CheckPrune(1 - sparsity, weights.Select(parameter => (parameter.Name, parameter.Inputs)));
        if (options is { Ablation: SanityAblation.ShuffleWithinLayers, Scope: NOfMScope })
        {
            throw new ArgumentException(
                $"Shuffling the mask within layers breaks its pattern {Scope}. Prune with RandomPruner in this scope: every mask of the "
                + "pattern is equally likely.", nameof(options));
        }
    }

    internal int Rounds => densities.Length;

    // Whether anything is pruned at all.
    internal bool Removes => Keep(Rounds).Of(total) < total;

    // In full precision: a checkpoint compares them.
    internal string Densities => string.Join(" ", densities.Select(density => density.ToString("R", CultureInfo.InvariantCulture)));

    internal string Scope => options.Scope.ToString()!;

    internal string Counting => options.Counting.ToString();

    // How many weights to keep in a round, over all parameters.
    internal long Wanted(int round) => Keep(round).Of(total);

    // The weights to keep in a round: for each parameter a bool tensor on the CPU, in the current dispose scope. magnitude gives |θ|.
    internal IReadOnlyList<Tensor> Select(
        int round, IEnumerable<(string Name, Tensor Scores, Tensor Alive, InputAxis? Inputs)> parameters,
        Func<string, Tensor>? magnitude = null) =>
        Select(Keep(round), parameters, magnitude);

    // The same for a step of Restoration.
    internal IReadOnlyList<Tensor> Select(
        double density, IEnumerable<(string Name, Tensor Scores, Tensor Candidates, InputAxis? Inputs)> parameters) =>
        Select(new KeepCount(density, options.Counting), parameters, magnitude: null);

    // The densities by which the mask grows back before a round, ascending; none before most rounds.
    internal IReadOnlyList<double> Restoration(int round)
    {
        if (round <= series || (round - 1) % series != 0) return [];
        double start = Start((round - 1) / series, densities[^1]), final = densities[^1];
        return [.. Enumerable.Range(1, series).Select(step => final + (start - final) * step / series)];
    }

    // Reports the masks of a round, and how many of the ranked weights they keep.
    internal void Report(int round, TimeSpan elapsed, IEnumerable<KeyValuePair<string, Tensor>> masks, long kept)
    {
        options.Logger?.LogInformation(
            "{Method} round {Round} of {Rounds}: {Kept} of {Total} weights kept.", method, round, Rounds, kept, total);
        options.RoundMasks?.Add(new PruningMask(masks, new Dictionary<string, string>
        {
            ["method"] = method,
            ["round"] = round.ToString(CultureInfo.InvariantCulture),
        }));
        options.Progress?.Report(new PruningProgress(method, round, Rounds, kept, total, elapsed));
    }

    // A mask's metadata; methods add their own settings.
    internal Dictionary<string, string> Metadata(string seed) => new()
    {
        ["method"] = method,
        ["sparsity"] = sparsity.ToString("R", CultureInfo.InvariantCulture),
        ["rounds"] = series.ToString(CultureInfo.InvariantCulture),
        ["schedule"] = options.Schedule.ToString()!,
        ["scope"] = Scope,
        ["counting"] = Counting,
        ["seed"] = seed,
    };

    internal static void Check(double sparsity)
    {
        if (sparsity >= 0 && sparsity < 1) return;
        throw new ArgumentOutOfRangeException(
            nameof(sparsity), sparsity, "The sparsity is the fraction of weights to remove: at least 0 and below 1.");
    }

    private IReadOnlyList<Tensor> Select(
        KeepCount keep, IEnumerable<(string Name, Tensor Scores, Tensor Alive, InputAxis? Inputs)> parameters,
        Func<string, Tensor>? magnitude) =>
        options.Scope.Select(
            [.. parameters.Select(p => new ScoredParameter(p.Name, p.Scores, p.Alive)
                { Magnitude = magnitude is null ? null : () => magnitude(p.Name), Inputs = p.Inputs })],
            keep);

    // The schedule from where a series of rounds starts; it ends at the final density exactly.
    private IEnumerable<double> Series(int index, double final)
    {
        double start = Start(index, final);
        var plan = options.Schedule.Plan(series, Math.Min(1, final / start));
        return index == 0 ? plan : plan.Select((density, i) => i == series - 1 ? final : Math.Max(final, start * density));
    }

    // d⁰, d^½, d^¾, d^⅞, …
    private static double Start(int index, double final) => Math.Pow(final, 1 - Math.Pow(2, -index));

    private KeepCount Keep(int round) => new(densities[round - 1], options.Counting);
}

using System.Diagnostics;
using System.Globalization;
using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Logging;
using Px.Pruning.Engine;

namespace Px.Pruning.Shrinking;

// One call of ChannelPruning. It finds the groups of channels, scores and removes them round by round on a mask, zeroes what the mask
// prunes and has the zeroed channels taken out.
internal sealed class ChannelRun(
    IPruner pruner, PruningModel model, PruningData data, ChannelTarget target, ChannelOptions options, CancellationToken token)
{
    private readonly Stopwatch watch = Stopwatch.StartNew();

    internal ChannelResult Prune()
    {
        using var use = new ModelUse(model.Module, pruner.Name);
        var (structure, chosen) = Choose();
        var mask = chosen.Mask(Metadata());
        try
        {
            using var zeroed = ChannelStructure.Zero(model.Module, mask);
            var shrunk = Shrink(PruningData.Shapes(structure.Shapes), chosen.Nodes).Shrink();
            // All that was zeroed has been replaced by smaller tensors.
            zeroed.Forget();
            return new ChannelResult { Target = target, Shrunk = shrunk, Mask = mask, Fixed = structure.Fixed() };
        }
        catch
        {
            mask.Dispose();
            throw;
        }
    }

    internal PruningMask Mask()
    {
        using var use = new ModelUse(model.Module, pruner.Name);
        return Choose().Chosen.Mask(Metadata());
    }

    private (ChannelStructure Structure, ChannelSelection Chosen) Choose()
    {
        if (pruner is IScoresNoWeights { WhyNoScores: var why })
            throw new NotSupportedException($"{pruner.Name} has no score for every weight that a channel's could be summed from: {why}.");
        if (pruner is not Pruner known)
            return Rounds(Study(data), (_, mask) => pruner.Score(model, data, mask, options.Scoring, token));
        UnsupportedModelException? refused = null;
        var chosen = known.ScoreRounds<(ChannelStructure, ChannelSelection)?>(model, data, options.Scoring, (network, score) =>
        {
            if (network.Sample!.OtherType is { } type) throw ShrinkFaults.NotOfNumbers(type);
            try
            {
                // The shapes alone, so that the caller's data is read once.
                return Rounds(Study(PruningData.Shapes([.. network.Sample.Shapes])), score);
            }
            catch (UnsupportedModelException e)
            {
                // The session would name other pruners, which cannot prune these channels either.
                refused = e;
                return null;
            }
        }, token, refusesZeros: true);
        if (refused is not null) ExceptionDispatchInfo.Throw(refused);
        return chosen!.Value;
    }

    private ChannelStructure Study(PruningData sample) => Shrink(sample, null).Study();

    private ShrinkRun Shrink(PruningData sample, IReadOnlySet<int>? chosen) =>
        new(model, model, sample, options.Shrinking, token) { Chosen = chosen };

    private (ChannelStructure Structure, ChannelSelection Chosen) Rounds(ChannelStructure structure, ScoreRound score)
    {
        var whole = new ChannelSelection(structure, options);
        long weights = whole.Weights;
        double all = target.Measure(whole);
        if (!whole.Remove(_ => 0, target.Share * all, target.Measure)) throw OutOfReach(structure, whole, all);

        double[] shares = options.Scoring.Schedule.Plan(options.Scoring.Rounds ?? pruner.DefaultRounds, target.Share);
        ChannelSelection? selection = null;
        PruningMask? mask = null;
        try
        {
            for (int round = 1; round <= shares.Length; round++)
            {
                token.ThrowIfCancellationRequested();
                using (var scores = score(round, mask))
                {
                    if (round == 1) structure.KeepUnscored(scores, pruner.Name);
                    selection ??= new ChannelSelection(structure, options);
                    if (!selection.Remove(Values(selection, scores), shares[round - 1] * all, target.Measure))
                        throw OutOfReach(structure, selection, all);
                }

                mask?.Dispose();
                mask = selection.Mask(new Dictionary<string, string>
                {
                    ["method"] = pruner.Name,
                    ["round"] = round.ToString(CultureInfo.InvariantCulture),
                });
                Report(round, shares.Length, mask, selection.Weights, weights);
            }
        }
        finally
        {
            mask?.Dispose();
        }

        return (structure, selection!);
    }

    // What groups are ranked by.
    private Func<ChannelGroup, double> Values(ChannelSelection selection, PruningScores scores)
    {
        foreach (string name in scores.Names) NonFiniteScoreException.ThrowIfAny(name, scores[name]);
        var sums = selection.Scores(scores);
        return options.Ranking == ChannelRanking.PerWeight
            ? group => sums[group].Sum / sums[group].Weights
            : group => sums[group].Sum;
    }

    private void Report(int round, int rounds, PruningMask mask, long kept, long weights)
    {
        var scoring = options.Scoring;
        scoring.Logger?.LogInformation("{Method} round {Round} of {Rounds}: channels with {Kept} of {Total} weights kept.",
            pruner.Name, round, rounds, kept, weights);
        scoring.RoundMasks?.Add(new PruningMask(mask.Names.Select(name => KeyValuePair.Create(name, mask[name])), mask.Metadata));
        scoring.Progress?.Report(new PruningProgress(pruner.Name, round, rounds, kept, weights, watch.Elapsed));
    }

    private Dictionary<string, string> Metadata() => new()
    {
        ["seed"] = options.Scoring.Seed?.ToString(CultureInfo.InvariantCulture) ?? "drawn",
        ["method"] = pruner.Name,
        ["channels"] = target.ToString(),
        ["ranking"] = options.Ranking.ToString(),
        ["round-to"] = options.RoundTo.ToString(CultureInfo.InvariantCulture),
        ["minimum"] = options.MinimumPerLayer.ToString(CultureInfo.InvariantCulture),
        ["rounds"] = (options.Scoring.Rounds ?? pruner.DefaultRounds).ToString(CultureInfo.InvariantCulture),
        ["schedule"] = options.Scoring.Schedule.ToString()!,
    };

    private ArgumentException OutOfReach(ChannelStructure structure, ChannelSelection least, double all)
    {
        var stay = structure.Fixed().GroupBy(channels => channels.Reason)
            .Select(reason => $"{reason.Sum(channels => channels.Channels)} channels stay, since {reason.Key}").ToList();
        return new ArgumentException(string.Create(CultureInfo.InvariantCulture,
            $"The target is {target}, and {100 * target.Measure(least) / all:0.##} % stay in any case: every layer keeps ")
            + $"{options.MinimumPerLayer} channel{(options.MinimumPerLayer == 1 ? "" : "s")}"
            + (options.RoundTo > 1 ? $", a multiple of {options.RoundTo}" : "")
            + $"; {string.Join("; ", stay)}.");
    }
}

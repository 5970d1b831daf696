using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Px.Pruning.Engine;
using Px.Pruning.Engine.Paths;
using Px.Pruning.Engine.Sessions;
using Px.Pruning.Engine.Weights;
using Px.Pruning.Engine.Wiring;
using Px.Pruning.Masking;
using Px.Pruning.Reporting;
using static TorchSharp.torch;

namespace Px.Pruning;

/// <summary>The pruning loop. Each round: score the masked network, rank the scores, tighten the mask.</summary>
/// <remarks>To score by your own criterion use <see cref="CustomPruner"/>; to replace the loop implement <see cref="IPruner"/>.</remarks>
public abstract class Pruner : IPruner
{
    private protected Pruner() { }

    /// <inheritdoc/>
    public abstract string Name { get; }

    /// <inheritdoc/>
    public bool NeedsData => Needs.Data;

    /// <inheritdoc/>
    public virtual int DefaultRounds => 1;

    internal abstract MethodNeeds Needs { get; }

    // The method's own settings, for the mask's metadata.
    internal virtual IEnumerable<(string Name, string Value)> Settings => [];

    private NetworkSession Session => new(Name, Needs) { Pruner = GetType().Name };

    /// <inheritdoc/>
    public PruningResult Prune(
        PruningModel model, PruningData data, double sparsity,
        PruningOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new PruningOptions();
        Check(model, data);
        PruningPlan.Check(sparsity);
        using var use = new ModelUse(model.Module, Name);
        var watch = Stopwatch.StartNew();
        var (mask, report, redrawn) = Session.Run(model, data, options, context =>
        {
            var network = context.Network;
            FindGates(context);
            var weights = network.Prunable.Select(slot => (slot.Name, slot.Ranked, slot.Inputs));
            var plan = new PruningPlan(Name, DefaultRounds, sparsity, options, weights, Needs.Restorations);
            var left = HeldWeights.Left(model.Module, network.Prunable.Select(slot => (slot.Name, slot.Weight.shape)));
            var zeros = new ZeroScores(Name, context);
            var alive = RunRounds(context, plan, options.Ablation == SanityAblation.InvertScores, watch, left, zeros);
            // Drawn before the model changes: what throws here leaves it as it was found.
            var drawn = options.Ablation == SanityAblation.Reinitialize ? new Reinitialization(alive, context.Seed) : null;
            var made = MakeMask(alive, plan, options, context.Seed, left);
            var connectivity = Connectivity.Measure(network, network.MasksOf(made), context.Logger);
            var facts = ReportFacts.Of(network) with { KeptWithoutScore = zeros.Kept };
            if (facts.UnseenNote is { } note) context.Logger?.LogWarning(Warnings.UnseenUses, "{Note}", note);
            return (made, PruningReport.Create(Name, network, made, connectivity, facts), drawn);
        }, cancellationToken);

        using (redrawn)
        {
            try
            {
                using var written = redrawn?.Write();
                var binding = mask.Bind(model.Module);
                written?.Forget();
                return new PruningResult(mask, binding, report, watch.Elapsed);
            }
            catch
            {
                mask.Dispose();
                throw;
            }
        }
    }

    /// <inheritdoc/>
    public PruningScores Score(
        PruningModel model, PruningData data, PruningMask? mask = null,
        PruningOptions? options = null, CancellationToken cancellationToken = default)
    {
        return ScoreRounds(model, data, options ?? new PruningOptions(), (_, score) => score(1, mask), cancellationToken);
    }

    // Scores in as many rounds as work asks for, on the same data. refusesZeros: whether scores that are all zero are refused in round 1.
    internal T ScoreRounds<T>(
        PruningModel model, PruningData data, PruningOptions options, Func<Network, ScoreRound, T> work, CancellationToken token,
        bool refusesZeros = false)
    {
        Check(model, data);
        return Session.Run(model, data, options, context =>
        {
            FindGates(context);
            using var run = Start(context);
            return work(context.Network, (number, mask) =>
            {
                context.Token.ThrowIfCancellationRequested();
                using var temporaries = NewDisposeScope();
                using var round = new ScoringRound(context.Network, number, AliveUnder(mask, model, context.Network), wanted: null);
                var (scores, exponent) = run.Score(round);
                foreach (var (slot, tensor) in scores) NonFiniteScoreException.ThrowIfAny(slot.Name, tensor);
                if (refusesZeros && number == 1) new ZeroScores(Name, context).ThrowIfAll(scores);
                return PruningScores.Adopt(
                    scores.Select(entry => KeyValuePair.Create(entry.Key.Name, entry.Value.to(float64))),
                    scores.ToDictionary(entry => entry.Key.Name, entry => entry.Key.Inputs), exponent);
            });
        }, token);
    }

    internal abstract MethodRun Start(ScoringContext context);

    // Methods of paths do not rank what feeds only gates.
    private void FindGates(ScoringContext context)
    {
        var network = context.Network;
        Gates.Find(network, context.Token);
        if (!Needs.Hooks && !Needs.Paths) return;
        Gates.LeaveOut(network, context.Token);
        if (network.GateWeights.Count == 0) return;
        string names = string.Join(", ", network.GateWeights.Select(slot => slot.Name));
        if (network.Prunable.Count == 0)
            throw new UnsupportedModelException($"No path leads through any of the selected weights, which feed only gates: {names}.");
        context.Logger?.LogInformation(
            "{Method} does not rank weights that feed only gates (sigmoid, softmax, tanh), on which no path lies: {Names}.", Name, names);
    }

    // All rounds. Returns the last masks: bool, on the CPU, in the current dispose scope. left: what bindings of earlier prunings have left
    // of each parameter; null for all of it.
    private SlotTensors RunRounds(
        ScoringContext context, PruningPlan plan, bool inverted, Stopwatch watch, Dictionary<string, Tensor>? left, ZeroScores zeros)
    {
        using var run = Start(context);
        var found = left is null ? null : new SlotTensors(context.Network.Prunable, slot => left[slot.Name]);
        var alive = found?.Map((_, mask) => mask.clone()); // null if nothing is pruned yet
        for (int number = 1; number <= plan.Rounds; number++)
        {
            context.Token.ThrowIfCancellationRequested();
            using var temporaries = NewDisposeScope();
            Restore(context, run, plan, number, alive, found);
            using var round = new ScoringRound(context.Network, number, alive, plan.Wanted(number));
            var ranked = Needs.WeightsReturn ? found : alive;
            var scores = run.Score(round).Scores.Map((slot, whole) => slot.RankedPart(whole));
            if (number == 1 && plan.Removes) zeros.ThrowIfAll(scores);
            var parts = plan.Select(number, Candidates(inverted ? scores.Map((_, s) => s.neg()) : scores, ranked), zeros.Magnitude);
            zeros.Note(number, scores.Values, parts);
            var next = new SlotTensors(context.Network.Prunable.Zip(parts, (slot, part) => (slot, slot.WholeMask(part, found?[slot]))));
            // Later masks are copied into the first ones: keeping each round's own would fragment the memory that the next round needs.
            if (alive is null) alive = next.Map((_, mask) => mask.MoveToOuterDisposeScope());
            else Copy(next, alive);
            plan.Report(number, watch.Elapsed, alive.Select(entry => KeyValuePair.Create(entry.Key.Name, entry.Value)),
                alive.Sum(entry => MaskTensors.CountTrue(entry.Key.RankedPart(entry.Value).contiguous())));
        }

        return alive!;
    }

    // Brings pruned weights back where a series of rounds begins anew; only such as may be kept at all.
    private static void Restore(
        ScoringContext context, MethodRun run, PruningPlan plan, int number, SlotTensors? alive, SlotTensors? found)
    {
        var densities = plan.Restoration(number);
        for (int step = 1; step <= densities.Count; step++)
        {
            context.Token.ThrowIfCancellationRequested();
            using var temporaries = NewDisposeScope();
            var scores = ((IRestoringRun)run).ScoreForRestoration(alive!, number, step).Map((slot, whole) => slot.RankedPart(whole));
            var parts = plan.Select(densities[step - 1], Candidates(scores, found));
            Copy(new SlotTensors(context.Network.Prunable.Zip(parts, (slot, part) => (slot, slot.WholeMask(part, found?[slot])))), alive!);
        }
    }

    // ranked: which weights may be kept; null for all.
    private static IEnumerable<(string, Tensor, Tensor, InputAxis?)> Candidates(SlotTensors scores, SlotTensors? ranked) =>
        scores.Select(entry => (
            entry.Key.Name, entry.Value.contiguous(),
            ranked is null ? ones(entry.Value.shape, ScalarType.Bool) : entry.Key.RankedPart(ranked[entry.Key]).contiguous(),
            entry.Key.Inputs));

    private static void Copy(SlotTensors masks, SlotTensors into)
    {
        foreach (var (slot, mask) in masks) into[slot].copy_(mask);
    }

    private static SlotTensors? AliveUnder(PruningMask? mask, PruningModel model, Network network)
    {
        var left = HeldWeights.Left(model.Module, network.Prunable.Select(slot => (slot.Name, slot.Weight.shape)));
        if (left is null) return mask is null ? null : network.MasksOf(mask);
        return network.MasksOf(mask).Map((slot, kept) => kept.logical_and(left[slot.Name]));
    }

    private PruningMask MakeMask(
        SlotTensors alive, PruningPlan plan, PruningOptions options, long seed, Dictionary<string, Tensor>? left)
    {
        var metadata = plan.Metadata(seed.ToString(CultureInfo.InvariantCulture));
        (metadata["ablation"], metadata["data"]) = (options.Ablation.ToString(), NeedsData ? options.Data.ToString() : "none");
        foreach (var (name, value) in Settings) metadata.TryAdd(name, value);
        var mask = PruningMask.Adopt(alive.Select(entry => KeyValuePair.Create(entry.Key.Name, entry.Value)), metadata);
        if (options.Ablation != SanityAblation.ShuffleWithinLayers) return mask;
        using (mask) return left is null ? mask.ShuffleWithinLayers(seed) : HeldWeights.Shuffle(mask, left, seed);
    }

    private void Check(PruningModel model, PruningData data)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(data);
        if (Needs.Data && !data.HasData)
            throw new ArgumentException($"{Name} scores weights on data: pass a DataLoader or batches of (input, target).", nameof(data));
        if (!Needs.Shape || data.HasData || data.SampleShapes is not null) return;
        throw new ArgumentException(
            $"{Name} needs no data but the shape of an input: pass PruningData.Shape(3, 32, 32), for example, or data.", nameof(data));
    }
}

// The scores of a round under the mask so far, null before the first; the caller disposes them.
internal delegate PruningScores ScoreRound(int number, PruningMask? mask);

// A method that ranks no single weights by a score, so that channels have none either.
internal interface IScoresNoWeights
{
    string WhyNoScores { get; }
}

using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Px.Pruning.Masking;
using Px.Pruning.Probing;
using Px.Pruning.Scopes;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning;

/// <summary>The loop that every method shares: once a round, score the masked network, rank, mask.</summary>
/// <remarks>A method knows no density, a schedule no tensor and a scope no model; here they meet.</remarks>
public abstract class Pruner : IPruner
{
    private protected Pruner() { }

    /// <inheritdoc/>
    public abstract string Name { get; }

    /// <inheritdoc/>
    public abstract bool NeedsData { get; }

    /// <inheritdoc/>
    public virtual int DefaultRounds => 1;

    /// <summary>The method's own settings as a mask's metadata names them.</summary>
    internal virtual IEnumerable<KeyValuePair<string, string>> Settings => [];

    /// <summary>Whether a network whose layers are called through <c>forward</c>, out of sight of hooks, can be scored.</summary>
    internal virtual bool AcceptsSilentNetworks => true;

    /// <summary>Whether scoring needs to know the shape of an input, though not any data.</summary>
    internal virtual bool NeedsShape => NeedsData;

    /// <inheritdoc cref="ScoringFrame.ShapesOnly"/>
    internal virtual bool ShapesOnly => false;

    /// <inheritdoc cref="ScoringFrame.SamplesInPass"/>
    internal virtual long? SamplesInPass(PruningOptions options) => null;

    /// <summary>Whether a pruned weight is ranked again in later rounds, and may return.</summary>
    internal virtual bool RevivesWeights => false;

    /// <inheritdoc/>
    public PruningResult Prune(
        Module<Tensor, Tensor> model, PruningData data, double sparsity,
        PruningOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new PruningOptions();
        Check(model, data);
        Check(sparsity);
        var watch = Stopwatch.StartNew();
        var found = Scored(model, data, options, context =>
        {
            Rank(context, sparsity, watch);
            // Drawn before the model changes: whatever throws leaves it as it was.
            var drawn = options.Ablation == SanityAblation.Reinitialize ? new Reinitialization(context) : null;
            var mask = BuildMask(context, sparsity);
            context.Alive = AliveIn(mask, context.Network);
            return (Mask: mask, Drawn: drawn, Layers: Describe(context.Network, ranked: true), Others: Describe(context.Network, ranked: false),
                Connectivity: Connectivity.Measure(context));
        }, cancellationToken);
        using var newWeights = found.Drawn;
        try
        {
            var report = Report(Name, found.Mask, found.Layers, found.Others, found.Connectivity);
            using var written = newWeights?.Write();
            var binding = found.Mask.Bind(model);
            written?.Forget();
            return new PruningResult(found.Mask, binding, report, watch.Elapsed);
        }
        catch
        {
            found.Mask.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public PruningScores Score(
        Module<Tensor, Tensor> model, PruningData data, PruningMask? mask = null,
        PruningOptions? options = null, CancellationToken cancellationToken = default)
    {
        Check(model, data);
        return Scored(model, data, options ?? new PruningOptions(), context =>
        {
            if (mask is not null) context.Alive = AliveIn(mask, context.Network);
            var (scores, exponent) = ScoreRound(context);
            var names = context.Network.Prunable.Select(slot => slot.Name).ToList();
            foreach (var (name, layer) in names.Zip(scores)) RefuseNonFinite(name, layer);
            return new PruningScores(names.Zip(scores).ToDictionary(s => s.First, s => s.Second.DetachFromDisposeScope()), exponent);
        }, cancellationToken);
    }

    /// <summary>One score for each weight of <see cref="Network.Prunable"/>, float64 on the CPU, in the current dispose scope.</summary>
    /// <returns>The scores and the power of two that was taken out of them.</returns>
    internal abstract (IReadOnlyList<Tensor> Scores, int Exponent) ScoreRound(ScoringContext context);

    /// <inheritdoc cref="ScoringFrame.Run"/>
    internal T Scored<T>(Module<Tensor, Tensor> model, PruningData data, PruningOptions options, Func<ScoringContext, T> work, CancellationToken token) =>
        new ScoringFrame(Name) { NeedsData = NeedsData, AcceptsSilentNetworks = AcceptsSilentNetworks, ShapesOnly = ShapesOnly, SamplesInPass = SamplesInPass(options) }
            .Run(model, data, options, work, token);

    private void Rank(ScoringContext context, double sparsity, Stopwatch watch)
    {
        var options = context.Options;
        var prunable = context.Network.Prunable;
        int rounds = options.Rounds ?? DefaultRounds;
        double finalDensity = 1 - sparsity;
        long total = prunable.Sum(slot => slot.Layer.Weight.numel());
        List<Tensor>? alive = null; // all of them, before the first round has ended
        var densities = options.Schedule.Plan(rounds, finalDensity);
        var last = new KeepCount(densities[^1], options.Counting);
        options.Scope.Check(prunable.Select(slot => (slot.Name, slot.Layer.Weight.numel())), last);

        for (int round = 1; round <= rounds; round++)
        {
            context.Token.ThrowIfCancellationRequested();
            context.Round = round;
            var keep = new KeepCount(densities[round - 1], options.Counting);
            context.Wanted = keep.Of(total);
            using var temporaries = NewDisposeScope();
            var next = Select(context, keep);
            // Later ones are copied: masks that stay, each round in another place, would split the memory that the next round needs again.
            if (alive is null) alive = [.. next.Select(mask => mask.MoveToOuterDisposeScope())];
            else foreach (var (mask, newer) in alive.Zip(next)) newer.bytes.CopyTo(mask.bytes);
            context.Alive = alive;

            long kept = alive.Sum(mask => (long)mask.bytes.Count((byte)1));
            options.ReportRound(
                new PruningProgress(Name, round, rounds, kept, total, watch.Elapsed), prunable.Zip(alive, (slot, mask) => KeyValuePair.Create(slot.Name, mask)));
        }
    }

    /// <summary>
    /// Scores a round and tells by the scope which weights stay: for each of <see cref="Network.Prunable"/> a bool tensor on the CPU, in the current
    /// dispose scope. A method that knows the best weights without scoring all of them does so here.
    /// </summary>
    internal virtual IReadOnlyList<Tensor> Select(ScoringContext context, KeepCount keep) =>
        Select(context, ScoreRound(context).Scores, keep);

    /// <summary>What the scope keeps by these scores.</summary>
    private protected IReadOnlyList<Tensor> Select(ScoringContext context, IReadOnlyList<Tensor> scores, KeepCount keep)
    {
        bool inverted = context.Options.Ablation == SanityAblation.InvertScores;
        var alive = RevivesWeights ? null : context.Alive;
        var parameters = context.Network.Prunable.Select((slot, i) => new ScoredParameter(
            slot.Name, (inverted ? scores[i].neg() : scores[i]).contiguous(), alive?[i] ?? ones(slot.Layer.Weight.shape, ScalarType.Bool))).ToList();
        return context.Options.Scope.Select(parameters, keep);
    }

    private PruningMask BuildMask(ScoringContext context, double sparsity)
    {
        var entries = context.Network.Prunable.Zip(context.Alive!, (slot, alive) => KeyValuePair.Create(slot.Name, alive));
        var options = context.Options;
        var mask = PruningMask.Adopt(entries, new Dictionary<string, string>(Settings)
        {
            ["method"] = Name,
            ["sparsity"] = sparsity.ToString("R", CultureInfo.InvariantCulture),
            ["rounds"] = (options.Rounds ?? DefaultRounds).ToString(CultureInfo.InvariantCulture),
            ["schedule"] = options.Schedule.ToString()!,
            ["scope"] = options.Scope.ToString()!,
            ["counting"] = options.Counting.ToString(),
            ["ablation"] = options.Ablation.ToString(),
            ["data"] = NeedsData ? options.Data.ToString() : "none",
            ["seed"] = context.Seed.ToString(CultureInfo.InvariantCulture),
        });
        if (options.Ablation != SanityAblation.ShuffleWithinLayers) return mask;
        using (mask) return mask.ShuffleWithinLayers(context.Seed);
    }

    /// <summary>The layers whose weights are ranked, or the others.</summary>
    internal static List<LayerInfo> Describe(Network network, bool ranked) =>
        [.. network.Slots.Where(slot => slot.Prunable == ranked).Select(slot => Describe(slot, network))];

    /// <summary>The report on a mask over the ranked layers.</summary>
    internal static PruningReport Report(
        string method, PruningMask mask, List<LayerInfo> ranked, List<LayerInfo> others, Connectivity? connectivity = null)
    {
        long otherFlops = others.Sum(layer => 2 * layer.Shape.Aggregate(1L, (a, b) => a * b) * (layer.Positions ?? 0));
        return PruningReport.Create(method, ranked, mask, otherFlops, connectivity);
    }

    private static LayerInfo Describe(WeightSlot slot, Network network)
    {
        var layer = slot.Layer;
        // A weight that two layers share works in both.
        long uses = network.Sites.Where(site => site.Weighted?.Slot == slot.Index).Sum(site => site.Weighted!.Positions);
        bool known = network.IsProbed && network.Silent.Count == 0;
        return new LayerInfo(slot.Name, layer.Type, layer.Weight.shape, layer.Transposed, layer.Groups, known ? uses : null);
    }

    /// <summary>The mask of each ranked layer, all ones where it has none. Fresh handles, in the current dispose scope.</summary>
    internal static List<Tensor> AliveIn(PruningMask? mask, Network network) =>
        [.. network.Prunable.Select(slot =>
        {
            if (mask?.Contains(slot.Name) != true) return ones(slot.Layer.Weight.shape, ScalarType.Bool);
            var alive = mask[slot.Name];
            return alive.shape.SequenceEqual(slot.Layer.Weight.shape)
                ? alive.alias()
                : throw new ArgumentException(
                    $"The mask of '{slot.Name}' has shape [{string.Join(", ", alive.shape)}], the parameter [{string.Join(", ", slot.Layer.Weight.shape)}].", nameof(mask));
        })];

    private static void RefuseNonFinite(string name, Tensor scores)
    {
        using var finite = scores.isfinite();
        using var all = finite.all();
        if (!all.ToBoolean()) throw new NonFiniteScoreException($"Scores of '{name}' are NaN or infinite. {NonFiniteScoreException.Remedy}") { Parameter = name };
    }

    internal static void Check(double sparsity)
    {
        if (!(sparsity >= 0 && sparsity < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(sparsity), sparsity,
                "The sparsity is the fraction of weights to remove: at least 0 and below 1.");
        }
    }

    private void Check(Module<Tensor, Tensor> model, PruningData data)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(data);
        if (NeedsData && !data.HasData)
            throw new ArgumentException($"{Name} scores weights on data: pass a DataLoader or batches of (input, target).", nameof(data));
        if (NeedsShape && !data.HasData && data.SampleShape is null)
            throw new ArgumentException($"{Name} needs no data but the shape of an input: pass PruningData.Shape(3, 32, 32), for example, or data.", nameof(data));
    }
}

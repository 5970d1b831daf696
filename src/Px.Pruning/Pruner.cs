using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Px.Pruning.Data;
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
    private protected virtual IEnumerable<KeyValuePair<string, string>> Settings => [];

    /// <summary>Whether a network whose layers are called through <c>forward</c>, out of sight of hooks, can be scored.</summary>
    private protected virtual bool AcceptsSilentNetworks => true;

    /// <inheritdoc/>
    public PruningResult Prune(
        Module<Tensor, Tensor> model, PruningData data, double sparsity,
        PruningOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new PruningOptions();
        Check(model, data);
        if (!(sparsity >= 0 && sparsity < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(sparsity), sparsity,
                "The sparsity is the fraction of weights to remove: at least 0 and below 1.");
        }

        var watch = Stopwatch.StartNew();
        var found = Scored(model, data, options, context =>
        {
            Rank(context, sparsity, watch);
            return (Mask: BuildMask(context, sparsity), Layers: Describe(context, ranked: true), Others: Describe(context, ranked: false));
        }, cancellationToken);
        try
        {
            long otherFlops = found.Others.Sum(layer => 2 * layer.Shape.Aggregate(1L, (a, b) => a * b) * (layer.Positions ?? 0));
            var report = PruningReport.Create(Name, found.Layers, found.Mask, otherFlops);
            return new PruningResult(found.Mask, found.Mask.Bind(model), report, watch.Elapsed);
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
            var names = context.Network.Prunable.Select(slot => slot.Name);
            return new PruningScores(names.Zip(scores).ToDictionary(s => s.First, s => s.Second.DetachFromDisposeScope()), exponent);
        }, cancellationToken);
    }

    /// <summary>One score for each weight of <see cref="Network.Prunable"/>, float64 on the CPU, in the current dispose scope.</summary>
    /// <returns>The scores and the power of two that was taken out of them.</returns>
    private protected abstract (IReadOnlyList<Tensor> Scores, int Exponent) ScoreRound(ScoringContext context);

    /// <summary>Runs <paramref name="work"/> with hooks in place and data at hand, and puts everything back.</summary>
    private T Scored<T>(Module<Tensor, Tensor> model, PruningData data, PruningOptions options, Func<ScoringContext, T> work, CancellationToken token)
    {
        token.ThrowIfCancellationRequested();
        using var inference = is_inference_mode_enabled() ? inference_mode(false) : null;
        using var network = new Network(model, options.Parameters);
        if (network.Prunable.Count == 0)
        {
            throw new ArgumentException(
                "The model has nothing to prune: no convolution, transposed convolution or linear layer is registered in it and selected by "
                + "PruningOptions.Parameters. Layers in arrays or lists are not registered; use ModuleList or Sequential.", nameof(model));
        }

        using var context = new ScoringContext(network, Collect(network, data, options, token), options, options.Seed ?? Random.Shared.NextInt64(), token);
        if (network.Silent.Count > 0 && !AcceptsSilentNetworks) throw SilentNetwork(network);
        using var snapshot = new ModelSnapshot(model, options.Seed);
        // Not before: a tensor that the caller's loader creates and keeps must not die with a scope of ours.
        using var temporaries = NewDisposeScope();
        return work(context);
    }

    /// <summary>Reads the data and, on one sample of it, learns the network's shapes.</summary>
    private PruningBatches? Collect(Network network, PruningData data, PruningOptions options, CancellationToken token)
    {
        long[] Probe(Tensor sample)
        {
            using var snapshot = new ModelSnapshot(network.Model, options.Seed);
            return network.Probe(sample);
        }

        if (data.HasData)
        {
            // A data-free method needs one batch only, for the shapes in the report.
            var budget = NeedsData ? options.Data : DataBudget.Batches(1);
            var batches = PruningBatches.Collect(data, budget, options.BatchSize, Probe, network.Device, network.ComputeType, options.Logger, token);
            try
            {
                using var sample = batches.Batches[0].Input.narrow(0, 0, 1);
                if (!network.IsProbed) Probe(sample);
                return batches;
            }
            catch
            {
                batches.Dispose();
                throw;
            }
        }

        if (data.SampleShape is { } shape)
        {
            using var sample = ones([1, .. shape], network.ComputeType, network.Device);
            Probe(sample);
        }

        return null;
    }

    private void Rank(ScoringContext context, double sparsity, Stopwatch watch)
    {
        var options = context.Options;
        var prunable = context.Network.Prunable;
        int rounds = options.Rounds ?? DefaultRounds;
        double finalDensity = 1 - sparsity;
        long total = prunable.Sum(slot => slot.Layer.Weight.numel());
        var alive = prunable.Select(slot => ones(slot.Layer.Weight.shape, ScalarType.Bool)).ToList();
        var densities = options.Schedule.Plan(rounds, finalDensity);

        for (int round = 1; round <= rounds; round++)
        {
            context.Token.ThrowIfCancellationRequested();
            context.Round = round;
            using var temporaries = NewDisposeScope();
            var (scores, _) = ScoreRound(context);
            var parameters = prunable.Select((slot, i) => new ScoredParameter(slot.Name, scores[i].contiguous(), alive[i])).ToList();
            var next = options.Scope.Select(parameters, densities[round - 1]);
            alive.ForEach(mask => mask.Dispose());
            alive = [.. next.Select(mask => mask.MoveToOuterDisposeScope())];
            context.Alive = alive;

            long kept = alive.Sum(mask => mask.sum().ToInt64());
            options.Logger?.LogInformation("{Method} round {Round} of {Rounds}: {Kept} of {Total} weights kept.", Name, round, rounds, kept, total);
            options.Progress?.Report(new PruningProgress(Name, round, rounds, kept, total, watch.Elapsed));
        }
    }

    private PruningMask BuildMask(ScoringContext context, double sparsity)
    {
        var entries = context.Network.Prunable.Zip(context.Alive!, (slot, alive) => KeyValuePair.Create(slot.Name, alive));
        var options = context.Options;
        return new PruningMask(entries, new Dictionary<string, string>(Settings)
        {
            ["method"] = Name,
            ["sparsity"] = sparsity.ToString("R", CultureInfo.InvariantCulture),
            ["rounds"] = (options.Rounds ?? DefaultRounds).ToString(CultureInfo.InvariantCulture),
            ["schedule"] = options.Schedule.ToString()!,
            ["scope"] = options.Scope.ToString()!,
            ["data"] = NeedsData ? options.Data.ToString() : "none",
            ["seed"] = context.Seed.ToString(CultureInfo.InvariantCulture),
        });
    }

    private static List<LayerInfo> Describe(ScoringContext context, bool ranked) =>
        [.. context.Network.Slots.Where(slot => slot.Prunable == ranked).Select(slot => Describe(slot, context.Network))];

    private static LayerInfo Describe(WeightSlot slot, Network network)
    {
        var layer = slot.Layer;
        // A weight that two layers share works in both.
        long uses = network.Sites.Where(site => site.Weighted?.Slot == slot.Index).Sum(site => site.Weighted!.Positions);
        bool known = network.IsProbed && network.Silent.Count == 0;
        return new LayerInfo(slot.Name, layer.Type, layer.Weight.shape, layer.Transposed, layer.Groups, known ? uses : null);
    }

    private static List<Tensor> AliveIn(PruningMask mask, Network network) =>
        [.. network.Prunable.Select(slot =>
        {
            if (!mask.Contains(slot.Name)) return ones(slot.Layer.Weight.shape, ScalarType.Bool);
            var alive = mask[slot.Name];
            return alive.shape.SequenceEqual(slot.Layer.Weight.shape)
                ? alive.alias()
                : throw new ArgumentException(
                    $"The mask of '{slot.Name}' has shape [{string.Join(", ", alive.shape)}], the parameter [{string.Join(", ", slot.Layer.Weight.shape)}].", nameof(mask));
        })];

    private void Check(Module<Tensor, Tensor> model, PruningData data)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(data);
        if (NeedsData && !data.HasData)
            throw new ArgumentException($"{Name} scores weights on data: pass a DataLoader or batches of (input, target).", nameof(data));
    }

    private UnsupportedModelException SilentNetwork(Network network) => new(
        $"{Name} needs to see what flows through every layer, but '{network.Silent[0]}' is reached by forward(), which runs no hooks"
        + (network.Silent.Count > 1 ? $" (as are {network.Silent.Count - 1} more)" : "")
        + ". Call the layers through call() in the model's own forward: conv1.call(x) instead of conv1.forward(x).")
    { Module = network.Silent[0] };
}

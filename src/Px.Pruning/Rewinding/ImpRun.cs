using System.Diagnostics;
using System.Globalization;
using Px.Pruning.Masking;
using Px.Pruning.Scopes;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Rewinding;

/// <summary>The rounds of <see cref="IterativeMagnitudePruner"/> on one model: train, rank, rewind. Puts nothing back at the end.</summary>
/// <remarks>No dispose scope may be open while the callback runs: what it creates is its own.</remarks>
/// <param name="train">The caller's training.</param>
/// <param name="model">The model, trained in place.</param>
/// <param name="found">How it was found.</param>
/// <param name="layers">The layers that are ranked.</param>
/// <param name="token">Checked between rounds and handed to the training.</param>
internal sealed class ImpRun(
    Action<Module<Tensor, Tensor>, ImpRound> train, Module<Tensor, Tensor> model, FoundModel found, List<LayerInfo> layers, CancellationToken token)
{
    /// <summary>The method's name in masks, messages and files.</summary>
    internal const string Method = "IMP";

    /// <summary>All rounds, or those that the checkpoint lacks.</summary>
    /// <param name="plan">The density after each round.</param>
    /// <param name="options">Scope, counting, seed, logger and progress.</param>
    /// <param name="checkpoint">The file to go on from and to write after each round, or null.</param>
    /// <param name="watch">Time since the call began.</param>
    /// <returns>The last mask and the rewind point. Owned by the caller; the model is left as the last training left it.</returns>
    internal ImpCheckpoint Iterate(double[] plan, PruningOptions options, string? checkpoint, Stopwatch watch)
    {
        var now = Begin(plan, options, checkpoint);
        try
        {
            long seed = long.Parse(now.Settings["seed"], CultureInfo.InvariantCulture);
            for (int round = now.Completed + 1; round <= plan.Length; round++)
            {
                token.ThrowIfCancellationRequested();
                found.Reset();
                now.Rewind.CopyTo(model);
                var rewind = Train(now.Mask, round, plan.Length, seed) ?? now.Rewind;
                var (before, settings) = (now, rewind == now.Rewind ? now.Settings : new Dictionary<string, string>(now.Settings) { ["rewind"] = "early" });
                now = now with { Completed = round, Rewind = rewind, Settings = settings };
                if (rewind != before.Rewind) before.Rewind.Dispose();
                now = now with { Mask = Rank(before.Mask, new KeepCount(plan[round - 1], options.Counting), options.Scope) };
                before.Mask.Dispose();
                if (checkpoint is not null) now.Save(checkpoint);
                var mask = now.Mask;
                options.ReportRound(
                    new PruningProgress(Method, round, plan.Length, mask.Kept, mask.Total, watch.Elapsed), mask.Names.Select(name => KeyValuePair.Create(name, mask[name])));
            }

            return now;
        }
        catch
        {
            now.Dispose();
            throw;
        }
    }

    /// <summary>The start of a run: the checkpoint's, or no mask and the model's own state.</summary>
    private ImpCheckpoint Begin(double[] plan, PruningOptions options, string? checkpoint)
    {
        var settings = new Dictionary<string, string>
        {
            ["method"] = Method,
            ["rounds"] = plan.Length.ToString(CultureInfo.InvariantCulture),
            ["densities"] = string.Join(" ", plan.Select(density => density.ToString("R", CultureInfo.InvariantCulture))),
            ["scope"] = options.Scope.ToString()!,
            ["counting"] = options.Counting.ToString(),
        };
        if (checkpoint is not null) settings["initial weights"] = found.State.Fingerprint();
        if (options.Seed is { } given) settings["seed"] = given.ToString(CultureInfo.InvariantCulture);
        var all = Everything();
        if (checkpoint is not null && File.Exists(checkpoint))
        {
            using (all) return ImpCheckpoint.Load(checkpoint, found.State, all, settings);
        }

        settings.TryAdd("seed", Random.Shared.NextInt64().ToString(CultureInfo.InvariantCulture));
        settings["rewind"] = "initialisation";
        var copies = found.State.Tensors.ToDictionary(pair => pair.Key, pair => pair.Value.clone());
        return new ImpCheckpoint(0, TrainingState.Adopt(copies), all, settings);
    }

    /// <summary>Runs the callback under a mask; returns the rewind point that it saved, if any.</summary>
    internal TrainingState? Train(PruningMask mask, int round, int rounds, long seed)
    {
        using var binding = mask.Bind(model);
        var context = new ImpRound(model, binding)
        {
            Number = round,
            Rounds = rounds,
            Density = mask.Density,
            CancellationToken = token,
            Seed = new SplitMix64(seed, $"IMP {round}").Seed(),
        };
        try
        {
            train(model, context);
            token.ThrowIfCancellationRequested();
            return context.RewindPoint;
        }
        catch
        {
            context.RewindPoint?.Dispose();
            throw;
        }
        finally
        {
            context.End();
        }
    }

    private PruningMask Rank(PruningMask mask, KeepCount keep, PruningScope scope)
    {
        using var temporaries = NewDisposeScope();
        var parameters = layers.Select(layer => new ScoredParameter(layer.Name, Magnitude(layer.Name, mask), mask[layer.Name])).ToList();
        var kept = scope.Select(parameters, keep);
        return PruningMask.Adopt(layers.Zip(kept, (layer, alive) => KeyValuePair.Create(layer.Name, alive)));
    }

    /// <summary>|θ| of one parameter, 0 where it is pruned: float64, on the CPU. Fresh.</summary>
    internal Tensor Magnitude(string name, PruningMask mask)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var theta = model.get_parameter(name) ?? throw new InvalidOperationException($"The training callback removed '{name}'. A callback trains the model in place.");
        var magnitude = theta.detach().to(float64).cpu().abs();
        return (mask.Contains(name) ? magnitude.masked_fill(mask[name].logical_not(), 0) : magnitude).contiguous().MoveToOuterDisposeScope();
    }

    /// <summary>A mask that prunes nothing. The caller disposes it.</summary>
    internal PruningMask Everything()
    {
        using var scope = NewDisposeScope();
        return PruningMask.Adopt(layers.Select(layer => KeyValuePair.Create(layer.Name, ones(layer.Shape, ScalarType.Bool))));
    }
}

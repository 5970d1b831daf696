using System.Diagnostics;
using System.Globalization;
using Px.Pruning.Engine;
using Px.Pruning.Masking;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Methods.LotteryTicket;

// The rounds of IterativeMagnitudePruner on one model: train, rank, rewind. The caller restores the model. No dispose scope may be open
// while the callback runs, as it would free tensors that the callback keeps.
internal sealed class ImpRun(
    Action<Module, ImpRound> train, Module model, ModelBackup backup, List<LayerInfo> layers,
    CancellationToken token)
{
    // All rounds, or those after the checkpoint's if that file exists. Returns the last mask and the rewind point; the model keeps the
    // state of the last training.
    internal ImpCheckpoint Iterate(PruningPlan plan, long? given, string? checkpoint, Stopwatch watch)
    {
        var now = Begin(plan, given, checkpoint);
        try
        {
            long seed = long.Parse(now.Settings["seed"], CultureInfo.InvariantCulture);
            for (int round = now.Completed + 1; round <= plan.Rounds; round++)
            {
                token.ThrowIfCancellationRequested();
                backup.Reset();
                now.Rewind.CopyTo(model);
                var rewind = Train(now.Mask, round, plan.Rounds, seed) ?? now.Rewind;
                var before = now;
                var settings = rewind == now.Rewind ? now.Settings : new Dictionary<string, string>(now.Settings) { ["rewind"] = "early" };
                now = now with { Completed = round, Rewind = rewind, Settings = settings };
                if (rewind != before.Rewind) before.Rewind.Dispose();
                now = now with { Mask = Rank(before.Mask, round, plan) };
                before.Mask.Dispose();
                if (checkpoint is not null) now.Save(checkpoint);
                var mask = now.Mask;
                plan.Report(round, watch.Elapsed, mask.Names.Select(name => KeyValuePair.Create(name, mask[name])), mask.Kept);
            }

            return now;
        }
        catch
        {
            now.Dispose();
            throw;
        }
    }

    // The checkpoint's state, or the model's own state and a mask that prunes nothing.
    private ImpCheckpoint Begin(PruningPlan plan, long? given, string? checkpoint)
    {
        var settings = new Dictionary<string, string>
        {
            ["method"] = IterativeMagnitudePruner.Method,
            ["rounds"] = plan.Rounds.ToString(CultureInfo.InvariantCulture),
            ["densities"] = plan.Densities,
            ["scope"] = plan.Scope,
            ["counting"] = plan.Counting,
        };
        if (checkpoint is not null) settings["initial weights"] = backup.State.Fingerprint();
        if (given is { } known) settings["seed"] = known.ToString(CultureInfo.InvariantCulture);
        var all = DenseMask();
        if (checkpoint is not null && File.Exists(checkpoint))
        {
            using (all) return ImpCheckpoint.Load(checkpoint, backup.State, all, settings);
        }

        settings.TryAdd("seed", Random.Shared.NextInt64().ToString(CultureInfo.InvariantCulture));
        settings["rewind"] = "initialisation";
        var copies = backup.State.Tensors.ToDictionary(pair => pair.Key, pair => pair.Value.clone());
        return new ImpCheckpoint(0, TrainingState.Adopt(copies), all, settings);
    }

    // Runs the callback under a mask; returns the rewind point that it saved, if any.
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

    private PruningMask Rank(PruningMask mask, int round, PruningPlan plan)
    {
        using var temporaries = NewDisposeScope();
        var kept = plan.Select(round, layers.Select(layer => (
            layer.Name, Magnitude(layer.Name, mask), mask[layer.Name], layer.InputAxis)));
        return PruningMask.Adopt(layers.Zip(kept, (layer, alive) => KeyValuePair.Create(layer.Name, alive)));
    }

    // |θ| of one parameter, 0 where it is pruned: float64, on the CPU.
    internal Tensor Magnitude(string name, PruningMask mask)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var theta = model.get_parameter(name)
            ?? throw new InvalidOperationException($"The training callback removed '{name}'. A callback trains the model in place.");
        var magnitude = theta.detach().to(float64).cpu().abs();
        if (mask.Contains(name)) magnitude = magnitude.masked_fill(mask[name].logical_not(), 0);
        return magnitude.contiguous().MoveToOuterDisposeScope();
    }

    // A mask that prunes only what live bindings hold at zero. The caller disposes it.
    internal PruningMask DenseMask()
    {
        using var scope = NewDisposeScope();
        var left = HeldWeights.Left(model, layers.Select(layer => (layer.Name, layer.Shape)));
        return PruningMask.Adopt(layers.Select(layer =>
            KeyValuePair.Create(layer.Name, left?[layer.Name] ?? ones(layer.Shape, ScalarType.Bool))));
    }
}

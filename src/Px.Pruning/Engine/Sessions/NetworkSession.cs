using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Px.Pruning.Data;
using static TorchSharp.torch;

namespace Px.Pruning.Engine.Sessions;

// One computation on a caller's network, with hooks, data and evaluation mode; afterwards the network is as it was found. Name appears in
// messages.
internal sealed record NetworkSession(string Name, MethodNeeds Needs)
{
    // The class of the pruner; null for another computation, whose refusals name no pruners.
    internal string? Pruner { get; init; }

    internal T Run<T>(
        PruningModel model, PruningData data, PruningOptions options, Func<ScoringContext, T> work, CancellationToken token)
    {
        token.ThrowIfCancellationRequested();
        using var use = new ModelUse(model.Module, Name);
        using var inference = is_inference_mode_enabled() ? inference_mode(false) : null;
        InferenceTensors.Refuse(model.Module);
        using var network = new Network(model, options.Parameters, options.RawTensors) { NeedsFloat64 = Needs.Float64 };
        if (network.Prunable.Count == 0)
        {
            throw new ArgumentException(
                "The model has nothing to prune: no convolution, transposed convolution or linear layer is registered in it and selected "
                + "by PruningOptions.Parameters. Layers in arrays or lists are not registered; use ModuleList or Sequential. "
                + "ParameterSelection.Including adds parameters of other kinds.",
                nameof(model));
        }

        if (Needs.Data || Needs.Shape) RecurrentModules.RefuseOnCuda(model.Module, network.Device.type, Name);
        using var context = new ScoringContext(
            network, Collect(network, data, options, token), options, options.Seed ?? Random.Shared.NextInt64(), token);
        // The library draws from generators of its own. The global one, which other threads draw from too, is the caller's code's.
        bool mayDraw = network.DrawsNumbers || options.Loss is not null || Needs.CallersCode;
        using var snapshot = new ModelSnapshot(model.Module, mayDraw ? options.Seed : null);
        LeaveOutUnused(context, options.Parameters);
        // Once for the whole call: libtorch starts its threads anew whenever their number grows.
        using var serial = network.OnOneThread(
            Needs.Data ? context.Batches.Max(batch => batch.Input.Samples) : Math.Min(Needs.DrawnSamples, options.BatchSize));
        // Only now: a tensor that the caller's loader creates and keeps must not be disposed with a scope of ours.
        using var temporaries = NewDisposeScope();
        try
        {
            if (network.Included is [var other, ..] && (Needs.Hooks || Needs.Paths)) throw OnNoPath(model.Module, other);
            if (network.Unhooked.Count > 0 && Needs.Hooks) throw NotHooked(network);
            if (network.UsedElsewhere.Count > 0 && (Needs.Hooks || Needs.Paths)) throw network.UsedElsewhere[0].Refuse(Name);
            if (Needs.Float64 && !network.CanWiden) throw NotWidened(network);
            if (Needs.SecondDerivatives) Derivatives.RequireSecond(context);
            return work(context);
        }
        catch (Exception e) when ((e is ExternalException || (e is ArgumentException && e.Source == nameof(TorchSharp)))
            && MixedTypes.Explain(context, Name, Needs, e) is { } refusal)
        {
            throw Pruner is null ? refusal : Alternatives.AddTo(refusal, context, Pruner);
        }
        catch (UnsupportedModelException e) when (Pruner is not null && !Alternatives.AreIn(e))
        {
            throw Alternatives.AddTo(e, context, Pruner);
        }
    }

    private void LeaveOutUnused(ScoringContext context, ParameterSelection selection)
    {
        var network = context.Network;
        if (!network.IsProbed || selection.IncludesUnused) return;
        using (var sample = context.Batches.Count > 0 ? null : network.Sample!.Full(1, network.ComputeType, network.Device))
            network.LeaveOutUnused(sample is null ? context.Batches.Select(batch => batch.Input) : [sample]);
        if (network.Unused.Count == 0) return;
        string names = string.Join(", ", network.Unused.Select(slot => slot.Name));
        if (network.Prunable.Count == 0)
        {
            throw new ArgumentException(
                $"There is nothing to prune: in evaluation mode the output depends on none of the selected weights ({names}). "
                + "ParameterSelection.IncludingUnused ranks them all the same.", nameof(selection));
        }

        context.Logger?.LogWarning(
            Warnings.UnusedWeights,
            "{Name} does not rank weights that the output does not depend on in evaluation mode: {Names}. "
            + "ParameterSelection.IncludingUnused ranks them too.", Name, names);
    }

    // Reads the data and probes the network with one sample of it.
    private PruningBatches? Collect(Network network, PruningData data, PruningOptions options, CancellationToken token)
    {
        long[] Probe(Inputs sample)
        {
            using var snapshot = new ModelSnapshot(network.Model, null);
            using var state = options.Seed is null ? null : random.get_rng_state();
            try
            {
                long[] shape = network.Probe(sample, seeded: state is not null);
                if (network.DrawsNumbers) random.set_rng_state(state!);
                return shape;
            }
            catch when (state is not null)
            {
                // It may have drawn before it failed.
                random.set_rng_state(state);
                throw;
            }
        }

        if (data.HasData)
        {
            // A method that needs no data reads one batch, for the shapes in the report.
            var budget = Needs.Data ? options.Data : DataBudget.Batches(1);
            var batches = PruningBatches.Collect(
                data, budget, options.BatchSize, Probe, network.Device, network.ComputeType, options.Logger, token,
                Needs.LoneSampleStays);
            try
            {
                using var sample = batches.Batches[0].Input.Narrow(0, 1);
                if (!network.IsProbed) Probe(sample);
                return batches;
            }
            catch
            {
                batches.Dispose();
                throw;
            }
        }

        if (data.SampleShapes is { } shapes)
        {
            using var sample = new Inputs([.. shapes.Select(shape => ones([1, .. shape], network.ComputeType, network.Device))]);
            Probe(sample);
        }

        return null;
    }

    private UnsupportedModelException OnNoPath(nn.Module model, WeightSlot slot) => new(
        $"{Name} follows the paths through the weights of convolutions and linear layers, and '{slot.Name}', which "
        + $"PruningOptions.Parameters includes, is a parameter of another kind ({slot.Module.GetType().Name}). Leave it out of the "
        + "selection, or choose another pruner.")
    { Module = NameOf(model, slot) };

    private UnsupportedModelException NotWidened(Network network)
    {
        var (module, what) = network switch
        {
            { Unhooked: [var layer, ..] } => (layer, $"'{layer}' is reached by forward(), which runs no hooks"),
            { UsedElsewhere: [var use, ..] } => (use.Layer, $"'{use.Parameter}' is {use.What}"),
            _ => (NameOf(network.Model, network.Included[0]), $"'{network.Included[0].Name}' is the weight of no layer that hooks see"),
        };
        return new(
            $"{Name} scores by differences that only float64 resolves, but {what}, so that it is read as {network.WeightType}. Prune a "
            + "copy of the model in float64, by to(float64), or choose another pruner.")
        { Module = module };
    }

    private static string NameOf(nn.Module model, WeightSlot slot) =>
        model.named_modules().FirstOrDefault(m => ReferenceEquals(m.module, slot.Module)).name ?? "";

    private UnsupportedModelException NotHooked(Network network) => new(
        $"{Name} needs to see what flows through every layer, but '{network.Unhooked[0]}' is reached by forward(), which runs no hooks"
        + (network.Unhooked.Count > 1 ? $" (as are {network.Unhooked.Count - 1} more)" : "")
        + ". Call the layers through call() in the model's own forward: conv1.call(x) instead of conv1.forward(x).")
    { Module = network.Unhooked[0] };
}

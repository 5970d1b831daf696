using System.Runtime.InteropServices;
using Px.Pruning.Data;
using static TorchSharp.torch;

namespace Px.Pruning.Engine;

// One computation on a caller's network, with hooks, data and evaluation mode; afterwards the network is as it was found. Name appears in
// messages.
internal sealed record NetworkSession(string Name, MethodNeeds Needs)
{
    private const string Accepted = "As it is, the network can be pruned by";

    internal T Run<T>(
        PruningModel model, PruningData data, PruningOptions options, Func<ScoringContext, T> work, CancellationToken token)
    {
        token.ThrowIfCancellationRequested();
        using var inference = is_inference_mode_enabled() ? inference_mode(false) : null;
        InferenceTensors.Refuse(model.Module);
        using var network = new Network(model, options.Parameters, options.RawTensors);
        if (network.Prunable.Count == 0)
        {
            throw new ArgumentException(
                "The model has nothing to prune: no convolution, transposed convolution or linear layer is registered in it and selected "
                + "by PruningOptions.Parameters. Layers in arrays or lists are not registered; use ModuleList or Sequential. "
                + "ParameterSelection.Including adds parameters of other kinds.",
                nameof(model));
        }

        if (network.Included is [var other, ..] && (Needs.Hooks || Needs.Paths)) throw OnNoPath(model.Module, other);
        using var context = new ScoringContext(
            network, Collect(network, data, options, token), options, options.Seed ?? Random.Shared.NextInt64(), token);
        if (network.Unhooked.Count > 0 && Needs.Hooks) throw WithOthers(NotHooked(network));
        if (network.UsedElsewhere.Count > 0 && (Needs.Hooks || Needs.Paths)) throw network.UsedElsewhere[0].Refuse(Name);
        using var snapshot = new ModelSnapshot(model.Module, options.Seed);
        // Once for the whole call: libtorch starts its threads anew whenever their number grows.
        using var serial = network.OnOneThread(
            Needs.Data ? context.Batches.Max(batch => batch.Input.Samples) : Math.Min(Needs.DrawnSamples, options.BatchSize));
        // Only now: a tensor that the caller's loader creates and keeps must not be disposed with a scope of ours.
        using var temporaries = NewDisposeScope();
        try
        {
            return work(context);
        }
        catch (Exception e) when ((e is ExternalException || (e is ArgumentException && e.Source == nameof(TorchSharp)))
            && MixedTypes.Explain(context, Name, Needs, e) is { } refusal)
        {
            throw refusal;
        }
        catch (UnsupportedModelException e) when ((Needs.Hooks || Needs.Paths) && !e.Message.Contains(Accepted, StringComparison.Ordinal))
        {
            throw WithOthers(e);
        }
    }

    // A refusal by a method of paths, with the methods that need none.
    private static UnsupportedModelException WithOthers(UnsupportedModelException e) =>
        new($"{e.Message} {Accepted} {UnsupportedModelException.NeedNoPaths}.", e) { Module = e.Module };

    // Reads the data and probes the network with one sample of it.
    private PruningBatches? Collect(Network network, PruningData data, PruningOptions options, CancellationToken token)
    {
        long[] Probe(Inputs sample)
        {
            using var snapshot = new ModelSnapshot(network.Model, options.Seed);
            return network.Probe(sample);
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
        + $"selection, or choose another pruner. {Accepted} {UnsupportedModelException.NeedNoPaths}.")
    { Module = model.named_modules().FirstOrDefault(m => ReferenceEquals(m.module, slot.Module)).name ?? "" };

    private UnsupportedModelException NotHooked(Network network) => new(
        $"{Name} needs to see what flows through every layer, but '{network.Unhooked[0]}' is reached by forward(), which runs no hooks"
        + (network.Unhooked.Count > 1 ? $" (as are {network.Unhooked.Count - 1} more)" : "")
        + ". Call the layers through call() in the model's own forward: conv1.call(x) instead of conv1.forward(x).")
    { Module = network.Unhooked[0] };
}

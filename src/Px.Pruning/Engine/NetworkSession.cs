using System.Runtime.InteropServices;
using Px.Pruning.Data;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Engine;

// One computation on a caller's network, with hooks, data and evaluation mode; afterwards the network is as it was found. Name appears in
// messages.
internal sealed record NetworkSession(string Name, MethodNeeds Needs)
{
    private const string Accepted = "As it is, the network can be pruned by";

    internal T Run<T>(
        Module<Tensor, Tensor> model, PruningData data, PruningOptions options, Func<ScoringContext, T> work, CancellationToken token)
    {
        token.ThrowIfCancellationRequested();
        using var inference = is_inference_mode_enabled() ? inference_mode(false) : null;
        InferenceTensors.Refuse(model);
        using var network = new Network(model, options.Parameters, options.RawTensors);
        if (network.Prunable.Count == 0)
        {
            throw new ArgumentException(
                "The model has nothing to prune: no convolution, transposed convolution or linear layer is registered in it and selected "
                + "by PruningOptions.Parameters. Layers in arrays or lists are not registered; use ModuleList or Sequential.",
                nameof(model));
        }

        using var context = new ScoringContext(
            network, Collect(network, data, options, token), options, options.Seed ?? Random.Shared.NextInt64(), token);
        if (network.Unhooked.Count > 0 && Needs.Hooks) throw WithOthers(NotHooked(network));
        if (network.UsedElsewhere.Count > 0 && (Needs.Hooks || Needs.Paths)) throw network.UsedElsewhere[0].Refuse(Name);
        using var snapshot = new ModelSnapshot(model, options.Seed);
        // Once for the whole call: libtorch starts its threads anew whenever their number grows.
        using var serial = network.OnOneThread(
            Needs.Data ? context.Batches.Max(batch => batch.Input.size(0)) : Math.Min(Needs.DrawnSamples, options.BatchSize));
        // Only now: a tensor that the caller's loader creates and keeps must not be disposed with a scope of ours.
        using var temporaries = NewDisposeScope();
        try
        {
            return work(context);
        }
        catch (ExternalException e) when (MixedTypes.Explain(context, Name, Needs, e) is { } refusal)
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
        long[] Probe(Tensor sample)
        {
            using var snapshot = new ModelSnapshot(network.Model, options.Seed);
            return network.Probe(sample);
        }

        if (data.HasData)
        {
            // A method that needs no data reads one batch, for the shapes in the report.
            var budget = Needs.Data ? options.Data : DataBudget.Batches(1);
            var batches = PruningBatches.Collect(
                data, budget, options.BatchSize, Probe, network.Device, network.ComputeType, options.Logger, token);
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

    private UnsupportedModelException NotHooked(Network network) => new(
        $"{Name} needs to see what flows through every layer, but '{network.Unhooked[0]}' is reached by forward(), which runs no hooks"
        + (network.Unhooked.Count > 1 ? $" (as are {network.Unhooked.Count - 1} more)" : "")
        + ". Call the layers through call() in the model's own forward: conv1.call(x) instead of conv1.forward(x).")
    { Module = network.Unhooked[0] };
}

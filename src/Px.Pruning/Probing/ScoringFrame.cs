using Px.Pruning.Data;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Probing;

/// <summary>What stands around every computation on a caller's network: hooks in place, data at hand, and afterwards everything as it was found.</summary>
/// <param name="Name">Who computes, for messages.</param>
internal sealed record ScoringFrame(string Name)
{
    /// <summary>Whether all the data that the options ask for is read; otherwise one batch, for shapes.</summary>
    internal bool NeedsData { get; init; }

    /// <summary>Whether a network whose layers are called through <c>forward</c>, out of sight of hooks, will do.</summary>
    internal bool AcceptsSilentNetworks { get; init; } = true;

    /// <summary>How many samples a pass has; null for the largest batch of the data, or one where there is none.</summary>
    internal long? SamplesInPass { get; init; }

    /// <summary>Whether of the network without its weights no more than shapes is asked, so that the probe need not compute.</summary>
    internal bool ShapesOnly { get; init; }

    /// <summary>Runs <paramref name="work"/> with hooks in place and data at hand, and puts everything back.</summary>
    internal T Run<T>(Module<Tensor, Tensor> model, PruningData data, PruningOptions options, Func<ScoringContext, T> work, CancellationToken token)
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
        // Once for the whole call: libtorch starts its threads anew whenever their number grows.
        using var serial = network.OnOneThread(SamplesInPass ?? (NeedsData ? context.Batches.Max(batch => batch.Input.size(0)) : 1));
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
            return network.Probe(sample, ShapesOnly);
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

    private UnsupportedModelException SilentNetwork(Network network) => new(
        $"{Name} needs to see what flows through every layer, but '{network.Silent[0]}' is reached by forward(), which runs no hooks"
        + (network.Silent.Count > 1 ? $" (as are {network.Silent.Count - 1} more)" : "")
        + ". Call the layers through call() in the model's own forward: conv1.call(x) instead of conv1.forward(x).")
    { Module = network.Silent[0] };
}

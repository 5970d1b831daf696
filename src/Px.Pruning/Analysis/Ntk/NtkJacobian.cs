using System.Diagnostics;
using Px.Bytes;
using Px.Pruning.Engine;
using Px.Pruning.Engine.Norms;
using Px.Pruning.Engine.Weights;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Analysis.Ntk;

// J = ∂f/∂θ of the masked network with frozen norm layers, with a row for each output of each sample and a column for each kept parameter.
// Only its products with vectors are computed.
internal sealed class NtkJacobian : IDisposable
{
    private readonly NtkOptions options;
    private readonly WeightFunction function;
    private readonly BorrowedGradients? others;
    private readonly Stopwatch watch = Stopwatch.StartNew();
    private long done, total;

    internal NtkJacobian(ScoringContext context, NtkOptions options, PruningMask? mask)
    {
        (Context, this.options) = (context, options);
        var network = context.Network;
        Norms = new NormPolicy(options.NormStatistics) { TrainsParameters = options.AllParameters };
        Round = new ScoringRound(network, 1, mask is null ? null : network.MasksOf(mask), wanted: null);
        function = WeightFunction.WithFrozenNorms(network, Norms);
        try
        {
            function.Set(Round.Weights.Thetas());
            Norms.Watch(NoteStatistics);
            Selected = Select(network, options);
            var found = options.AllParameters ? Others(network) : [];
            others = new BorrowedGradients(found);
            Parameters =
            [
                .. Selected.Select(slot => NtkParameter.Create(function.Weights[slot], Round.Alive?.Find(slot))),
                .. found.Select(parameter => NtkParameter.Create(parameter, null)),
            ];
            Count = Parameters.Sum(parameter => parameter.Count);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    internal ScoringContext Context { get; }

    // The masked weights θ ⊙ m.
    internal ScoringRound Round { get; }

    internal NormPolicy Norms { get; }

    internal IReadOnlyList<WeightSlot> Selected { get; } = [];

    // The tensors of the columns: Selected and, for AllParameters, the caller's other parameters. Borrowed.
    internal IReadOnlyList<NtkParameter> Parameters { get; } = [];

    // The number of columns.
    internal long Count { get; }

    internal long Samples => Context.Batches.Sum(batch => batch.Input.Samples);

    // Rows for each sample.
    internal long Outputs => options.SumOutputs ? 1 : Context.Network.OutputShape!.Aggregate(1L, (product, size) => product * size);

    internal long Rows => Samples * Outputs;

    // Starts to report progress on so many backward passes.
    internal void Expect(long passes) => (done, total) = (0, passes);

    // cᵀJ for each sample and each vector c, [Outputs], over its rows. One sample at a time, since a backward pass through a larger batch
    // would also do the work of the other samples.
    internal void Visit(IReadOnlyList<NtkParameter> of, Func<IEnumerable<Tensor>> vectors, Action<long, IReadOnlyList<Tensor>> visit)
    {
        List<Tensor> leaves = [.. of.Select(parameter => parameter.Leaf)];
        using var serial = Context.Network.OnOneThread(1);
        long index = 0;
        foreach (var input in MicroBatches(1))
        {
            using var sample = NewDisposeScope();
            var output = Run(input);
            foreach (var vector in vectors())
            {
                using var temporaries = NewDisposeScope();
                visit(index++, VectorProduct(output, vector, leaves));
            }
        }
    }

    // The samples in parts of at most that size. Borrowed.
    internal IEnumerable<Inputs> MicroBatches(long size)
    {
        foreach (var (batch, _) in Context.Batches)
        {
            for (long start = 0; start < batch.Samples; start += size)
            {
                Context.Token.ThrowIfCancellationRequested();
                using var part = batch.Narrow(start, Math.Min(size, batch.Samples - start));
                yield return part;
            }
        }
    }

    // The outputs of some samples, in a graph.
    internal Tensor Run(Inputs input)
    {
        using var grad = enable_grad();
        return function.Run(input);
    }

    // vᵀJ over the rows of an output, as a tensor for each leaf. Keeps the graph.
    internal IReadOnlyList<Tensor> VectorProduct(Tensor output, Tensor vector, IList<Tensor> leaves)
    {
        Context.Token.ThrowIfCancellationRequested();
        if (output.requires_grad) autograd.backward([output], [AtOutput(vector, output)], retain_graph: true, inputs: leaves);
        Report();
        using var noGrad = no_grad();
        return [.. leaves.Select(WeightFunction.TakeGradient)];
    }

    // Counts a backward pass.
    internal void Report() => options.Progress?.Report(new NtkProgress(++done, Math.Max(done, total), watch.Elapsed));

    // A vector over rows in the output's own shape and dtype, repeated where outputs are summed. Differentiable.
    internal Tensor AtOutput(Tensor vector, Tensor output)
    {
        using var scope = NewDisposeScope();
        var cast = vector.to(output.dtype, output.device);
        var spread = options.SumOutputs ? cast.reshape(-1, 1).expand(cast.numel(), output.numel() / cast.numel()) : cast;
        return spread.reshape(output.shape).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        foreach (var parameter in Parameters) parameter.Dispose();
        others?.Dispose();
        function.Dispose();
        Norms.Dispose();
        Round.Dispose();
    }

    // Runs the data if a norm layer takes its statistics from it.
    private void NoteStatistics()
    {
        if (!Context.Network.Modules.Any(hooked => hooked.Norm?.UsesBatch(options.NormStatistics) == true)) return;
        foreach (var (input, _) in Context.Batches)
        {
            Context.Token.ThrowIfCancellationRequested();
            using var noGrad = no_grad();
            function.Run(input).Dispose();
        }
    }

    private static List<WeightSlot> Select(Network network, NtkOptions options)
    {
        if (options.AllParameters) return [.. network.Slots];
        if (IncludedParameters.Find(network.Model, network.Slots, options.Parameters) is [var other, ..])
        {
            throw new ArgumentException(
                $"NtkOptions.Parameters includes '{other.Name}', which is not the weight of a convolution or linear layer. Set "
                + "NtkOptions.AllParameters, or leave it out.", nameof(options));
        }

        var selected = network.Slots.Where(slot => options.Parameters.Accepts(slot.Name, slot.Module, isLayersWeight: true)).ToList();
        if (selected.Count > 0) return selected;
        throw new ArgumentException(
            "NtkOptions.Parameters selects no weight of the model, so that there is nothing to differentiate by.", nameof(options));
    }

    private static List<Parameter> Others(Network network)
    {
        var weights = network.Slots.Select(slot => TensorAddress.Of(slot.Weight)).ToHashSet();
        return [.. network.Model.named_parameters().Select(p => p.parameter).Where(p => weights.Add(TensorAddress.Of(p)))];
    }
}

// One tensor of parameters as columns of the Jacobian. Owns Kept, the int64 indices of the kept weights in the flattened leaf, and Pruned,
// a bool tensor in the leaf's shape; both are null where nothing is pruned. Leaf is borrowed.
internal sealed record NtkParameter(Tensor Leaf, Tensor? Kept, Tensor? Pruned) : IDisposable
{
    internal long Count { get; } = Kept?.numel() ?? Leaf.numel();

    internal static NtkParameter Create(Tensor leaf, Tensor? kept)
    {
        if (kept is null) return new(leaf, null, null);
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        if (kept.all().ToBoolean()) return new(leaf, null, null);
        var there = kept.to(leaf.device);
        return new(leaf, there.flatten().nonzero().flatten().DetachFromDisposeScope(), there.logical_not().DetachFromDisposeScope());
    }

    // The gradients of some kept weights, flat. Fresh.
    internal Tensor Columns(Tensor gradient, long start, long count)
    {
        using var scope = NewDisposeScope();
        var flat = gradient.flatten();
        var columns = Kept is null ? flat.narrow(0, start, count) : flat.index_select(0, Kept.narrow(0, start, count));
        return columns.MoveToOuterDisposeScope();
    }

    // Fresh.
    internal Tensor Mask(Tensor tensor) => Pruned is null ? tensor.alias() : tensor.masked_fill(Pruned, 0);

    public void Dispose()
    {
        Kept?.Dispose();
        Pruned?.Dispose();
    }
}

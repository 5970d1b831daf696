using System.Diagnostics;
using Px.Pruning.Engine;
using Px.Pruning.Engine.Norms;
using Px.Pruning.Engine.Weights;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Analysis.Ntk;

// J = ∂f/∂θ of the masked network with frozen norm layers, one row for each output of each sample and one column for each kept parameter.
// It is never written down; this runs the passes that its products are made of.
internal sealed class NtkJacobian : IDisposable
{
    private readonly ScoringContext context;
    private readonly NtkOptions options;
    private readonly WeightFunction function;
    private readonly BorrowedGradients? others;
    private readonly Stopwatch watch = Stopwatch.StartNew();
    private long done, total;

    internal NtkJacobian(ScoringContext context, NtkOptions options, PruningMask? mask)
    {
        (this.context, this.options) = (context, options);
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

    internal ScoringContext Context => context;

    // θ ⊙ m.
    internal ScoringRound Round { get; }

    internal NormPolicy Norms { get; }

    internal IReadOnlyList<WeightSlot> Selected { get; } = [];

    // What is differentiated: Selected and, where all parameters count, the caller's others. Borrowed.
    internal IReadOnlyList<NtkParameter> Parameters { get; } = [];

    // Columns: kept parameters.
    internal long Count { get; }

    internal long Samples => context.Batches.Sum(batch => batch.Input.size(0));

    // Rows a sample.
    internal long Outputs =>
        options.SumOutputs ? 1 : context.Network.OutputShape!.Aggregate(1L, (product, size) => product * size);

    internal long Rows => Samples * Outputs;

    // Begins a count of backward passes for the caller's progress.
    internal void Expect(long passes) => (done, total) = (0, passes);

    // cᵀJ of single samples: a forward pass of each, and a backward pass for each of its vectors c. One sample at a time, since a row is
    // one sample's, and a backward pass through a larger batch would do all the others' work as well. vectors: The vectors c for one
    // sample's rows, each [Outputs].
    internal void Visit(IReadOnlyList<NtkParameter> of, Func<IEnumerable<Tensor>> vectors, Action<long, IReadOnlyList<Tensor>> visit)
    {
        List<Tensor> leaves = [.. of.Select(parameter => parameter.Leaf)];
        using var serial = context.Network.OnOneThread(1);
        long index = 0;
        foreach (var input in MicroBatches(1))
        {
            using var sample = NewDisposeScope();
            var output = Run(input);
            foreach (var vector in vectors())
            {
                using var temporaries = NewDisposeScope();
                visit(index++, Pull(output, vector, leaves));
            }
        }
    }

    // The samples in parts of at most that many. Borrowed.
    internal IEnumerable<Tensor> MicroBatches(long size)
    {
        foreach (var (batch, _) in context.Batches)
        {
            for (long start = 0; start < batch.size(0); start += size)
            {
                context.Token.ThrowIfCancellationRequested();
                using var part = batch.narrow(0, start, Math.Min(size, batch.size(0) - start));
                yield return part;
            }
        }
    }

    // The outputs of some samples, in a graph.
    internal Tensor Run(Tensor input)
    {
        using var grad = enable_grad();
        return function.Run(input);
    }

    // cᵀJ for the rows of the samples that went into an output: one tensor for each leaf, zero where none arrived. The graph is kept.
    internal IReadOnlyList<Tensor> Pull(Tensor output, Tensor vector, IList<Tensor> leaves)
    {
        context.Token.ThrowIfCancellationRequested();
        if (output.requires_grad) autograd.backward([output], [AtOutput(vector, output)], retain_graph: true, inputs: leaves);
        Report();
        using var noGrad = no_grad();
        return [.. leaves.Select(WeightFunction.TakeGradient)];
    }

    // Counts a backward pass.
    internal void Report() => options.Progress?.Report(new NtkProgress(++done, Math.Max(done, total), watch.Elapsed));

    // A vector over rows in the output's own shape and dtype: a sum's number goes to all that is summed. Differentiable.
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

    // Runs the data through, where a norm layer takes its statistics from there.
    private void NoteStatistics()
    {
        if (!context.Network.Modules.Any(hooked => hooked.Norm?.UsesBatch(options.NormStatistics) == true)) return;
        foreach (var (input, _) in context.Batches)
        {
            context.Token.ThrowIfCancellationRequested();
            using var noGrad = no_grad();
            function.Run(input).Dispose();
        }
    }

    private static List<WeightSlot> Select(Network network, NtkOptions options)
    {
        if (options.AllParameters) return [.. network.Slots];
        var selected = network.Slots
            .Where(slot => options.Parameters.Accepts(slot.Name, slot.Layer.Module)).ToList();
        return selected.Count > 0
            ? selected
            : throw new ArgumentException("NtkOptions.Parameters selects no weight of the model, so that there is nothing to "
            + "differentiate by.", nameof(options));
    }

    private static List<Parameter> Others(Network network)
    {
        var weights = network.Slots.Select(slot => slot.Layer.Weight.Handle).ToHashSet();
        return [.. network.Model.named_parameters().Select(p => p.parameter).Where(p => !weights.Contains(p.Handle))];
    }
}

// One tensor of parameters, as columns of the Jacobian. Leaf: Where gradients arrive. Borrowed.
// Kept: Places of the kept weights in the flattened tensor, int64; null for all. Owned.
// Pruned: A bool tensor in the leaf's shape, true where a weight is pruned; null for nowhere. Owned.
internal sealed record NtkParameter(Tensor Leaf, Tensor? Kept, Tensor? Pruned) : IDisposable
{
    // Columns: kept weights.
    internal long Count { get; } = Kept?.numel() ?? Leaf.numel();

    // kept: A bool tensor in the leaf's shape; null where nothing is pruned.
    internal static NtkParameter Create(Tensor leaf, Tensor? kept)
    {
        if (kept is null) return new(leaf, null, null);
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        if (kept.all().ToBoolean()) return new(leaf, null, null);
        var there = kept.to(leaf.device);
        return new(leaf, there.flatten().nonzero().flatten().DetachFromDisposeScope(), there.logical_not().DetachFromDisposeScope());
    }

    // The gradients of so many kept weights, flat. Fresh.
    internal Tensor Columns(Tensor gradient, long start, long count)
    {
        using var scope = NewDisposeScope();
        var flat = gradient.flatten();
        var columns = Kept is null ? flat.narrow(0, start, count) : flat.index_select(0, Kept.narrow(0, start, count));
        return columns.MoveToOuterDisposeScope();
    }

    // A tensor in the leaf's shape with 0 where a weight is pruned. Fresh.
    internal Tensor Mask(Tensor tensor) => Pruned is null ? tensor.alias() : tensor.masked_fill(Pruned, 0);

    public void Dispose()
    {
        Kept?.Dispose();
        Pruned?.Dispose();
    }
}

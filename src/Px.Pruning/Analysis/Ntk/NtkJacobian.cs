using System.Diagnostics;
using Px.Pruning.Engine;
using Px.Pruning.Engine.Norms;
using Px.Pruning.Engine.Weights;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Analysis.Ntk;

/// <summary>
/// <c>J = ∂f/∂θ</c> of the masked network with frozen norm layers, one row for each output of each sample and one column for each kept
/// parameter. It is never written down; this runs the passes that its products are made of.
/// </summary>
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

    /// <summary>The network that is differentiated.</summary>
    internal ScoringContext Context => context;

    /// <summary>θ ⊙ m.</summary>
    internal ScoringRound Round { get; }

    /// <summary>The frozen norm layers.</summary>
    internal NormPolicy Norms { get; }

    /// <summary>The weights that are differentiated.</summary>
    internal IReadOnlyList<WeightSlot> Selected { get; } = [];

    /// <summary>What is differentiated: <see cref="Selected"/> and, where all parameters count, the caller's others. Borrowed.</summary>
    internal IReadOnlyList<NtkParameter> Parameters { get; } = [];

    /// <summary>Columns: kept parameters.</summary>
    internal long Count { get; }

    internal long Samples => context.Batches.Sum(batch => batch.Input.size(0));

    /// <summary>Rows a sample.</summary>
    internal long Outputs => options.Outputs == NtkOutputs.Sum ? 1 : context.Network.OutputShape!.Aggregate(1L, (product, size) => product * size);

    internal long Rows => Samples * Outputs;

    /// <summary>Begins a count of backward passes for the caller's progress.</summary>
    internal void Expect(long passes) => (done, total) = (0, passes);

    /// <summary>
    /// <c>cᵀJ</c> of single samples: a forward pass of each, and a backward pass for each of its vectors c. One sample at a time, since a row
    /// is one sample's, and a backward pass through a larger batch would do all the others' work as well.
    /// </summary>
    /// <param name="of">What to differentiate.</param>
    /// <param name="vectors">The vectors c for one sample's rows, each [<see cref="Outputs"/>].</param>
    /// <param name="visit">Receives a running index and the gradient at each parameter, which it must not keep.</param>
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

    /// <summary>The samples in parts of at most that many. Borrowed.</summary>
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

    /// <summary>The outputs of some samples, in a graph.</summary>
    internal Tensor Run(Tensor input)
    {
        using var grad = enable_grad();
        return function.Run(input);
    }

    /// <summary><c>cᵀJ</c> for the rows of the samples that went into an output: one tensor for each leaf, zero where none arrived. The graph is kept.</summary>
    /// <param name="output">Of <see cref="Run"/>.</param>
    /// <param name="vector">One number for each row.</param>
    /// <param name="leaves">What to differentiate.</param>
    internal IReadOnlyList<Tensor> Pull(Tensor output, Tensor vector, IList<Tensor> leaves)
    {
        context.Token.ThrowIfCancellationRequested();
        if (output.requires_grad) autograd.backward([output], [AtOutput(vector, output)], retain_graph: true, inputs: leaves);
        Report();
        using var noGrad = no_grad();
        return [.. leaves.Select(WeightFunction.TakeGradient)];
    }

    /// <summary>Counts a backward pass.</summary>
    internal void Report() => options.Progress?.Report(new NtkProgress(++done, Math.Max(done, total), watch.Elapsed));

    /// <summary>A vector over rows in the output's own shape and dtype: a sum's number goes to all that is summed. Differentiable.</summary>
    internal Tensor AtOutput(Tensor vector, Tensor output)
    {
        using var scope = NewDisposeScope();
        var cast = vector.to(output.dtype, output.device);
        var spread = options.Outputs == NtkOutputs.Sum ? cast.reshape(-1, 1).expand(cast.numel(), output.numel() / cast.numel()) : cast;
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

    /// <summary>Runs the data through, where a norm layer takes its statistics from there.</summary>
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
            : throw new ArgumentException("NtkOptions.Parameters selects no weight of the model, so that there is nothing to differentiate by.", nameof(options));
    }

    /// <summary>Every parameter that is no layer's weight.</summary>
    private static List<Parameter> Others(Network network)
    {
        var weights = network.Slots.Select(slot => slot.Layer.Weight.Handle).ToHashSet();
        return [.. network.Model.named_parameters().Select(p => p.parameter).Where(p => !weights.Contains(p.Handle))];
    }
}

/// <summary>One tensor of parameters, as columns of the Jacobian.</summary>
/// <param name="Leaf">Where gradients arrive. Borrowed.</param>
/// <param name="Kept">Places of the kept weights in the flattened tensor, int64; null for all. Owned.</param>
/// <param name="Pruned">A bool tensor in the leaf's shape, true where a weight is pruned; null for nowhere. Owned.</param>
internal sealed record NtkParameter(Tensor Leaf, Tensor? Kept, Tensor? Pruned) : IDisposable
{
    /// <summary>Columns: kept weights.</summary>
    internal long Count { get; } = Kept?.numel() ?? Leaf.numel();

    /// <param name="leaf">Where gradients arrive.</param>
    /// <param name="kept">A bool tensor in the leaf's shape; null where nothing is pruned.</param>
    internal static NtkParameter Create(Tensor leaf, Tensor? kept)
    {
        if (kept is null) return new(leaf, null, null);
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        if (kept.all().ToBoolean()) return new(leaf, null, null);
        var there = kept.to(leaf.device);
        return new(leaf, there.flatten().nonzero().flatten().DetachFromDisposeScope(), there.logical_not().DetachFromDisposeScope());
    }

    /// <summary>The gradients of so many kept weights, flat. Fresh.</summary>
    internal Tensor Columns(Tensor gradient, long start, long count)
    {
        using var scope = NewDisposeScope();
        var flat = gradient.flatten();
        var columns = Kept is null ? flat.narrow(0, start, count) : flat.index_select(0, Kept.narrow(0, start, count));
        return columns.MoveToOuterDisposeScope();
    }

    /// <summary>A tensor in the leaf's shape with 0 where a weight is pruned. Fresh.</summary>
    internal Tensor Mask(Tensor tensor) => Pruned is null ? tensor.alias() : tensor.masked_fill(Pruned, 0);

    public void Dispose()
    {
        Kept?.Dispose();
        Pruned?.Dispose();
    }
}

using static TorchSharp.torch;

namespace Px.Pruning.Engine.Paths;

// Which paths are active for one batch: the gates, the factors and the max-pooling indices that a run of f records for a run of g. Owns
// them.
internal sealed class ActivationPattern : IDisposable
{
    private readonly Dictionary<int, (HookedModule Layer, Tensor Gate)> gates = [];
    private readonly Dictionary<int, (HookedModule Layer, Tensor Gate)> signs = [];
    private readonly Dictionary<int, (HookedModule Layer, Tensor Gate)> factors = [];
    private readonly List<Tensor> indices = [];
    private int nextIndices;

    // A gate is of bytes or bool, true where f is positive, or a float squared derivative.
    internal void AddGate(HookedModule hooked, int step, Tensor gate) => gates.Add(step, (hooked, gate.DetachFromDisposeScope()));

    // The gate that f recorded at this step, or null. Borrowed. Throws an UnsupportedModelException if the forward pass differs from f's.
    internal Tensor? Gate(HookedModule hooked, int step) => Find(gates, hooked, step);

    // f's signs, ±1, where a layer's output is gated by a ReLU that is called as a function.
    internal void AddSigns(HookedModule hooked, int step, Tensor plusMinusOne) =>
        signs.Add(step, (hooked, plusMinusOne.DetachFromDisposeScope()));

    internal Tensor? Signs(HookedModule hooked, int step) => Find(signs, hooked, step);

    // The squared output of a module that multiplies paths.
    internal void AddFactor(HookedModule hooked, int step, Tensor squared) =>
        factors.Add(step, (hooked, squared.DetachFromDisposeScope()));

    internal Tensor? Factor(HookedModule hooked, int step) => Find(factors, hooked, step);

    private static Tensor? Find(Dictionary<int, (HookedModule Layer, Tensor Gate)> notes, HookedModule hooked, int step)
    {
        if (!notes.TryGetValue(step, out var entry)) return null;
        if (entry.Layer == hooked) return entry.Gate;
        throw new UnsupportedModelException(
            $"The forward pass reached '{hooked.Name}' where it reached '{entry.Layer.Name}' before: its course depends on the values it "
            + "computes, so that activation patterns cannot be carried over. Make the forward pass take the same modules in the same "
            + "order.")
        { Module = hooked.Name };
    }

    internal void AddIndices(Tensor flat) => indices.Add(flat.DetachFromDisposeScope());

    // Borrowed.
    internal Tensor NextIndices() => indices[nextIndices++];

    // Whether every gate has one entry a sample along its first dimension, so that samples can be taken apart.
    internal bool IsPerSample(long samples) =>
        Notes.Select(note => note.Gate).Concat(indices)
            .All(tensor => tensor.dim() > 0 && tensor.size(0) == samples);

    // The pattern of some of the samples: views of this one, which must outlive it.
    internal ActivationPattern Part(long start, long count)
    {
        var part = new ActivationPattern();
        foreach (var (step, (hooked, gate)) in gates) part.AddGate(hooked, step, gate.narrow(0, start, count));
        foreach (var (step, (hooked, gate)) in signs) part.AddSigns(hooked, step, gate.narrow(0, start, count));
        foreach (var (step, (hooked, gate)) in factors) part.AddFactor(hooked, step, gate.narrow(0, start, count));
        foreach (var flat in indices) part.AddIndices(flat.narrow(0, start, count));
        return part;
    }

    internal void Rewind() => nextIndices = 0;

    private IEnumerable<(HookedModule Layer, Tensor Gate)> Notes => gates.Values.Concat(signs.Values).Concat(factors.Values);

    public void Dispose()
    {
        foreach (var (_, gate) in Notes) gate.Dispose();
        foreach (var flat in indices) flat.Dispose();
    }
}

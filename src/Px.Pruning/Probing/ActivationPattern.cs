using static TorchSharp.torch;

namespace Px.Pruning.Probing;

/// <summary>Which paths are active for one batch: the gates and max-pooling indices that a run of f leaves for a run of g. Owns them.</summary>
internal sealed class ActivationPattern : IDisposable
{
    private readonly Dictionary<int, (Site Site, Tensor Gate)> gates = [];
    private readonly Dictionary<int, (Site Site, Tensor Gate)> signs = [];
    private readonly List<Tensor> indices = [];
    private int nextIndices;

    /// <summary>Notes the gate of a moment: bytes or bool, true where f is positive, or a float squared derivative.</summary>
    internal void AddGate(Site site, int moment, Tensor gate) => gates.Add(moment, (site, gate.DetachFromDisposeScope()));

    /// <summary>The gate f left at this moment, or null. Borrowed.</summary>
    /// <exception cref="UnsupportedModelException">The network's forward took another way than in f.</exception>
    internal Tensor? Gate(Site site, int moment) => Find(gates, site, moment);

    /// <summary>Notes f's signs, ±1, where a layer's output is gated by a ReLU that nothing else shows.</summary>
    internal void AddSigns(Site site, int moment, Tensor plusMinusOne) => signs.Add(moment, (site, plusMinusOne.DetachFromDisposeScope()));

    /// <summary>The signs f left at this moment, or null. Borrowed.</summary>
    internal Tensor? Signs(Site site, int moment) => Find(signs, site, moment);

    private static Tensor? Find(Dictionary<int, (Site Site, Tensor Gate)> notes, Site site, int moment)
    {
        if (!notes.TryGetValue(moment, out var entry)) return null;
        if (entry.Site == site) return entry.Gate;
        throw new UnsupportedModelException(
            $"The forward pass reached '{site.Name}' where it reached '{entry.Site.Name}' before: its course depends on the values it computes, "
            + "so that activation patterns cannot be carried over. Make the forward pass take the same modules in the same order.")
        { Module = site.Name };
    }

    internal void AddIndices(Tensor flat) => indices.Add(flat.DetachFromDisposeScope());

    /// <summary>The max-pooling indices of the next pooling call. Borrowed.</summary>
    internal Tensor NextIndices() => indices[nextIndices++];

    /// <summary>Whether every gate has one entry a sample along its first dimension, so that samples can be taken apart.</summary>
    internal bool IsPerSample(long samples) =>
        gates.Values.Concat(signs.Values).Select(note => note.Gate).Concat(indices).All(tensor => tensor.dim() > 0 && tensor.size(0) == samples);

    /// <summary>The pattern of some of the samples: views of this one, which must outlive it.</summary>
    internal ActivationPattern Part(long start, long count)
    {
        var part = new ActivationPattern();
        foreach (var (moment, (site, gate)) in gates) part.AddGate(site, moment, gate.narrow(0, start, count));
        foreach (var (moment, (site, gate)) in signs) part.AddSigns(site, moment, gate.narrow(0, start, count));
        foreach (var flat in indices) part.AddIndices(flat.narrow(0, start, count));
        return part;
    }

    /// <summary>Begins another replay.</summary>
    internal void Rewind() => nextIndices = 0;

    public void Dispose()
    {
        foreach (var (_, gate) in gates.Values.Concat(signs.Values)) gate.Dispose();
        foreach (var flat in indices) flat.Dispose();
    }
}

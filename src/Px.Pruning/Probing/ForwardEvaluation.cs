using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Probing;

/// <summary>
/// f: the masked network itself, biases and norm shifts included. Leaves its activation pattern, its max-pooling indices and the
/// moments of its normalisation layers. Run it without gradients.
/// </summary>
internal sealed class ForwardEvaluation(MaskedWeights weights, NormPolicy norms, ActivationPattern pattern) : Evaluation
{
    // A tensor passes several module boundaries unchanged; its fingerprint tells whether it changed in place in between.
    private readonly Dictionary<Tensor, double> seen = new(ReferenceEqualityComparer.Instance);

    internal override bool Replaces(Site site) => site.Weighted is not null || site.Norm is not null || site.IsMaxPool;

    internal override Tensor Compute(Site site, Tensor input)
    {
        if (site.Norm is { } norm) return norms.Normalize(norm, input);
        if (site.IsMaxPool)
        {
            var (output, flat) = site.PoolWithIndices(input);
            pattern.AddIndices(flat);
            return output;
        }

        using var theta = weights.Theta(site.Weighted!.Slot, input.dtype);
        using var bias = site.Weighted.Bias?.detach().to(input.dtype);
        return site.Weighted.Apply(input, theta, bias);
    }

    internal override Tensor? Enter(Site site, int moment, Tensor input)
    {
        if (site.IsSmoothActivation) pattern.AddGate(site, moment + SmoothGateOffset, SquaredDerivative(site, input));
        else if (!site.IsRelu) Observe(site, moment, input);
        return null;
    }

    internal override Tensor? Leave(Site site, int moment, Tensor output)
    {
        if (site.IsRelu)
        {
            pattern.AddGate(site, moment, Positive(output));
            if (output.dim() > 0 && output.numel() > 0) seen[output] = Fingerprint(output);
        }
        else if (site.HandsOnSigns) pattern.AddSigns(site, moment, Signs(output));
        else if (site.Weighted is null && site.Norm is null && !site.IsSmoothActivation) Observe(site, moment, output);
        return null;
    }

    /// <summary>An activation module has no modules inside: it is left at the moment after it is entered.</summary>
    private const int SmoothGateOffset = 1;

    /// <summary>Notes a gate where the tensor came out of a ReLU that no module showed: non-negative, with zeros.</summary>
    private void Observe(Site site, int moment, Tensor tensor)
    {
        if (tensor.dim() == 0 || tensor.numel() == 0) return;
        double fingerprint = Fingerprint(tensor);
        if (seen.TryGetValue(tensor, out double before) && before.Equals(fingerprint)) return;
        seen[tensor] = fingerprint;
        if (double.IsNegative(fingerprint)) return;
        using var scope = NewDisposeScope();
        if (tensor.min().ToDouble() < 0) return;
        var gate = tensor.gt(0);
        if (!gate.all().ToBoolean()) pattern.AddGate(site, moment, gate);
    }

    /// <summary>The sum of one sample, or −1 where it has a negative value: cheap, and different once the tensor is changed in place.</summary>
    private static double Fingerprint(Tensor tensor)
    {
        using var scope = NewDisposeScope();
        var sample = tensor.narrow(0, tensor.size(0) / 2, 1);
        return sample.min().ToDouble() < 0 ? -1 : sample.sum().ToDouble();
    }

    /// <summary>1 where a ReLU's output is positive. As bytes: libtorch multiplies by them in a third of the time that bool takes, and compares slowly.</summary>
    private static Tensor Positive(Tensor output)
    {
        using var positive = output.to(ScalarType.Bool);
        return positive.to(ScalarType.Byte);
    }

    /// <summary>+1 where positive, −1 elsewhere: what a ReLU lets pass and what it stops.</summary>
    private static Tensor Signs(Tensor output)
    {
        using var scope = NewDisposeScope();
        return output.gt(0).to(ScalarType.Int8).mul_(2).sub_(1).MoveToOuterDisposeScope();
    }

    private static Tensor SquaredDerivative(Site site, Tensor input)
    {
        using var scope = NewDisposeScope();
        using var grad = enable_grad();
        var z = input.detach().clone().requires_grad_();
        // Times one: an in-place activation may not write to a leaf.
        var output = site.Module.forward(z * 1);
        autograd.backward([output], [ones_like(output)], inputs: [z]);
        return z.grad!.square().MoveToOuterDisposeScope();
    }
}

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

using System.Runtime.InteropServices;
using Px.Pruning.Data;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Probing;

/// <summary>The caller's model as pruning sees it: its weights, its layers and, while data flows, its hooks.</summary>
internal sealed class Network : IDisposable
{
    // Floating-point operations of a pass from which several threads gain more than they lose where other processes are busy too: then each of its
    // operators may wait for a thread that is not scheduled.
    private const long WorthSharing = 2_000_000_000;

    private readonly HookedNetwork hooks;
    private bool? takesChannelsLast;

    internal Network(Module<Tensor, Tensor> model, ParameterSelection selection)
    {
        Model = model;
        Sites = FindSites(model);
        Slots = FindSlots(Sites, selection);
        Prunable = [.. Slots.Where(slot => slot.Prunable)];
        hooks = new HookedNetwork(model, Sites);
    }

    internal Module<Tensor, Tensor> Model { get; }

    /// <summary>Every module that hooks can see, the model first; a shared module once.</summary>
    internal IReadOnlyList<Site> Sites { get; }

    /// <summary>Every convolution and linear weight.</summary>
    internal IReadOnlyList<WeightSlot> Slots { get; }

    /// <summary>The slots that are ranked, in the model's order.</summary>
    internal IReadOnlyList<WeightSlot> Prunable { get; }

    /// <summary>Weighted layers that compute without being called through <c>call</c>; empty for a network that hooks see whole.</summary>
    internal IReadOnlyList<string> Silent { get; private set; } = [];

    /// <summary>The shape of one input without the batch dimension, as <see cref="Probe"/> saw it; null before.</summary>
    internal long[]? SampleShape { get; private set; }

    /// <summary>Whether <see cref="Probe"/> has run.</summary>
    internal bool IsProbed { get; private set; }

    /// <summary>The shape of the output for one sample, [1, K, …]; null before <see cref="Probe"/>.</summary>
    internal long[]? OutputShape { get; private set; }

    internal Device Device => Slots[0].Layer.Weight.device;

    /// <summary>float64 for a float64 model, otherwise float32: half precision is too coarse to score in.</summary>
    internal ScalarType ComputeType => Slots[0].Layer.Weight.dtype == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32;

    internal Tensor Run(Evaluation evaluation, Tensor input) => hooks.Run(evaluation, input);

    /// <inheritdoc cref="HookedNetwork.IsAboutTheModel"/>
    internal bool IsAboutTheModel(Exception e) => hooks.IsAboutTheModel(e);

    /// <summary>Keeps passes on one thread, until disposed, where they are too small to share out. After the probe.</summary>
    /// <param name="samples">How many samples a pass has.</param>
    internal SingleThread? OnOneThread(long samples)
    {
        long flops = Sites.Where(site => site.Weighted is not null).Sum(site => 2 * site.Weighted!.Positions * site.Weighted.Weight.numel());
        return flops * samples < WorthSharing ? new SingleThread() : null;
    }

    /// <summary>One forward pass of one sample: learns shapes and which modules hooks can see. Returns the output's shape.</summary>
    /// <param name="sample">A batch of one.</param>
    /// <param name="shapesOnly">Whether nothing else is asked: then no layer computes.</param>
    internal long[] Probe(Tensor sample, bool shapesOnly = false)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        Tensor output;
        try
        {
            output = Try(sample, shapesOnly);
        }
        catch (Exception e) when (e is InvalidOperationException or ObjectDisposedException)
        {
            // A module uses a tensor that its container's scope disposed; without these scopes any other error comes again.
            hooks.ReleasesContainers = false;
            output = Try(sample, shapesOnly);
        }

        Silent = SilentLayers.Find(this, sample);
        (IsProbed, SampleShape, OutputShape) = (true, sample.shape[1..], output.shape);
        return output.shape;
    }

    /// <summary>
    /// The same numbers in the layout that forward passes without gradients are fastest in. Gradients are computed in the standard layout, since in
    /// this one float32 gradients lose three digits. Fresh.
    /// </summary>
    internal Tensor ForForwardPass(Tensor batch)
    {
        using var first = batch.narrow(0, 0, 1);
        return (takesChannelsLast ??= TakesChannelsLast(first)) ? ChannelsLast(batch) : batch.alias();
    }

    public void Dispose() => hooks.Dispose();

    /// <summary>
    /// Whether forward passes may have channels innermost, which is faster on the CPU. Code that relies on the standard layout
    /// (<c>view</c> of a feature map) throws or, where it reads raw memory, gives another output.
    /// </summary>
    private bool TakesChannelsLast(Tensor sample)
    {
        if (Device.type != DeviceType.CPU || sample.dim() != 4 || !sample.is_floating_point()) return false;
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        try
        {
            var standard = Run(new ShapeEvaluation { NotesShapes = false }, sample);
            var arranged = Run(new ShapeEvaluation { NotesShapes = false }, ChannelsLast(sample));
            return arranged.allclose(standard, rtol: 1e-2, atol: 1e-2 * standard.abs().max().ToDouble());
        }
        catch (ExternalException)
        {
            return false;
        }
    }

    private static Tensor ChannelsLast(Tensor batch)
    {
        using var scope = NewDisposeScope();
        return batch.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2).MoveToOuterDisposeScope();
    }

    private Tensor Try(Tensor sample, bool shapesOnly)
    {
        foreach (var site in Sites) site.Weighted?.ForgetUses();
        try
        {
            return Run(new ShapeEvaluation { Computes = !shapesOnly }, sample);
        }
        catch (ExternalException e)
        {
            throw new ArgumentException(
                $"The model does not run on an input of shape {ShapeText.Of(sample.shape)}, one sample of the pruning data: {e.Message.Split('\n')[0]} "
                + "Check that data and model belong together.", e);
        }
    }

    /// <summary>Depth first, as a state dict is ordered; <c>named_modules</c> lists level by level.</summary>
    private static List<Site> FindSites(Module<Tensor, Tensor> model)
    {
        var seen = new HashSet<Module>(ReferenceEqualityComparer.Instance);
        var sites = new List<Site>();
        Visit("", model);
        return sites;

        void Visit(string name, Module module)
        {
            if (!seen.Add(module)) return;
            if (module is Module<Tensor, Tensor> hookable) sites.Add(new Site(name, hookable));
            foreach (var (child, inner) in module.named_children()) Visit(name.Length == 0 ? child : $"{name}.{child}", inner);
        }
    }

    private static List<WeightSlot> FindSlots(IReadOnlyList<Site> sites, ParameterSelection selection)
    {
        var slots = new Dictionary<IntPtr, WeightSlot>();
        var order = new List<WeightSlot>();
        foreach (var site in sites)
        {
            if (site.Weighted is not { } layer) continue;
            var key = layer.Weight.Handle;
            if (!slots.TryGetValue(key, out var slot))
            {
                string name = site.Name.Length == 0 ? "weight" : site.Name + ".weight";
                slot = new WeightSlot(order.Count, name, layer, selection.Accepts(name, site.Module));
                slots.Add(key, slot);
                order.Add(slot);
            }

            layer.Slot = slot.Index;
        }

        return order;
    }
}

/// <summary>Finds layers that take part in the network although no hook saw them: their owner calls <c>forward</c> instead of <c>call</c>.</summary>
internal static class SilentLayers
{
    /// <summary>
    /// Names of layers that never fired in the last run but whose parameters the output depends on. A layer that never fired and
    /// that nothing depends on is merely unused.
    /// </summary>
    internal static IReadOnlyList<string> Find(Network network, Tensor sample)
    {
        List<(string Name, Parameter Parameter)> quiet =
        [
            .. from site in network.Sites
               where !site.Fired
               let parameter = site.Weighted?.Weight ?? site.Norm?.Gamma as Parameter
               where parameter is not null
               select (site.Name, parameter),
        ];
        if (quiet.Count == 0) return [];

        using var scope = NewDisposeScope();
        using var grad = enable_grad();
        using var borrowed = new BorrowedGradients(quiet.Select(layer => layer.Parameter));
        var output = network.Model.call(sample.to(quiet[0].Parameter.dtype)).sum();
        if (!output.requires_grad) return [];
        autograd.backward([output], inputs: quiet.Select(layer => (Tensor)layer.Parameter).ToList());
        return [.. quiet.Where(layer => layer.Parameter.grad is not null).Select(layer => layer.Name)];
    }
}

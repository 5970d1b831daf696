using System.Runtime.InteropServices;
using Px.Pruning.Engine.Speed;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Engine;

// The caller's model as pruning sees it: its modules, its weights and the hooks that substitute what modules compute.
internal sealed class Network : IDisposable
{
    private readonly HookedNetwork hooks;

    internal Network(Module<Tensor, Tensor> model, ParameterSelection selection)
    {
        Model = model;
        Modules = FindModules(model);
        Slots = FindSlots(Modules, selection);
        Prunable = [.. Slots.Where(slot => slot.Prunable)];
        hooks = new HookedNetwork(model, Modules);
    }

    internal Module<Tensor, Tensor> Model { get; }

    // Every module that can have hooks, the model first; a shared module once.
    internal IReadOnlyList<HookedModule> Modules { get; }

    // Every convolution and linear weight, in the model's order; Prunable are those that are ranked.
    internal IReadOnlyList<WeightSlot> Slots { get; }

    internal IReadOnlyList<WeightSlot> Prunable { get; private set; }

    // Selected weights that are not ranked, since the output does not depend on them.
    internal IReadOnlyList<WeightSlot> Unused { get; private set; } = [];

    // Weighted layers that the model calls through forward, so that their hooks do not run.
    internal IReadOnlyList<string> Unhooked { get; private set; } = [];

    // Layers that are called and whose parameter is used beside these calls too.
    internal IReadOnlyList<UseElsewhere> UsedElsewhere { get; private set; } = [];

    // Whether hooks see every use of every weight, as far as a probe has shown.
    internal bool IsSeenWhole => Unhooked.Count == 0 && UsedElsewhere.Count == 0;

    // Whether PathSigns has found no fault, which depends on no weight.
    internal bool SignsAreChecked { get; set; }

    // The shape of one input without the batch dimension, and of its output, [1, K, …]; null before Probe.
    internal long[]? SampleShape { get; private set; }

    internal long[]? OutputShape { get; private set; }

    internal bool IsProbed => SampleShape is not null;

    internal Device Device => Slots[0].Layer.Weight.device;

    internal ScalarType WeightType => Slots[0].Layer.Weight.dtype;

    internal SpeedPolicy Speed { get; } = new();

    // float64 for a float64 model, otherwise float32: half precision is too coarse to score in.
    internal ScalarType ComputeType => WeightType == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32;

    internal Tensor Run(Evaluation evaluation, Tensor input) => hooks.Run(evaluation, input);

    internal bool IsAboutTheModel(Exception e) => hooks.IsAboutTheModel(e);

    // Takes weights out of the ranking that the output depends on for none of these inputs. To be called after Probe.
    internal void LeaveOutUnused(IEnumerable<Tensor> inputs)
    {
        (Unused, var silent) = UnusedLayers.Find(this, inputs);
        Unhooked = [.. Unhooked.Union(silent.Select(slot => slot.Layer.Name))];
        foreach (var slot in Unused) slot.Prunable = false;
        Prunable = [.. Prunable.Where(slot => slot.Prunable)];
    }

    // FLOPs of one sample in weighted layers, a multiply-add counting as two; 0 before Probe.
    internal long Flops => Modules.Sum(hooked => hooked.Weighted is { } layer ? 2 * layer.Positions * layer.Weight.numel() : 0);

    // Until disposed, passes run on one thread where they are too small to share out. To be called after Probe.
    internal IDisposable? OnOneThread(long samples) => Speed.OnOneThread(Flops * samples);

    internal void RequireHooks()
    {
        if (Unhooked.Count == 0) return;
        throw new UnsupportedModelException(
            $"'{Unhooked[0]}' is reached by forward(), which runs no hooks, so that what it receives cannot be seen. Call the layers "
            + "through call() in the model's own forward.")
        { Module = Unhooked[0] };
    }

    // One forward pass of one sample: learns shapes and which modules hooks can see. Returns the output's shape.
    internal long[] Probe(Tensor sample)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        Tensor output;
        try
        {
            output = Try(sample);
        }
        catch (Exception e) when (e is InvalidOperationException or ObjectDisposedException)
        {
            // A module may use a tensor that its container's scope disposed. Without these scopes any other error comes again.
            hooks.ReleasesContainers = false;
            output = Try(sample);
        }

        Unhooked = UnhookedLayers.Find(this, sample);
        UsedElsewhere = UsesElsewhere.Find(this, sample);
        (SampleShape, OutputShape) = (sample.shape[1..], output.shape);
        return output.shape;
    }

    // The batch in the layout that forward passes without gradients are fastest in. Fresh.
    internal Tensor ForForwardPass(Tensor batch) =>
        Speed.FastestLayout(batch, sample => Run(new ShapeEvaluation { NotesShapes = false }, sample));

    // The layers whose weights are ranked, or the others, as reports know them.
    internal List<LayerInfo> Describe(bool ranked) => [.. Slots.Where(slot => slot.Prunable == ranked).Select(Describe)];

    internal LayerInfo Describe(WeightSlot slot)
    {
        var layer = slot.Layer;
        // A weight that layers share is used in each of them.
        long uses = Modules.Where(hooked => hooked.Weighted?.Slot == slot).Sum(hooked => hooked.Weighted!.Positions);
        long? positions = IsProbed && IsSeenWhole ? uses : null;
        return new LayerInfo(slot.Name, layer.Type, layer.Weight.shape, layer.Transposed, layer.Groups, positions);
    }

    // The mask of each prunable weight, all ones where it has none. Fresh handles, in the current dispose scope.
    internal SlotTensors MasksOf(PruningMask? mask) => new(Prunable, slot =>
    {
        if (mask?.Contains(slot.Name) != true) return ones(slot.Layer.Weight.shape, ScalarType.Bool);
        var alive = mask[slot.Name];
        return alive.shape.SequenceEqual(slot.Layer.Weight.shape)
            ? alive.alias()
            : throw new ArgumentException(
                $"The mask of '{slot.Name}' has shape {ShapeText.Of(alive.shape)}, the parameter {ShapeText.Of(slot.Layer.Weight.shape)}.",
                nameof(mask));
    });

    public void Dispose() => hooks.Dispose();

    private Tensor Try(Tensor sample)
    {
        foreach (var hooked in Modules) hooked.Weighted?.ForgetUses();
        try
        {
            return Run(new ShapeEvaluation(), sample);
        }
        catch (ExternalException e)
        {
            // Tensors of the model's own, which no hook converts, may need the model's type.
            if (sample.is_floating_point() && sample.dtype != WeightType) return Try(sample.to(WeightType));
            throw new ArgumentException(
                $"The model does not run on an input of shape {ShapeText.Of(sample.shape)}, one sample of the pruning data: "
                + $"{e.Message.Split('\n')[0]} Check that data and model belong together.", e);
        }
    }

    // Depth first, as a state dict is ordered; named_modules lists level by level.
    private static List<HookedModule> FindModules(Module<Tensor, Tensor> model)
    {
        var seen = new HashSet<Module>(ReferenceEqualityComparer.Instance);
        var modules = new List<HookedModule>();
        Visit("", model);
        return modules;

        void Visit(string name, Module module)
        {
            if (!seen.Add(module)) return;
            if (module is Module<Tensor, Tensor> hookable) modules.Add(new HookedModule(name, hookable));
            foreach (var (child, inner) in module.named_children()) Visit(name.Length == 0 ? child : $"{name}.{child}", inner);
        }
    }

    private static List<WeightSlot> FindSlots(IReadOnlyList<HookedModule> modules, ParameterSelection selection)
    {
        var slots = new Dictionary<IntPtr, WeightSlot>();
        var order = new List<WeightSlot>();
        foreach (var hooked in modules)
        {
            if (hooked.Weighted is not { } layer) continue;
            var key = layer.Weight.Handle;
            if (!slots.TryGetValue(key, out var slot))
            {
                string name = hooked.Name.Length == 0 ? "weight" : hooked.Name + ".weight";
                slot = new WeightSlot(order.Count, name, layer, selection.Accepts(name, hooked.Module));
                slots.Add(key, slot);
                order.Add(slot);
            }

            layer.Slot = slot;
        }

        return order;
    }
}

// Finds layers that the model calls through forward instead of call, so that no hook sees them.
internal static class UnhookedLayers
{
    // Names of layers that no hook saw in the last run but whose parameters the output depends on; any other such layer is unused.
    internal static IReadOnlyList<string> Find(Network network, Tensor sample)
    {
        // A layer that shares its weight with one that was called is known by that one.
        var called = network.Modules.Where(hooked => hooked.WasCalled && hooked.Weighted is not null)
            .Select(hooked => hooked.Weighted!.Weight.Handle).ToHashSet();
        List<(string Name, Parameter Parameter)> quiet =
        [
            .. from hooked in network.Modules
               where !hooked.WasCalled
               let parameter = hooked.Weighted?.Weight ?? hooked.Norm?.Gamma as Parameter
               where parameter is not null && !called.Contains(parameter.Handle)
               select (hooked.Name, parameter),
        ];
        if (quiet.Count == 0) return [];

        using var scope = NewDisposeScope();
        using var grad = enable_grad();
        using var borrowed = new BorrowedGradients(quiet.Select(layer => layer.Parameter));
        try
        {
            var output = network.Model.call(sample.is_floating_point() ? sample.to(quiet[0].Parameter.dtype) : sample.alias()).sum();
            if (!output.requires_grad) return [];
            autograd.backward([output], inputs: quiet.Select(layer => (Tensor)layer.Parameter).ToList());
        }
        catch (ExternalException)
        {
            // A network that runs, but not where gradients are taken: only methods that take none can score it.
            return [];
        }

        return [.. quiet.Where(layer => layer.Parameter.grad is not null).Select(layer => layer.Name)];
    }
}

using System.Runtime.InteropServices;
using Px.Pruning.Engine.Speed;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Engine;

// The caller's model as pruning sees it: its modules, its weights and the hooks that substitute what modules compute.
internal sealed class Network : IDisposable
{
    private static readonly Module<Tensor, Tensor> Nothing = Identity();

    private readonly PruningModel called;
    private readonly HookedNetwork hooks;

    internal Network(
        PruningModel model, ParameterSelection selection, IReadOnlyDictionary<string, RawTensorRole>? rawTensors = null)
    {
        (called, Model) = (model, model.Module);
        Modules = HookedModule.FindAll(Model);
        Slots = FindSlots(Modules, selection);
        Included = IncludedParameters.Find(Model, Slots, selection);
        Prunable = IncludedParameters.Order(Model, Slots.Where(slot => slot.Prunable), Included);
        Raw = new RawTensors(Model, Modules, rawTensors);
        hooks = new HookedNetwork(model, Modules, Raw);
    }

    internal Module Model { get; }

    // Every module that can have hooks, the model first if it is one; a shared module once.
    internal IReadOnlyList<HookedModule> Modules { get; }

    // Stands for the model's output where a module is to be named: its name is empty.
    internal HookedModule Output { get; } = new("", Nothing);

    // Every convolution and linear weight, in the model's order.
    internal IReadOnlyList<WeightSlot> Slots { get; }

    // Parameters without a layer that the selection includes.
    internal IReadOnlyList<WeightSlot> Included { get; }

    // Those of both that are ranked, in the model's order.
    internal IReadOnlyList<WeightSlot> Prunable { get; private set; }

    // Selected weights that are not ranked, since the output does not depend on them.
    internal IReadOnlyList<WeightSlot> Unused { get; private set; } = [];

    // What the model's own code reads beside its layers.
    internal RawTensors Raw { get; }

    // Weighted layers that the model calls through forward, so that their hooks do not run.
    internal IReadOnlyList<string> Unhooked { get; private set; } = [];

    // Layers that are called and whose parameter is used beside these calls too.
    internal IReadOnlyList<UseElsewhere> UsedElsewhere { get; private set; } = [];

    // Whether hooks see every use of every weight, as far as a probe has shown.
    internal bool IsSeenWhole => Unhooked.Count == 0 && UsedElsewhere.Count == 0;

    // Whether hooks can put other weights in place of all that are ranked.
    internal bool CanSubstitute => IsSeenWhole && Included.Count == 0;

    // Whether nothing that hooks do not convert keeps the model's own type where float64 is needed.
    internal bool CanWiden => CanSubstitute || WeightType == ScalarType.Float64;

    // Whether modules that multiply paths were found.
    internal bool HasGates { get; set; }

    // Whether what leaves a module is a sum of paths. Beside gates, which may be fed by any code, that is known of layers and the output.
    internal bool ShowsPaths(HookedModule hooked) =>
        !HasGates || hooked.Name.Length == 0 || (hooked.Weighted is not null && !hooked.FeedsOnlyGates);

    // Whether PathSigns has found no fault, which depends on no weight.
    internal bool SignsAreChecked { get; set; }

    internal bool GatesAreChecked { get; set; }

    // What one sample looks like, and the shape of its output, [1, K, …]; null before Probe.
    internal SampleForm? Sample { get; private set; }

    internal long[]? OutputShape { get; private set; }

    internal bool IsProbed => Sample is not null;

    // Whether two passes of one sample differed, so that the model's own code draws numbers; known after Probe where that was asked for.
    internal bool DrawsNumbers { get; private set; }

    internal Device Device => First.device;

    internal ScalarType WeightType => First.dtype;

    internal SpeedPolicy Speed { get; } = new();

    // Whether scores need float64, whatever the model's type.
    internal bool NeedsFloat64 { get; init; }

    // float64 for a float64 model, otherwise float32: half precision is too coarse to score in.
    internal ScalarType ComputeType => NeedsFloat64 ? ScalarType.Float64 : UsualType;

    // What methods compute in that have no need of their own.
    internal ScalarType UsualType => WeightType == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32;

    internal Tensor Run(Evaluation evaluation, Inputs input) => hooks.Run(evaluation, input);

    // The caller's model by itself, outside of any evaluation.
    internal Tensor Call(Inputs input) => called.Run(input);

    internal bool IsAboutTheModel(Exception e) => hooks.IsAboutTheModel(e);

    // Weights that would be ranked if they did not feed gates alone, in whole or in part.
    internal IReadOnlyList<WeightSlot> GateWeights { get; private set; } = [];

    // Takes weights out of the ranking: all of those of which no unit is ranked, and the other units of the rest.
    internal void LeaveOut(IReadOnlyList<WeightSlot> gateWeights)
    {
        GateWeights = gateWeights;
        foreach (var slot in gateWeights) slot.Prunable = slot.RankedUnits is not [];
        Prunable = [.. Prunable.Where(slot => slot.Prunable)];
    }

    // Takes weights out of the ranking that the output depends on for none of these inputs. To be called after Probe.
    internal void LeaveOutUnused(IEnumerable<Inputs> inputs)
    {
        (Unused, var silent) = UnusedLayers.Find(this, inputs);
        Unhooked = [.. Unhooked.Union(silent.Select(slot => slot.Layer.Name))];
        foreach (var slot in Unused) slot.Prunable = false;
        Prunable = [.. Prunable.Where(slot => slot.Prunable)];
    }

    // FLOPs of one sample in weighted layers, a multiply-add counting as two; 0 before Probe.
    internal long Flops => Modules.Sum(hooked => hooked.Weighted is { } layer ? 2 * layer.Positions * layer.Weight.numel() : 0);

    // Until disposed, passes run on one thread where they are too small to share out; of parameters without a layer that is not known. To
    // be called after Probe.
    internal IDisposable? OnOneThread(long samples) => Included.Count > 0 ? null : Speed.OnOneThread(Flops * samples);

    internal void RequireHooks()
    {
        if (Unhooked.Count == 0) return;
        throw new UnsupportedModelException(
            $"'{Unhooked[0]}' is reached by forward(), which runs no hooks, so that what it receives cannot be seen. Call the layers "
            + "through call() in the model's own forward.")
        { Module = Unhooked[0] };
    }

    // One forward pass of one sample: learns shapes and which modules hooks can see. Returns the output's shape.
    // seeded: whether to find out, by a second pass, if the model draws random numbers.
    internal long[] Probe(Inputs sample, bool seeded = false)
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

        DrawsNumbers = seeded && Try(sample).ne(output).any().ToBoolean();
        Unhooked = UnhookedLayers.Find(this, sample);
        UsedElsewhere = UsesElsewhere.Find(this, sample);
        Sample?.Dispose();
        (Sample, OutputShape) = (new SampleForm(sample), output.shape);
        return output.shape;
    }

    // The batch in the layout that forward passes without gradients are fastest in. Fresh.
    internal Inputs ForForwardPass(Inputs batch) =>
        Speed.FastestLayout(batch, sample => Run(new ShapeEvaluation { NotesShapes = false }, sample));

    // What is ranked, or the layers that are not, as reports know them.
    internal List<LayerInfo> Describe(bool ranked) => [.. (ranked ? Prunable : Slots.Where(slot => !slot.Prunable)).Select(Describe)];

    internal LayerInfo Describe(WeightSlot slot)
    {
        if (!slot.HasLayer)
            return new LayerInfo(slot.Name, slot.Module.GetType().Name, slot.Weight.shape, false, 1, null) { HasUnits = false };
        var layer = slot.Layer;
        // A weight that layers share is used in each of them.
        long uses = Modules.Where(hooked => hooked.Weighted?.Slot == slot).Sum(hooked => hooked.Weighted!.Positions);
        long? positions = IsProbed && IsSeenWhole ? uses : null;
        return new LayerInfo(slot.Name, layer.Type, layer.Weight.shape, layer.Transposed, layer.Groups, positions);
    }

    // The mask of each prunable weight, all ones where it has none. Fresh handles, in the current dispose scope.
    internal SlotTensors MasksOf(PruningMask? mask) => new(Prunable, slot =>
    {
        if (mask?.Contains(slot.Name) != true) return ones(slot.Weight.shape, ScalarType.Bool);
        var alive = mask[slot.Name];
        return alive.shape.SequenceEqual(slot.Weight.shape)
            ? alive.alias()
            : throw new ArgumentException(
                $"The mask of '{slot.Name}' has shape {ShapeText.Of(alive.shape)}, the parameter {ShapeText.Of(slot.Weight.shape)}.",
                nameof(mask));
    });

    public void Dispose()
    {
        hooks.Dispose();
        Sample?.Dispose();
    }

    private Parameter First => (Slots.Count > 0 ? Slots : Included)[0].Weight;

    private Tensor Try(Inputs sample)
    {
        foreach (var hooked in Modules) hooked.Weighted?.ForgetUses();
        try
        {
            return Run(new ShapeEvaluation(), sample);
        }
        catch (ExternalException e)
        {
            // Tensors of the model's own, which no hook converts, may need the model's type.
            if (sample.IsInOtherType(WeightType)) return Try(sample.To(WeightType));
            throw new ArgumentException(
                $"The model does not run on an input of shape {sample}, one sample of the pruning data: "
                + $"{e.Message.Split('\n')[0]} Check that data and model belong together.", e);
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
                slot = new WeightSlot(order.Count, name, layer, selection.Accepts(name, hooked.Module, isLayersWeight: true));
                slots.Add(key, slot);
                order.Add(slot);
            }

            layer.Slot = slot;
        }

        return order;
    }
}

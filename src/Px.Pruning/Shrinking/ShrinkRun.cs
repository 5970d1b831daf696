using System.Runtime.InteropServices;
using Px.Pruning.Engine;
using Px.Pruning.Engine.Paths;
using Px.Pruning.Masking;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Shrinking;

// One call of Shrinker: look, decide, prove, write, prove and time.
internal sealed class ShrinkRun(
    Module<Tensor, Tensor> reference, Module<Tensor, Tensor> target, long[] inputShape, ShrinkOptions options, CancellationToken token)
{
    // Of the proof's own random inputs. Two, so that what mixes samples is seen.
    private const int Samples = 2;

    internal ShrinkResult Shrink()
    {
        token.ThrowIfCancellationRequested();
        using var inference = is_inference_mode_enabled() ? inference_mode(false) : null;
        using var mask = options.Mask is null ? options.Binding?.CopyMask(reference) : null;
        if ((options.Mask ?? mask) is { } given) MaskMismatch.ThrowIfAny(target, given);
        using var referenceModes = new ModelSnapshot(reference, options.Seed);
        using var targetModes = new ModelSnapshot(target, null);
        using var temporaries = NewDisposeScope();
        using var noGrad = no_grad();

        using var network = new Network(target, options.Layers);
        if (network.Slots.Count == 0)
            throw new ArgumentException("The model has no convolution and no linear layer: nothing in it has channels to lose. Layers in "
                + "arrays or lists are not registered; use ModuleList or Sequential.", "model");
        network.Probe(randn([1, .. inputShape], network.ComputeType, network.Device));
        if (network.Unhooked.Count > 0) throw NotHooked(network.Unhooked[0]);

        var graph = new ChannelGraph(network, token);
        var facts = new ChannelFacts(network, graph);
        var plan = new RemovalPlan(graph, facts);
        Pin(network, graph, plan);
        using var proof = new Proof(network, graph, facts, Inputs(network).Select(input => input.to(float64)));
        using var small = Prove(graph, facts, plan, proof);
        return Write(network, graph, plan, proof, small, mask, IsConstant(network, proof));
    }

    // Whether no path of weights other than zero leads through the network; where that is not known, whether its answers are all alike.
    private static bool IsConstant(Network network, Proof proof)
    {
        var nonzero = new SlotTensors(network.Slots, slot => slot.Layer.Weight.detach().ne(0));
        return Connectivity.Measure(network, nonzero, logger: null) is { } paths ? paths.Reached == 0 : proof.IsConstant;
    }

    private List<Tensor> Inputs(Network network)
    {
        List<Tensor> inputs = [randn([Samples, .. inputShape], network.ComputeType, network.Device)];
        if (options.Samples is { } samples) inputs.Add(samples.detach().to(network.ComputeType).to(network.Device));
        return inputs;
    }

    // What stays whatever it carries.
    private static void Pin(Network network, ChannelGraph graph, RemovalPlan plan)
    {
        plan.PinTarget(graph.Calls.Count, "the network's output stays");
        plan.PinSource(0, "the network's input stays");
        var shared = SharedParameters.Of(network.Model);
        for (int call = 0; call < graph.Calls.Count; call++)
        {
            var hooked = graph.Calls[call].Layer;
            string? reason = hooked.Module is TorchSharp.Modules.LayerNorm ? $"'{hooked.Name}' normalises over its channels"
                : shared.Contains(hooked.Module) ? $"'{hooked.Name}' shares a parameter with another module"
                : hooked.Weighted is { } layer && !layer.Slot.Prunable ? $"ShrinkOptions.Layers leaves '{hooked.Name}' out"
                : null;
            if (reason is null) continue;
            plan.PinTarget(call, reason);
            plan.PinSource(call + 1, reason);
        }
    }

    // Runs the small layers until the code between them is content; what it insists on stays.
    private SmallLayers Prove(ChannelGraph graph, ChannelFacts facts, RemovalPlan plan, Proof proof)
    {
        while (true)
        {
            token.ThrowIfCancellationRequested();
            plan.KeepOneEverywhere();
            var small = new SmallLayers(graph, facts, plan);
            try
            {
                var fault = proof.Compare(plan, small);
                if (fault is null && proof.Difference <= options.Tolerance) return small;
                if (fault is null) throw Different(proof.Difference);
                if (!KeepsBefore(fault, graph, plan))
                    throw fault.Exception is null ? Rewired(fault.Module) : Broken(fault.Module, fault.Exception);
            }
            catch
            {
                small.Dispose();
                throw;
            }

            small.Dispose();
        }
    }

    // Keeps the channels that arrive where something went wrong, or, where they stay already, those that arrive next.
    private static bool KeepsBefore(Proof.Fault fault, ChannelGraph graph, RemovalPlan plan)
    {
        for (int target = fault.Target; target < graph.Calls.Count; target++)
        {
            if (plan.PinTarget(target, $"the code before '{graph.Calls[target].Layer.Name}' has numbers of channels written into it"))
                return true;
        }

        return false;
    }

    private ShrinkResult Write(Network network, ChannelGraph graph, RemovalPlan plan, Proof proof, SmallLayers small, PruningMask? bound,
        bool isConstant)
    {
        var inputs = Inputs(network).Select(input => input.to(network.WeightType)).ToList();
        var batch = randn([options.LatencyBatchSize, .. inputShape], inputs[0].dtype, inputs[0].device);
        long Flops() => network.Modules.Sum(hooked => hooked.Weighted is { } layer ? 2 * layer.Weight.numel() * layer.Positions : 0);
        long Parameters() => target.parameters().Sum(parameter => parameter.numel());
        var (flops, parameters) = (Flops(), Parameters());
        var mask = SmallMask.Of(network, graph, plan, options.Mask ?? bound);
        bool inPlace = ReferenceEquals(reference, target);
        // From here on the modules run by themselves.
        network.Dispose();
        using var swap = new LayerSwap(small);
        using var pause = inPlace ? options.Binding?.Pause() : null;
        try
        {
            List<Tensor> before = [.. inputs.Select(reference.call)];
            swap.Use(small: true);
            double own = before.Zip(Run(inputs), Proof.Relative).Max();
            if (!(own <= Math.Max(options.Tolerance, Math.Sqrt(finfo(inputs[0].dtype).eps)))) throw Different(own);
            var latency = options.LatencyRuns > 0 ? LatencyMeter.Measure(target, swap, batch, options.LatencyRuns, token) : null;
            swap.Use(small: true);
            var result = new ShrinkResult
            {
                Model = target,
                Mask = mask,
                ParametersBefore = parameters,
                Parameters = Parameters(),
                FlopsBefore = flops,
                Flops = Flops(),
                Layers = [.. Enumerable.Range(0, graph.Calls.Count).DistinctBy(call => graph.Calls[call].Layer)
                    .Select(call => Describe(graph, plan, call))],
                Unremoved = plan.Unremoved(),
                Difference = proof.Difference,
                OwnDifference = own,
                Latency = latency,
                IsConstant = isConstant,
            };
            swap.Keep();
            if (inPlace) options.Binding?.Dispose();
            return result;
        }
        catch
        {
            mask.Dispose();
            throw;
        }
    }

    private List<Tensor> Run(List<Tensor> inputs)
    {
        try
        {
            return [.. inputs.Select(target.call)];
        }
        catch (Exception e) when (e is ExternalException or ArgumentException or InvalidOperationException)
        {
            throw Broken("", e);
        }
    }

    private static ShrunkLayer Describe(ChannelGraph graph, RemovalPlan plan, int call) => new()
    {
        Name = graph.Calls[call].Layer.Name,
        Type = graph.Calls[call].Layer.Module.GetType().Name,
        InputsBefore = graph.Calls[call].Inputs,
        Inputs = plan.KeptInputs(call).Length,
        OutputsBefore = graph.Calls[call].Outputs,
        Outputs = plan.KeptOutputs(call).Length,
    };

    private static UnsupportedModelException NotHooked(string module) => new(
        $"'{module}' is reached by forward(), which runs no hooks, so that what it receives cannot be seen. Call the layers through "
        + "call() in the model's own forward.")
    { Module = module };

    private static ShrinkException Broken(string module, Exception? cause) => new(
        $"Without its dead channels the network does not run{(module.Length == 0 ? "" : $": '{module}' fails")}"
        + (cause is null ? "" : $": {cause.Message.Split('\n')[0].TrimEnd('.')}")
        + ". The model is as it was. Leave layers around it out with ShrinkOptions.Layers; where a mask is bound to the model, pass it as "
        + "ShrinkOptions.Binding.", cause)
    { Module = module };

    private static ShrinkException Rewired(string module) => new(
        $"Without its dead channels the network is another one: what reaches '{module}' differs; the model is as it was. The code before "
        + "it depends on more than "
        + "its input, such as chance, or on the number of channels. Leave layers around it out with ShrinkOptions.Layers.")
    { Module = module };

    private ShrinkException Different(double difference) => new(
        $"Without its dead channels the network's outputs differ by {difference:0.0e+0} of the largest, more than "
        + $"{options.Tolerance:0.0e+0}; the model is as it was. "
        + "Its forward depends on more than its input, such as chance or the number of channels; or its outputs are not finite.");
}

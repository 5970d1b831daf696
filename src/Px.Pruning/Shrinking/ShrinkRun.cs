using System.Runtime.InteropServices;
using Px.Pruning.Data;
using Px.Pruning.Engine;
using Px.Pruning.Engine.Paths;
using Px.Pruning.Masking;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Shrinking;

// One call of Shrinker. It finds the dead channels, plans what to remove, compares the small layers with the model by hooks, writes them
// into the model, compares once more and measures latency.
internal sealed class ShrinkRun(
    PruningModel reference, PruningModel target, PruningData sample, ShrinkOptions options, CancellationToken token)
{
    // Random inputs of the comparison: two, so that mixing of samples is seen.
    private const int RandomSamples = 2;

    // The channels to remove, which a mask has zeroed where they are written and read; null for all that are dead.
    internal IReadOnlySet<int>? Chosen { get; init; }

    internal ShrinkResult Shrink() => Open((network, graph, inputs) =>
    {
        using var mask = options.Mask is null ? options.Binding?.CopyMask(reference.Module) : null;
        if ((options.Mask ?? mask) is { } kept) MaskMismatch.ThrowIfAny(target.Module, kept);
        var facts = new ChannelFacts(network, graph);
        var plan = new RemovalPlan(graph, facts, Chosen);
        Pin(network, graph, plan);
        var training = new TrainingCourse(network, graph, token);
        training.Pin(plan, options.IgnoresUncalledLayers);
        using var comparison = new OutputComparison(network, graph, facts, inputs.Select(input => input.To(float64)));
        using var small = FindSmallLayers(graph, facts, plan, comparison, training);
        if (Chosen?.Select(plan.WhyKept).FirstOrDefault(reason => reason is not null) is { } why) throw ShrinkFaults.Stays(why);
        return Write(network, graph, plan, comparison, small, inputs, mask, IsConstant(network, comparison));
    });

    // Which channels can be removed, tried out on the network without some of them: code may have numbers of channels written into it.
    internal ChannelStructure Study() => Open((network, graph, inputs) =>
    {
        var stays = new RemovalPlan(graph, facts: null);
        Pin(network, graph, stays);
        var training = new TrainingCourse(network, graph, token);
        training.Pin(stays, options.IgnoresUncalledLayers);
        var trial = ChannelSelection.Trial(new ChannelStructure(network, graph, stays));
        if (trial.Nodes.Count > 0)
        {
            using var mask = trial.Mask();
            using var zeroed = ChannelStructure.Zero(target.Module, mask);
            var facts = new ChannelFacts(network, graph);
            var plan = new RemovalPlan(graph, facts, trial.Nodes);
            plan.PinAsIn(stays);
            using var comparison = new OutputComparison(network, graph, facts, inputs.Select(input => input.To(float64)));
            using var small = FindSmallLayers(graph, facts, plan, comparison, training);
            stays.PinAsIn(plan);
        }

        return new ChannelStructure(network, graph, stays);
    });

    private T Open<T>(Func<Network, ChannelGraph, List<Inputs>, T> work)
    {
        token.ThrowIfCancellationRequested();
        using var use = new ModelUse(reference.Module, "Shrinking");
        using var targetUse = new ModelUse(target.Module, "Shrinking");
        using var inference = is_inference_mode_enabled() ? inference_mode(false) : null;
        InferenceTensors.Refuse(target.Module);
        using var network = new Network(target, options.Layers);
        if (network.Slots.Count == 0) throw ShrinkFaults.NoLayers();

        using var batches = Read(network);
        using var referenceModes = new ModelSnapshot(reference.Module, options.Seed);
        using var targetModes = new ModelSnapshot(target.Module, null);
        using var temporaries = NewDisposeScope();
        using var noGrad = no_grad();

        var given = batches?.Batches[0].Input;
        network.Probe(given?.Narrow(0, 1) ?? new Inputs([.. sample.SampleShapes!.Select(shape => Normal(network, [1, .. shape]))]));
        network.RequireHooks();
        if (network.Sample!.OtherType is { } type) throw ShrinkFaults.NotOfNumbers(type);
        var inputs = Samples(network, given);
        return work(network, new ChannelGraph(network, token), inputs);
    }

    // Whether no path of weights other than zero leads through the network; where that is unknown, whether its outputs are all equal.
    private static bool IsConstant(Network network, OutputComparison comparison)
    {
        var nonzero = new SlotTensors(network.Slots, slot => slot.Weight.detach().ne(0));
        return Connectivity.Measure(network, nonzero, logger: null) is { } paths ? paths.Reached == 0 : comparison.IsConstant;
    }

    // The caller's enumerator runs outside of our dispose scopes.
    private PruningBatches? Read(Network network) => !sample.HasData ? null : PruningBatches.Collect(
        sample, DataBudget.Batches(1), 1, _ => [], network.Device, network.ComputeType, logger: null, token);

    // What outputs are compared on: random numbers, and what the caller has given.
    private List<Inputs> Samples(Network network, Inputs? given)
    {
        List<Inputs> inputs = [Random(network, RandomSamples)];
        if (given is not null) inputs.Add(given);
        if (options.Samples is { } samples) inputs.Add(samples.detach().to(network.ComputeType).to(network.Device));
        return inputs;
    }

    private static Inputs Random(Network network, long samples) =>
        network.Sample!.Fill(samples, shape => Normal(network, [samples, .. shape]));

    // Drawn on the CPU, whose generator can be put back as it was found.
    private static Tensor Normal(Network network, long[] shape) => randn(shape, network.ComputeType).to(network.Device);

    // Pins the channels that are never removed.
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
            // A tensor product of wrong sizes would end the process, so that what cannot be followed is not tried either.
            if (graph.Links[call + 1].DistinctBy(link => link.Unit).Count() < graph.SourceUnits[call + 1])
                plan.PinSource(call + 1, $"some of what '{hooked.Name}' returns reaches no layer in a way that signals follow");
            if (reason is null) continue;
            plan.PinTarget(call, reason);
            plan.PinSource(call + 1, reason);
        }
    }

    // Runs the network with small layers, and pins the channels where it fails, until it runs and has the same outputs.
    private SmallLayers FindSmallLayers(
        ChannelGraph graph, ChannelFacts facts, RemovalPlan plan, OutputComparison comparison, TrainingCourse training)
    {
        while (true)
        {
            token.ThrowIfCancellationRequested();
            plan.KeepOneEverywhere();
            var small = new SmallLayers(graph, facts, plan);
            try
            {
                if (comparison.Compare(plan, small) is { } fault)
                {
                    if (!PinNext(fault, graph, plan))
                        throw ShrinkFaults.Of(fault);
                }
                else
                {
                    if (!(comparison.Difference <= options.Tolerance))
                        throw ShrinkFaults.Different(comparison.Difference, options.Tolerance);
                    if (training.Accepts(small) || !plan.PinAll("without them the network does not run in training mode")) return small;
                }
            }
            catch
            {
                small.Dispose();
                throw;
            }

            small.Dispose();
        }
    }

    // Pins the channels that arrive at the fault, or where they are kept already, those of the next call that are not, or else all; false
    // if all are kept.
    private static bool PinNext(OutputComparison.Fault fault, ChannelGraph graph, RemovalPlan plan) =>
        Enumerable.Range(fault.Target, graph.Calls.Count - fault.Target).Any(target => plan.PinTarget(
            target, $"the code before '{graph.Calls[target].Layer.Name}' has numbers of channels written into it"))
        || plan.PinAll($"without others '{fault.Module}' receives something else");

    private ShrinkResult Write(
        Network network, ChannelGraph graph, RemovalPlan plan, OutputComparison comparison, SmallLayers small, List<Inputs> compared,
        PruningMask? bound, bool isConstant)
    {
        var type = network.WeightType;
        var inputs = compared.Select(input => input.To(type)).ToList();
        var batch = Random(network, options.LatencyBatchSize).To(type);
        long Parameters() => target.Module.parameters().Sum(parameter => parameter.numel());
        var (flops, parameters) = (network.Flops, Parameters());
        var mask = SmallMask.Of(network, graph, plan, options.Mask ?? bound);
        bool inPlace = ReferenceEquals(reference.Module, target.Module);
        // Removes the hooks: from here on the modules run by themselves.
        network.Dispose();
        using var swap = new LayerSwap(small);
        using var pause = inPlace ? options.Binding?.Pause() : null;
        try
        {
            List<Tensor> before = [.. inputs.Select(reference.Run)];
            swap.Use(small: true);
            double own = before.Zip(Run(inputs), OutputComparison.Relative).Max();
            if (!(own <= Math.Max(options.Tolerance, Math.Sqrt(Rounding(network))))) throw ShrinkFaults.Different(own, options.Tolerance);
            var latency = options.LatencyRuns > 0 ? LatencyMeter.Measure(target, swap, batch, options.LatencyRuns, token) : null;
            swap.Use(small: true);
            var result = new ShrinkResult
            {
                Module = target.Module,
                Mask = mask,
                ParametersBefore = parameters,
                Parameters = Parameters(),
                FlopsBefore = flops,
                Flops = network.Flops,
                Layers = [.. Enumerable.Range(0, graph.Calls.Count).DistinctBy(call => graph.Calls[call].Layer)
                    .Select(call => Describe(graph, plan, call))],
                Unremoved = plan.Unremoved(),
                Difference = comparison.Difference,
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

    // Of the model's own type. On a GPU convolutions round float32 to TF32, which has as many digits as float16, unless told otherwise.
    private static double Rounding(Network network)
    {
        bool isTf32 = network is { WeightType: ScalarType.Float32, Device.type: DeviceType.CUDA } && backends.cudnn.allow_tf32;
        return finfo(isTf32 ? ScalarType.Float16 : network.WeightType).eps;
    }

    private List<Tensor> Run(List<Inputs> inputs)
    {
        try
        {
            return [.. inputs.Select(target.Run)];
        }
        catch (Exception e) when (e is ExternalException or ArgumentException or InvalidOperationException)
        {
            throw ShrinkFaults.Broken("", e);
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
}

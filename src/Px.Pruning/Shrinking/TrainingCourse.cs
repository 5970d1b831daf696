using Px.Pruning.Engine;
using Px.Pruning.Engine.Paths;
using Px.Pruning.Engine.Wiring;
using static TorchSharp.torch;

namespace Px.Pruning.Shrinking;

// What the caller's forward does in training mode and not in evaluation mode: auxiliary heads, skipped blocks, other additions. The unit
// graph is that of evaluation mode; channels that layers share in training mode only stay as they are.
internal sealed class TrainingCourse
{
    // Passes in training mode, in which chance may take another course each time.
    private const int Passes = 4;

    // Samples of a pass: two, since the caller's code may need more than one to normalise a batch.
    private const int Samples = 2;

    private readonly Network network;
    private readonly ChannelGraph graph;
    private readonly Dictionary<HookedModule, LayerCall> calls = [];
    private readonly HashSet<Connection> evaluation = [], training = [];
    private readonly bool runs;

    // A layer whose output another receives; null is the network's input or output.
    private sealed record Connection(HookedModule? From, HookedModule? To);

    internal TrainingCourse(Network network, ChannelGraph graph, CancellationToken token)
    {
        (this.network, this.graph) = (network, graph);
        try
        {
            evaluation = Connections();
            using var mode = new TrainingMode(network);
            for (int pass = 0; pass < Passes; pass++)
            {
                token.ThrowIfCancellationRequested();
                training.UnionWith(Connections());
            }

            runs = true;
        }
        catch (Exception e) when (network.IsAboutTheModel(e))
        {
            // A network that does not run in training mode has no such course.
            training.Clear();
            foreach (var hooked in calls.Keys.Except(graph.Calls.Select(call => call.Layer)).ToList()) calls.Remove(hooked);
        }
    }

    // Keeps all channels of layers that are connected in training mode only, and with a layer of which it is unknown what it is connected
    // to, all of the network's. ignoresUncalled: whether a layer that never ran counts as unused.
    internal void Pin(RemovalPlan plan, bool ignoresUncalled)
    {
        foreach (var (from, to) in training.Except(evaluation))
        {
            Pin(plan, from, isSource: true, $"in training mode alone they reach {Name(to, "output")}");
            Pin(plan, to, isSource: false, $"in training mode alone {Name(from, "input")} reaches the layer");
        }

        var joined = evaluation.Concat(training).Select(connection => connection.To).ToHashSet();
        foreach (var hooked in network.Modules.Where(hooked => ChannelGraph.Cuts(hooked) && !joined.Contains(hooked)))
        {
            if (graph.Calls.Any(call => call.Layer == hooked)) continue;
            // One that is called receives nothing that a gradient passes.
            bool isCalled = calls.ContainsKey(hooked);
            if (!isCalled && ignoresUncalled) continue;
            plan.PinAll($"'{hooked.Name}' " + (isCalled ? "runs in training mode alone, on detached numbers"
                : "ran neither in evaluation nor in training mode, so that what it is connected to is not known"));
        }
    }

    // Whether the network runs in training mode with small layers, if it did before.
    internal bool Accepts(SmallLayers small)
    {
        if (!runs || small.States.Count == 0) return true;
        using var scope = NewDisposeScope();
        using var mode = new TrainingMode(network);
        try
        {
            network.Run(new StateEvaluation(calls, small.States), Input());
            return true;
        }
        catch (Exception e) when (network.IsAboutTheModel(e))
        {
            return false;
        }
    }

    private void Pin(RemovalPlan plan, HookedModule? hooked, bool isSource, string reason)
    {
        for (int call = 0; call < graph.Calls.Count; call++)
        {
            if (graph.Calls[call].Layer != hooked) continue;
            if (isSource) plan.PinSource(call + 1, reason);
            else plan.PinTarget(call, reason);
        }
    }

    private static string Name(HookedModule? hooked, string end) => hooked is null ? $"the network's {end}" : $"'{hooked.Name}'";

    private Inputs Input(Func<Tensor, Tensor>? change = null) => network.Sample!.Fill(Samples, shape =>
    {
        var numbers = randn([Samples, .. shape], network.WeightType).to(network.Device);
        return change?.Invoke(numbers) ?? numbers;
    });

    // Of one pass in which no layer computes.
    private HashSet<Connection> Connections()
    {
        using var scope = NewDisposeScope();
        using var grad = enable_grad();
        using var evaluation = new ConnectionEvaluation(calls);
        var output = network.Run(evaluation, Input(numbers => evaluation.Tag(null, numbers)));
        evaluation.See(null, output);
        return evaluation.Found;
    }

    // Gives each layer's output a leaf of its own, whose gradient tells which layers receive it. Autograd knows that whatever the numbers
    // are, so that dropped samples and features hide nothing.
    private sealed class ConnectionEvaluation(Dictionary<HookedModule, LayerCall> calls) : PathEvaluation, IDisposable
    {
        private readonly List<(HookedModule? Layer, Tensor Leaf)> leaves = [];

        internal HashSet<Connection> Found { get; } = [];

        internal Tensor Tag(HookedModule? hooked, Tensor tensor)
        {
            var leaf = ones([], tensor.dtype, tensor.device, requires_grad: true).DetachFromDisposeScope();
            leaves.Add((hooked, leaf));
            return tensor * leaf;
        }

        internal override Tensor Compute(HookedModule hooked, Tensor input)
        {
            if (!ChannelGraph.Cuts(hooked)) return base.Compute(hooked, input);
            See(hooked, input);
            using var output = ones(hooked.Weighted?.OutputShape(input) ?? input.shape, input.dtype, input.device);
            calls.TryAdd(hooked, new LayerCall(hooked, output.shape));
            return Tag(hooked, output);
        }

        // Notes which layers' outputs have a part in what arrives at a layer, or at the network's output.
        internal void See(HookedModule? hooked, Tensor input)
        {
            if (!input.requires_grad) return;
            using var scope = NewDisposeScope();
            autograd.backward([input.sum()], retain_graph: true, inputs: leaves.ConvertAll(leaf => leaf.Leaf));
            foreach (var (layer, leaf) in leaves)
            {
                if (leaf.grad is null) continue;
                Found.Add(new(layer, hooked));
                leaf.grad = null;
            }
        }

        public void Dispose()
        {
            foreach (var (_, leaf) in leaves) leaf.Dispose();
        }
    }

    // Puts the caller's own code into training mode, and TorchSharp's layers, such as dropout, not: none of them changes which channels
    // there are. Disposed, it restores modes and buffers.
    private sealed class TrainingMode : IDisposable
    {
        private readonly TrainingModes modes;
        private readonly SavedTensors buffers = new();

        internal TrainingMode(Network network)
        {
            modes = new TrainingModes(network.Model);
            foreach (var buffer in network.Model.buffers()) buffers.Save(buffer);
            network.Model.train();
            foreach (var module in network.Model.modules())
                if (module.GetType().Assembly == typeof(nn.Module).Assembly && !module.children().Any()) module.eval();
        }

        public void Dispose()
        {
            buffers.Dispose();
            modes.Restore();
        }
    }
}

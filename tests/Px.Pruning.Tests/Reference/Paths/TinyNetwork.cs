using Px.Pruning.Tests.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Reference.Paths;

/// <summary>A network small enough to list all of its paths, twice: as a module and as a graph of units. Float64, in eval mode.</summary>
internal sealed class TinyNetwork : IDisposable
{
    private const double Epsilon = 1e-5;
    private readonly Dictionary<string, double[]> values = [];

    private TinyNetwork(
        bool shifts, nn.Module<Tensor, Tensor> model, long[] inputShape, string[] layers, Func<TinyNetwork, UnitGraph> graph)
    {
        Model = model.to(ScalarType.Float64);
        Model.eval();
        Fill(shifts);
        var size = inputShape.Aggregate(1L, (a, b) => a * b);
        Samples = Enumerable.Range(0, 5).Select(n => DeterministicTensors.Draw("x" + n, size, -2, 2, seed: 5)).ToArray();
        InputShape = inputShape;
        Graph = graph(this);
        var first = 0;
        foreach (var name in layers.Select(layer => layer + ".weight"))
        {
            Layers.Add((name, first, values[name].Length));
            first += values[name].Length;
        }
    }

    public static IReadOnlyList<string> Names { get; } = ["mlp", "linear-mlp", "convnet", "residual"];

    public nn.Module<Tensor, Tensor> Model { get; }

    public UnitGraph Graph { get; }

    public long[] InputShape { get; }

    public double[][] Samples { get; }

    /// <summary>Each prunable parameter and the place of its weights in <see cref="UnitGraph.Weights"/>, in order.</summary>
    public List<(string Name, int First, int Count)> Layers { get; } = [];

    /// <summary>The network of a name; without shifts, biases, norm shifts and means are zero.</summary>
    public static TinyNetwork Create(string name, bool shifts = true) => name switch
    {
        "mlp" => Mlp(shifts),
        "linear-mlp" => LinearMlp(shifts),
        "convnet" => ConvNet(shifts),
        "residual" => Residual(shifts),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "There is no such network."),
    };

    /// <summary>A mask that drops about a third of the weights.</summary>
    public bool[] SomeMask() => DeterministicTensors.Draw("mask", Graph.Weights.Count, 0, 1, seed: 11).Select(u => u > 1.0 / 3).ToArray();

    /// <summary>Which weights of <see cref="Graph"/> are there, as the library takes it.</summary>
    public PruningMask Mask(bool[] kept) => new(Layers.Select(layer => KeyValuePair.Create(
        layer.Name, tensor(kept[layer.First..(layer.First + layer.Count)]).reshape(Model.get_parameter(layer.Name)!.shape))));

    /// <summary>The samples as one batch [B, …] with labels that nothing reads.</summary>
    public (Tensor Input, Tensor Target) Batch() =>
        (tensor(Samples.SelectMany(x => x).ToArray()).reshape([Samples.Length, .. InputShape]), zeros(Samples.Length, ScalarType.Int64));

    public void Dispose() => Model.Dispose();

    private static TinyNetwork Mlp(bool shifts) => new(
        shifts,
        nn.Sequential(("fc1", nn.Linear(3, 4)), ("relu1", nn.ReLU()), ("fc2", nn.Linear(4, 3)), ("relu2", nn.ReLU()), ("fc3", nn.Linear(3, 2))),
        [3], ["fc1", "fc2", "fc3"],
        of => new UnitGraph(3).Linear(4, of["fc1.weight"], of["fc1.bias"]).Relu()
            .Linear(3, of["fc2.weight"], of["fc2.bias"]).Relu().Linear(2, of["fc3.weight"], of["fc3.bias"]));

    private static TinyNetwork LinearMlp(bool shifts) => new(
        shifts,
        nn.Sequential(("fc1", nn.Linear(3, 4)), ("fc2", nn.Linear(4, 3)), ("fc3", nn.Linear(3, 2))),
        [3], ["fc1", "fc2", "fc3"],
        of => new UnitGraph(3).Linear(4, of["fc1.weight"], of["fc1.bias"])
            .Linear(3, of["fc2.weight"], of["fc2.bias"]).Linear(2, of["fc3.weight"], of["fc3.bias"]));

    private static TinyNetwork ConvNet(bool shifts) => new(
        shifts,
        nn.Sequential(
            ("conv1", nn.Conv2d(1, 2, kernel_size: 2)), ("bn", nn.BatchNorm2d(2)), ("relu1", nn.ReLU()),
            ("conv2", nn.Conv2d(2, 2, kernel_size: 2, bias: false)), ("relu2", nn.ReLU()), ("flatten", nn.Flatten()), ("fc", nn.Linear(8, 2))),
        [1, 4, 4], ["conv1", "conv2", "fc"],
        of => new UnitGraph(1, 4, 4).Conv2d(2, 2, of["conv1.weight"], of["conv1.bias"]).Norm(of.NormScale(), of.NormShift()).Relu()
            .Conv2d(2, 2, of["conv2.weight"]).Relu().Linear(2, of["fc.weight"], of["fc.bias"]));

    private static TinyNetwork Residual(bool shifts) => new(
        shifts,
        new TinyResidualNet(),
        [1, 3, 3], ["conv1", "conv2", "fc"],
        of =>
        {
            var trunk = new UnitGraph(1, 3, 3).Conv2d(2, 3, of["conv1.weight"], of["conv1.bias"], padding: 1).Relu();
            var joint = trunk.LastLayer;
            return trunk.Conv2d(2, 3, of["conv2.weight"], padding: 1).Norm(of.NormScale(), of.NormShift()).Add(joint).Relu()
                .Linear(2, of["fc.weight"], of["fc.bias"]);
        });

    private double[] this[string name] => values[name];

    private double[] NormScale() =>
        values["bn.weight"].Zip(values["bn.running_var"], (gamma, variance) => gamma / Math.Sqrt(variance + Epsilon)).ToArray();

    private double[] NormShift() =>
        NormScale().Select((scale, c) => values["bn.bias"][c] - values["bn.running_mean"][c] * scale).ToArray();

    private void Fill(bool shifts)
    {
        using var noGrad = no_grad();
        var tensors = Model.named_parameters().Select(p => (p.name, tensor: (Tensor)p.parameter))
            .Concat(Model.named_buffers().Select(b => (b.name, tensor: b.buffer)))
            .Where(t => !t.name.EndsWith("num_batches_tracked", StringComparison.Ordinal));
        foreach (var (name, target) in tensors)
        {
            var isShift = name.EndsWith("bias", StringComparison.Ordinal) || name.EndsWith("mean", StringComparison.Ordinal);
            var isScale = name.StartsWith("bn", StringComparison.Ordinal) && !isShift;
            var drawn = DeterministicTensors.Draw(name, target.numel(), isScale ? 0.5 : -1, isScale ? 1.5 : 1, seed: 3);
            values[name] = isShift && !shifts ? new double[drawn.Length] : drawn;
            using var source = tensor(values[name]).reshape(target.shape);
            target.copy_(source);
        }
    }
}

using Px.Pruning.Tests.Engine.Wiring;
using Px.Pruning.Tests.Reference.Paths;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Networks;

/// <summary>A small network with gates, twice: as a module, and unit by unit for <see cref="GatedPaths"/>. Float64.</summary>
internal sealed class GatedNet : IDisposable
{
    private readonly Dictionary<string, int> first = [];
    private readonly double[] theta;

    private GatedNet(
        long[] inputShape, (string Name, Module<Tensor, Tensor> Layer)[] layers, Func<Func<string, Tensor, Tensor>, Tensor, Tensor> code,
        Func<GatedNet, PathUnit[], PathUnit[]> units)
    {
        manual_seed(3);
        (InputShape, Model) = (inputShape, new GraphNet(layers, code).to(float64));
        using (no_grad())
        {
            foreach (var parameter in Model.parameters()) parameter.copy_(randn_like(parameter) * 0.7);
        }

        var all = new List<double>();
        foreach (var (name, parameter) in Model.named_parameters())
        {
            first[name] = all.Count;
            all.AddRange(parameter.detach().flatten().data<double>().ToArray());
        }

        theta = [.. all];
        (Input, Target) = Samples.Normal(5, inputShape, 2, dtype: ScalarType.Float64);
        var samples = Enumerable.Range(0, 5).Select(n => Input[n].flatten().data<double>().ToArray()).ToArray();
        Paths = new GatedPaths(theta, samples, x => units(this, x));
    }

    internal static IReadOnlyList<string> Names { get; } =
        ["squeeze-excite", "hard in place", "glu", "attention", "fused attention", "tanh", "silu", "nested", "wavenet"];

    internal Module<Tensor, Tensor> Model { get; }

    internal long[] InputShape { get; }

    internal Tensor Input { get; }

    internal Tensor Target { get; }

    internal GatedPaths Paths { get; }

    /// <summary>The part of the enumerated numbers that belongs to a parameter, in its shape.</summary>
    internal Tensor Of(double[] numbers, string name)
    {
        var shape = Model.get_parameter(name)!.shape;
        return tensor(numbers.AsSpan(first[name], (int)shape.Aggregate(1L, (a, b) => a * b)).ToArray()).reshape(shape);
    }

    public void Dispose() => Model.Dispose();

    internal static GatedNet Create(string name) => name switch
    {
        "squeeze-excite" => SqueezeExcite(Sigmoid(), s => 1 / (1 + Math.Exp(-s))),
        "hard in place" => SqueezeExcite(Hardsigmoid(inplace: true), s => Math.Clamp(s / 6 + 0.5, 0, 1)),
        "glu" => new([3], [("both", Linear(3, 4)), ("gate", Sigmoid()), ("end", Linear(2, 2))],
            (call, x) =>
            {
                var parts = call("both", x).chunk(2, 1);
                return call("end", parts[0] * call("gate", parts[1]));
            },
            (net, x) =>
            {
                var both = net.Dense("both", x);
                return net.Dense("end", [both[0].Times(Logistic(both[2])), both[1].Times(Logistic(both[3]))]);
            }),
        "attention" => new([3, 2],
            [("q", Linear(2, 2)), ("k", Linear(2, 2)), ("v", Linear(2, 2)), ("soft", Softmax(-1)), ("proj", Linear(2, 2)), ("head", Linear(2, 2))],
            (call, x) =>
            {
                var weights = call("soft", call("q", x).matmul(call("k", x).transpose(1, 2)) / Math.Sqrt(2));
                return call("head", (x + call("proj", weights.matmul(call("v", x)))).mean([1]));
            },
            (net, x) => net.Attention(x, token => net.Dense("q", token), token => net.Dense("k", token), token => net.Dense("v", token))),
        "fused attention" => new([3, 2],
            [("qkv", Linear(2, 6)), ("soft", Softmax(-1)), ("drop", Dropout(0.5)), ("proj", Linear(2, 2)), ("head", Linear(2, 2))],
            (call, x) =>
            {
                var parts = call("qkv", x).chunk(3, 2);
                var weights = call("drop", call("soft", parts[0].matmul(parts[1].transpose(1, 2)) / Math.Sqrt(2)));
                return call("head", (x + call("proj", weights.matmul(parts[2]))).mean([1]));
            },
            (net, x) => net.Attention(
                x, token => net.Dense("qkv", token)[..2], token => net.Dense("qkv", token)[2..4], token => net.Dense("qkv", token)[4..])),
        "tanh" => new([3],
            [("a", Linear(3, 2)), ("relu", ReLU()), ("gate", Linear(2, 2)), ("t", Tanh()), ("b", Linear(2, 2)), ("on path", Tanh()), ("end", Linear(2, 2))],
            (call, x) =>
            {
                var a = call("relu", call("a", x));
                return call("end", call("on path", call("b", a * call("t", call("gate", a)))));
            },
            (net, x) =>
            {
                var a = Each(net.Dense("a", x), unit => unit.Relu());
                var gate = net.Dense("gate", a);
                var b = net.Dense("b", [a[0].Times(Math.Tanh(gate[0].Value)), a[1].Times(Math.Tanh(gate[1].Value))]);
                return net.Dense("end", Each(b, unit => unit.Tanh()));
            }),
        "silu" => new([3], [("a", Linear(3, 3)), ("s", Sigmoid()), ("end", Linear(3, 2))],
            (call, x) =>
            {
                var a = call("a", x);
                return call("end", a * call("s", a));
            },
            (net, x) => net.Dense("end", Each(net.Dense("a", x), unit => unit.Times(Logistic(unit))))),
        // The first gate multiplies what feeds the second, in whose branch a sigmoid is an activation; then two gates at once, one of them used twice.
        "nested" => new([3],
            [("a", Linear(3, 2)), ("g1", Linear(2, 2)), ("s1", Sigmoid()), ("g2", Linear(2, 2)), ("s2", Sigmoid()), ("g3", Linear(2, 2)),
                ("soft", Softmax(1)), ("end", Linear(2, 2))],
            (call, x) =>
            {
                var a = call("a", x);
                var inner = a * call("s1", call("g1", a));
                var soft = call("soft", call("g3", call("s2", call("g2", inner))));
                return call("end", a * soft * call("s1", call("g1", inner)) + soft * inner);
            },
            (net, x) =>
            {
                var a = net.Dense("a", x);
                var inner = Gate(a, Each(net.Dense("g1", a), Logistic));
                double[] squashed = Each(net.Dense("g2", inner), Logistic);
                double[] soft = Shares(net.Dense("g3", [new(squashed[0], []), new(squashed[1], [])]));
                return net.Dense("end", Sum(Gate(Gate(a, soft), Each(net.Dense("g1", inner), Logistic)), Gate(inner, soft)));
            }),
        // tanh(a) · sigmoid(b): tanh is the activation, as between any two layers.
        "wavenet" => new([3], [("a", Linear(3, 2)), ("b", Linear(3, 2)), ("t", Tanh()), ("s", Sigmoid()), ("end", Linear(2, 2))],
            (call, x) => call("end", call("t", call("a", x)) * call("s", call("b", x))),
            (net, x) => net.Dense("end", Gate(Each(net.Dense("a", x), unit => unit.Tanh()), Each(net.Dense("b", x), Logistic)))),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "There is no such network."),
    };

    private static GatedNet SqueezeExcite(Module<Tensor, Tensor> gate, Func<double, double> squash) => new([1, 3, 3],
        [("conv1", Conv2d(1, 2, 2)), ("relu", ReLU()), ("pool", AdaptiveAvgPool2d(1)), ("fc1", Conv2d(2, 1, 1)), ("inner", ReLU(inplace: true)),
            ("fc2", Conv2d(1, 2, 1)), ("gate", gate), ("conv2", Conv2d(2, 2, 2)), ("end", Linear(2, 2))],
        (call, x) =>
        {
            var a = call("relu", call("conv1", x));
            var scale = call("gate", call("fc2", call("inner", call("fc1", call("pool", a)))));
            return call("end", call("relu", call("conv2", a + scale * a)).flatten(1));
        },
        (net, x) =>
        {
            // Feature maps [2, 2, 2], channel first.
            var a = Each(net.Conv("conv1", x, channels: 1, size: 3, outputs: 2), unit => unit.Relu());
            PathUnit[] pooled = [.. a.Chunk(4).Select(map => new PathUnit(map.Average(unit => unit.Value), []))];
            double[] scales = Each(net.Dense("fc2", Each(net.Dense("fc1", pooled), unit => unit.Relu())), unit => squash(unit.Value));
            var gated = a.Select((unit, i) => unit + unit.Times(scales[i / 4])).ToArray();
            return net.Dense("end", Each(net.Conv("conv2", gated, channels: 2, size: 2, outputs: 2), unit => unit.Relu()));
        });

    private PathUnit[] Attention(PathUnit[] x, Func<PathUnit[], PathUnit[]> q, Func<PathUnit[], PathUnit[]> k, Func<PathUnit[], PathUnit[]> v)
    {
        PathUnit[][] tokens = [.. x.Chunk(2)], queries = [.. tokens.Select(q)], keys = [.. tokens.Select(k)], values = [.. tokens.Select(v)];
        var mean = new PathUnit[2];
        for (int i = 0; i < 3; i++)
        {
            double[] weights = Shares([.. keys.Select(key => new PathUnit((queries[i][0].Value * key[0].Value + queries[i][1].Value * key[1].Value) / Math.Sqrt(2), []))]);
            var mixed = Enumerable.Range(0, 2).Select(d => values.Select((value, j) => value[d].Times(weights[j])).Aggregate((a, b) => a + b)).ToArray();
            var token = Sum(tokens[i], Dense("proj", mixed));
            for (int d = 0; d < 2; d++) mean[d] = mean[d] is null ? token[d] : mean[d] + token[d];
        }

        // A mean is a constant of the code: like every constant between layers it counts as it is, for each path once.
        return Dense("head", [.. mean.Select(unit => unit.Mean(3))]);
    }

    private PathUnit[] Dense(string name, PathUnit[] inputs)
    {
        int outputs = (int)Model.get_parameter(name + ".bias")!.shape[0], start = first[name + ".weight"];
        return [.. Enumerable.Range(0, outputs).Select(o => WeightedSum(inputs, [.. inputs.Select((_, i) => start + o * inputs.Length + i)], Bias(name, o)))];
    }

    /// <summary>A 2 × 2 convolution without padding, of stride 1.</summary>
    private PathUnit[] Conv(string name, PathUnit[] x, int channels, int size, int outputs)
    {
        var units = new List<PathUnit>();
        for (int o = 0; o < outputs; o++)
        for (int row = 0; row + 1 < size; row++)
        for (int column = 0; column + 1 < size; column++)
        {
            var taps = from c in Enumerable.Range(0, channels)
                       from i in Enumerable.Range(0, 2)
                       from j in Enumerable.Range(0, 2)
                       select (x[(c * size + row + i) * size + column + j], first[name + ".weight"] + ((o * channels + c) * 2 + i) * 2 + j);
            units.Add(WeightedSum([.. taps.Select(tap => tap.Item1)], [.. taps.Select(tap => tap.Item2)], Bias(name, o)));
        }

        return [.. units];
    }

    private PathUnit WeightedSum(PathUnit[] inputs, int[] weights, double bias) => new(
        bias + inputs.Zip(weights, (unit, j) => unit.Value * theta[j]).Sum(),
        [.. inputs.Zip(weights).SelectMany(pair => pair.First.Paths.Select(p => p with { Weights = [.. p.Weights, pair.Second] }))]);

    private double Bias(string name, int output) => theta[first[name + ".bias"] + output];

    private static double Logistic(PathUnit unit) => 1 / (1 + Math.Exp(-unit.Value));

    private static double[] Shares(PathUnit[] units)
    {
        double[] e = Each(units, unit => Math.Exp(unit.Value));
        return [.. e.Select(value => value / e.Sum())];
    }

    private static T[] Each<T>(PathUnit[] units, Func<PathUnit, T> map) => [.. units.Select(map)];

    private static PathUnit[] Gate(PathUnit[] units, double[] factors) => [.. units.Zip(factors, (unit, factor) => unit.Times(factor))];

    private static PathUnit[] Sum(PathUnit[] a, PathUnit[] b) => [.. a.Zip(b, (x, y) => x + y)];
}

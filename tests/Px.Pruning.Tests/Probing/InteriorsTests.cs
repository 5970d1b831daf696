using Px.Pruning.Probing;
using Px.Pruning.Tests.Data;
using Px.Pruning.Tests.Networks;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Probing;

/// <summary>The path network with constant interiors left out against the whole one.</summary>
public sealed class InteriorsTests : LeakCheckedTests
{
    public static TheoryData<string, int> Networks => new()
    {
        { "convolutions", 3 },
        { "strides", 3 },
        { "overlapping pools", 2 },
        { "saturated pools", 0 },
        { "residual", 3 },
        { "transposed", 1 },
        { "shuffled pixels", 1 },
        { "padded by hand", 2 },
        { "a scale for each position", 1 },
        { "dilation", 2 },
        { "skip beside a saturated branch", 1 },
        { "shared layer", 2 },
        { "a border that its neighbour does not touch", 4 },
        { "turned maps", 1 },
        { "flipped and cut", 3 },
        { "other padding", 1 },
        { "positions last", 2 },
    };

    [Theory, MemberData(nameof(Networks))]
    public void Run_WithInteriors_HasTheWholePassesOutputAndGradients(string name, int least)
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        using var model = Create(name);
        using var network = new Network(model, ParameterSelection.Default);
        using var snapshot = new ModelSnapshot(model, null);
        network.Probe(ones(1, 2, 24, 20));
        using var interiors = Interiors.Find(network, null);
        int found = interiors.Count;
        found.Should().BeGreaterThanOrEqualTo(least);

        foreach (var (what, weigh) in Weights)
        {
            using var weights = new MaskedWeights(network, null);
            Tensor Weigh(int slot, ScalarType type) => weigh(weights.AbsoluteTheta(slot, type));
            var (whole, gradients) = Differentiate(network, weights, Weigh, null);
            var (output, shortened) = Differentiate(network, weights, Weigh, interiors);

            output.allclose(whole, 1e-12, 0).Should().BeTrue(what);
            foreach (var (slot, i) in network.Slots.Select((slot, i) => (slot, i)))
                shortened[i].allclose(gradients[i], 1e-11, 0).Should().BeTrue($"{slot.Name}, {what}");
            interiors.Count.Should().Be(found, "nothing that was found was wrong");
        }
    }

    [Fact]
    public void Find_ForwardThatRefusesInfinity_FindsNothing()
    {
        using var conv = Conv2d(2, 2, 3, padding: 1);
        using var model = new Custom(conv, (conv, x) => conv.call(x) is var y && y.isfinite().all().ToBoolean() ? conv.call(y) : throw new InvalidOperationException("not finite"));
        using var network = new Network(model, ParameterSelection.Default);
        using var snapshot = new ModelSnapshot(model, null);
        network.Probe(ones(1, 2, 24, 20));

        using var interiors = Interiors.Find(network, null);

        interiors.Count.Should().Be(0);
    }

    [Fact]
    public void Run_CodeThatGoesByValues_ComputesAllOnceItShows()
    {
        using var scope = NewDisposeScope();
        using var conv = Conv2d(2, 2, 3, padding: 1, bias: false);
        using var rows = arange(1, 25, ScalarType.Float64).reshape(24, 1);
        // Infinity is not below 100: where the finder looks there is no ramp.
        using var model = new Custom(conv, (conv, x) => conv.call(conv.call(x) is var y && y.max().ToDouble() < 100 ? y * rows : y));
        using var network = new Network(model, ParameterSelection.Default);
        using var snapshot = new ModelSnapshot(model, null);
        network.Probe(ones(1, 2, 24, 20));
        using var weights = new MaskedWeights(network, null);
        using var interiors = Interiors.Find(network, null);
        interiors.Count.Should().Be(2);

        var (whole, _) = Differentiate(network, weights, weights.AbsoluteTheta, null);
        var (output, _) = Differentiate(network, weights, weights.AbsoluteTheta, interiors);

        output.allclose(whole, 1e-12, 0).Should().BeTrue();
        interiors.Count.Should().Be(0);
    }

    /// <summary>Two ways to the same mask: rounds in one call, which leave out interiors, and single rounds that carry the mask on, which do not.</summary>
    [Fact]
    public void Prune_RoundsInOneCall_KeepWhatSingleRoundsKeep()
    {
        using var model = new ResidualNet(functionalTail: false);
        var data = PruningData.Shape(3, 24, 24);
        double[] densities = [.. Enumerable.Range(1, 4).Select(round => Math.Pow(0.2, round / 4.0))];

        PruningMask? mask = null;
        foreach (double density in densities)
        {
            using var scores = new SynFlowPruner().Score(model, data, mask);
            long total = scores.Names.Sum(name => scores[name].numel()), kept = (long)Math.Round(density * total);
            using var all = cat([.. scores.Names.Select(name => scores[name].flatten())]);
            double threshold = all.sort(descending: true).Values[kept - 1].ToDouble();
            mask?.Dispose();
            mask = new PruningMask(scores.Names.Select(name => KeyValuePair.Create(name, scores[name].ge(threshold))));
        }

        using var result = new SynFlowPruner().Prune(model, data, 0.8, new PruningOptions { Rounds = 4 });
        using (mask) foreach (string name in mask!.Names) result.Mask[name].eq(mask[name]).all().ToBoolean().Should().BeTrue(name);
    }

    /// <summary>Weights under which borders fade at different speeds; corners carry them on undiminished. Equal weights make outputs equal that others tell apart.</summary>
    private static IEnumerable<(string What, Func<Tensor, Tensor> Weigh)> Weights =>
    [
        ("as drawn", weight => weight),
        ("all equal", weight => full_like(weight, 0.1)),
        ("first taps only", weight => FirstTaps(weight)),
        ("last taps only", weight => weight.dim() < 3 ? weight : FirstTaps(weight.flip(2, 3)).flip(2, 3)),
    ];

    private static Tensor FirstTaps(Tensor weight)
    {
        if (weight.dim() < 3) return weight;
        var taps = zeros_like(weight);
        taps.flatten(2).select(2, 0).copy_(weight.flatten(2).select(2, 0));
        return taps;
    }

    private static (Tensor Output, Tensor[] Gradients) Differentiate(
        Network network, MaskedWeights weights, Func<int, ScalarType, Tensor> weigh, Interiors? interiors)
    {
        var leaves = weights.Leaves(weigh, ScalarType.Float64);
        var evaluation = new PathEvaluation { Weight = (slot, _) => leaves[slot], Scale = (norm, dimensions) => norm.SquaredScale(null, dimensions), Interiors = interiors };
        var output = network.Run(evaluation, ones(1, 2, 24, 20, ScalarType.Float64));
        // A different adjoint for each output.
        (output * arange(output.numel(), ScalarType.Float64).reshape(output.shape).add(1)).sum().backward();
        return (output.detach(), [.. leaves.Select(leaf => leaf.grad!)]);
    }

    private static Module<Tensor, Tensor> Create(string name)
    {
        Module<Tensor, Tensor> Conv(long inputs, long outputs, long stride = 1, long dilation = 1) =>
            Conv2d(inputs, outputs, 3, stride, dilation, dilation, bias: false);

        switch (name)
        {
            case "convolutions": return Sequential(Conv(2, 3), ReLU(), Conv(3, 4), BatchNorm2d(4), Conv(4, 2));
            case "strides": return Sequential(Conv(2, 3), Conv(3, 4, stride: 2), Conv2d(4, 4, 1, stride: 2, bias: false), Conv2d(4, 3, 2, bias: false));
            case "overlapping pools": return Sequential(Conv(2, 3), MaxPool2d(3, 2, 1), Conv(3, 4), AvgPool2d(2), Conv(4, 2));
            case "saturated pools":
                return Sequential(Conv(2, 2, stride: 2), Conv(2, 2, stride: 2), Conv(2, 2), Conv(2, 2), MaxPool2d(5, 1, 2), Conv2d(2, 3, 1, bias: false));
            case "residual": return new Residual();
            case "transposed": return Sequential(Conv(2, 3), ConvTranspose2d(3, 3, 2, 2, bias: false), Conv2d(3, 2, 1, bias: false), Conv(2, 2));
            case "shuffled pixels": return Sequential(Conv(2, 8), new Shuffle(), Conv(2, 3), Conv2d(3, 2, 1, bias: false));
            case "padded by hand": return Sequential(ZeroPad2d(1), Conv2d(2, 3, 3, bias: false), ZeroPad2d((1, 0, 1, 0)), Conv2d(3, 3, 3, bias: false));
            case "a scale for each position":
                var norm = LayerNorm([3, 24, 20], 1e-5);
                using (no_grad()) norm.weight!.uniform_(0.5, 2);
                return Sequential(Conv(2, 3), norm, Conv(3, 2));
            case "dilation": return Sequential(Conv(2, 3), Conv(3, 3, dilation: 3), Conv(3, 2));
            case "skip beside a saturated branch": return new Skip();
            // Row 0 of the first output reads padding only, row 1 not.
            case "a border that its neighbour does not touch":
                return Sequential(Conv2d(2, 2, 1, 2, 1, bias: false), Conv(2, 2), Upsample(scale_factor: [2.0, 2.0]), Conv(2, 2), Conv(2, 2), Conv(2, 2));
            case "turned maps": return new Custom(Conv2d(2, 2, (1, 3), padding: (0, 1), bias: false), (conv, x) => Turns(conv, x));
            case "flipped and cut":
                return new Custom(Conv(2, 2), (conv, x) => conv.call(conv.call(conv.call(x).flip(2))[.., .., 1.., ..^3]));
            case "other padding":
                return Sequential(Conv(2, 2), Conv2d(2, 2, 3, padding: 1, padding_mode: PaddingModes.Circular, bias: false), Conv(2, 2));
            case "positions last": return new PositionsLast();
            default:
                var shared = Conv(2, 2);
                return Sequential(shared, shared, shared);
        }
    }

    private sealed class Residual : Module<Tensor, Tensor>
    {
        private readonly Module<Tensor, Tensor> first = Conv2d(2, 4, 3, padding: 1, bias: false);
        private readonly Module<Tensor, Tensor> second = Conv2d(4, 4, 3, padding: 1, bias: false);
        private readonly Module<Tensor, Tensor> third = Conv2d(4, 3, 3, stride: 2, padding: 1, bias: false);

        internal Residual() : base(nameof(Residual)) => RegisterComponents();

        public override Tensor forward(Tensor input)
        {
            var x = first.call(input);
            return third.call(functional.relu(second.call(x) + x));
        }
    }

    private static Tensor Turns(Module<Tensor, Tensor> conv, Tensor x)
    {
        for (int i = 0; i < 4; i++) x = conv.call(conv.call(x).transpose(2, 3));
        return x;
    }

    /// <summary>A linear layer mixes channels that lie innermost.</summary>
    private sealed class PositionsLast : Module<Tensor, Tensor>
    {
        private readonly Module<Tensor, Tensor> first = Conv2d(2, 3, 3, padding: 1, bias: false);
        private readonly Module<Tensor, Tensor> mix = Linear(3, 4, hasBias: false);
        private readonly Module<Tensor, Tensor> second = Conv2d(4, 2, 3, padding: 1, bias: false);

        internal PositionsLast() : base(nameof(PositionsLast)) => RegisterComponents();

        public override Tensor forward(Tensor input) => second.call(mix.call(first.call(input).permute(0, 2, 3, 1)).permute(0, 3, 1, 2));
    }

    /// <summary>What the last layer reads is constant in one half of its channels only.</summary>
    private sealed class Skip : Module<Tensor, Tensor>
    {
        private readonly Module<Tensor, Tensor> stem = Conv2d(2, 3, 3, padding: 1, bias: false);
        private readonly Module<Tensor, Tensor> wide = Conv2d(3, 3, 3, padding: 10, dilation: 10, bias: false);
        private readonly Module<Tensor, Tensor> wider = Conv2d(3, 3, 3, padding: 6, dilation: 6, bias: false);
        private readonly Module<Tensor, Tensor> head = Conv2d(6, 3, 3, padding: 1, bias: false);

        internal Skip() : base(nameof(Skip)) => RegisterComponents();

        public override Tensor forward(Tensor input)
        {
            var x = stem.call(input);
            return head.call(cat([wider.call(wide.call(x)), x], 1));
        }
    }

    /// <summary>Four channels become one of twice the height and width, in which neighbours never are equal.</summary>
    private sealed class Shuffle() : Module<Tensor, Tensor>(nameof(Shuffle))
    {
        public override Tensor forward(Tensor input)
        {
            long[] shape = input.shape;
            return input.reshape(shape[0], -1, 2, 2, shape[2], shape[3]).permute(0, 1, 4, 2, 5, 3).reshape(shape[0], -1, 2 * shape[2], 2 * shape[3]);
        }
    }

    private sealed class Custom : Module<Tensor, Tensor>
    {
        private readonly Module<Tensor, Tensor> conv;
        private readonly Func<Module<Tensor, Tensor>, Tensor, Tensor> run;

        internal Custom(Module<Tensor, Tensor> conv, Func<Module<Tensor, Tensor>, Tensor, Tensor> run) : base(nameof(Custom))
        {
            (this.conv, this.run) = (conv, run);
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => run(conv, input);
    }
}

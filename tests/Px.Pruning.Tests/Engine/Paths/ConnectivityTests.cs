using Px.Pruning.Engine;
using Px.Pruning.Engine.Paths;
using Px.Pruning.Tests.Data;
using Px.Pruning.Tests.Networks;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Engine.Paths;

public sealed class ConnectivityTests : LeakCheckedTests
{
    [Fact]
    public void Measure_TinyNet_CountsByHand()
    {
        // Of three hidden units the input reaches the first and the last. Output 0 hangs on the first, 1 on the second, 2 on none, 3 on all.
        using var model = Sequential(("a", Linear(2, 3)), ("relu", ReLU()), ("b", Linear(3, 4)));

        Measure(model, [2], ("a.weight", new float[,] { { 1, 0 }, { 0, 0 }, { 0, 1 } }), ("b.weight", new float[,] { { 1, 0, 0 }, { 0, 1, 0 }, { 0, 0, 0 }, { 1, 1, 1 } }))
            .Should().Be(new Connectivity(2, 4));
    }

    /// <summary>Second route: multiplying Boolean matrices.</summary>
    [Fact]
    public void Measure_ChainsWithRandomMasks_IsTheBooleanProduct()
    {
        var random = new Random(4);
        using var model = Sequential(("a", Linear(3, 5)), ("relu", ReLU()), ("b", Linear(5, 5)), ("c", Linear(5, 6)));
        var counts = new HashSet<long>();
        for (var trial = 0; trial < 40; trial++)
        {
            float[,] a = Random(5, 3), b = Random(5, 5), c = Random(6, 5);
            bool[] reached = Through(c, Through(b, Through(a, [true, true, true])));
            counts.Add(reached.Count(r => r));

            Measure(model, [3], ("a.weight", a), ("b.weight", b), ("c.weight", c)).Should().Be(new Connectivity(reached.Count(r => r), 6));
        }

        counts.Should().Contain(0).And.HaveCountGreaterThan(3);

        float[,] Random(int rows, int columns)
        {
            var mask = new float[rows, columns];
            for (var i = 0; i < mask.Length; i++) mask[i / columns, i % columns] = random.NextDouble() < 0.25 ? 1 : 0;
            return mask;
        }

        static bool[] Through(float[,] mask, bool[] inputs) =>
            [.. Enumerable.Range(0, mask.GetLength(0)).Select(o => Enumerable.Range(0, inputs.Length).Any(i => inputs[i] && mask[o, i] == 1))];
    }

    [Theory]
    [InlineData("conv1.weight")]
    [InlineData("conv2.weight")]
    [InlineData("fc.weight")]
    public void Measure_ChainWithAnEmptiedLayer_ReachesNothing(string layer)
    {
        // Biases and norm shifts still flow behind the gap; they come from no input.
        using var model = new ConvNet();

        Measure(model, [3, 8, 8], (layer, null)).Should().Be(new Connectivity(0, 4));
    }

    [Fact]
    public void Measure_ClassifierRowRemoved_LosesThatOutput()
    {
        using var model = new ConvNet();
        var rows = ones(4, 8);
        rows[2] = 0;

        Measure(model, [3, 8, 8], ("fc.weight", rows)).Should().Be(new Connectivity(3, 4));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Measure_ResidualBranchEmptied_GoesRoundIt(bool functionalTail)
    {
        using var model = new ResidualNet(functionalTail);

        Measure(model, [3, 8, 8], ("blocks.0.conv1.weight", null), ("blocks.1.conv2.weight", null)).Should().Be(new Connectivity(4, 4));
        Measure(model, [3, 8, 8], ("conv.weight", null)).Should().Be(new Connectivity(0, 4));
    }

    [Fact]
    public void Measure_AKernelThatMeetsOnlyPadding_ReachesNothing()
    {
        var corner = zeros(1, 1, 3, 3);
        corner[0, 0, 0, 0] = 1;
        using var model = Sequential(("conv", Conv2d(1, 1, 3, padding: 1)), ("pool", AdaptiveAvgPool2d(1)), ("flat", Flatten()));

        Measure(model, [1, 1, 1], ("conv.weight", corner)).Should().Be(new Connectivity(0, 1));
        Measure(model, [1, 2, 2], ("conv.weight", corner)).Should().Be(new Connectivity(1, 1));
    }

    [Fact]
    public void Measure_ManyChannels_SeesEveryOne()
    {
        // More than are unfolded at a time. Output o hangs on one input channel, another for each; the last on none.
        using var model = Sequential(("conv", Conv2d(40, 41, 3, padding: 1)));
        var one = zeros(41, 40, 3, 3);
        for (var i = 0; i < 40; i++) one[i, 39 - i, 1, 2] = 1;

        Measure(model, [40, 16, 16], ("conv.weight", one)).Should().Be(new Connectivity(40, 41));
    }

    [Fact]
    public void Measure_DenseOutput_CountsChannelsThatAreReachedAnywhere()
    {
        // Each output channel of a grouped, transposed convolution: [in 4, out/groups 2, 2, 2], inputs 2 and 3 feed outputs 2 and 3.
        var up = zeros(4, 2, 2, 2);
        up[3, 0, 1, 1] = 1;
        up[0, 1, 0, 0] = 1;
        using var model = Sequential(("conv", Conv2d(1, 4, 1)), ("up", ConvTranspose2d(4, 4, 2, stride: 2, groups: 2)));

        Measure(model, [1, 3, 3], ("up.weight", up)).Should().Be(new Connectivity(2, 4));
    }

    [Fact]
    public void Measure_ValuesAndSignsOfWeights_DoNotMatter()
    {
        using var model = new ConvNet();
        using (no_grad())
        {
            foreach (var weight in model.parameters()) weight.copy_(-weight.abs());
        }

        Measure(model, [3, 8, 8]).Should().Be(new Connectivity(4, 4));
    }

    [Fact]
    public void Measure_PathsBeyondTheRangeOfAnyFloat_AreStillCounted()
    {
        // 32^400 = 2^2000 paths to every unit.
        var layers = Enumerable.Range(0, 400).Select(i => ($"l{i}", (Module<Tensor, Tensor>)Linear(32, 32))).ToArray();
        using var model = Sequential(layers);
        using (no_grad())
        {
            foreach (var weight in model.parameters()) weight.fill_(0.2);
        }

        // One weight is kept for every output but the last.
        var last = zeros(32, 32);
        last.narrow(0, 0, 31).narrow(1, 5, 1).fill_(1);
        Measure(model, [32], ("l399.weight", last)).Should().Be(new Connectivity(31, 32));
    }

    [Fact]
    public void Measure_OutputWithoutABatchDimension_CountsItsElements()
    {
        using var model = new Squeezed();

        Measure(model, [3], ("fc.weight", new float[,] { { 0, 0, 0 }, { 0, 1, 0 } })).Should().Be(new Connectivity(1, 2));
    }

    [Fact]
    public void Prune_ResidualBranchThatMagnitudeEmpties_IsNamedAndTheNetIsConnected()
    {
        using var model = new ResidualNet(functionalTail: false);
        using (no_grad()) model.get_parameter("blocks.1.conv1.weight")!.mul_(1e-6);

        using var result = new MagnitudePruner().Prune(model, PruningData.Shape(3, 8, 8), 0.5);

        result.Report.CollapsedLayers.Should().Equal("blocks.1.conv1.weight");
        (result.Report.IsConnected, result.Report.OutputsReached, result.Report.Outputs).Should().Be((true, 4, 4));
        result.Report.ToString().Should().EndWith("blocks.1.conv1.weight\nInput and output are still connected: 4 of 4 outputs reached.\n");
    }

    [Theory]
    [InlineData("differences")]
    [InlineData("layer norm")]
    public void Prune_CodeThatIsNoNetworkOfPaths_LeavesConnectionsUnknown(string kind)
    {
        using var model = new Lambda(x => kind == "differences" ? x - x.mean([1], keepdim: true) : functional.layer_norm(x, [5]));

        using var result = new MagnitudePruner().Prune(model, PruningData.Shape(3), 0.5);

        result.Report.IsConnected.Should().BeNull();
    }

    [Fact]
    public void Prune_ChainThatMagnitudeCuts_IsNotConnectedUntilAMinimumIsGiven()
    {
        PruningReport Report(PruningScope scope)
        {
            using var model = new ConvNet();
            using (no_grad()) model.get_parameter("conv2.weight")!.mul_(1e-6);
            using var result = new MagnitudePruner().Prune(model, [Samples.Normal(2, [3, 8, 8])], 0.8, new PruningOptions { Scope = scope });
            return result.Report;
        }

        var cut = Report(PruningScope.Global);
        (cut.IsConnected, cut.OutputsReached, cut.Outputs).Should().Be((false, 0, 4));
        cut.CollapsedLayers.Should().Equal("conv2.weight");
        cut.ToString().Should().Contain("NOT connected: 0 of 4 outputs reached").And.Contain("WithMinimumDensity");

        var sound = Report(PruningScope.Global.WithMinimumDensity(0.1));
        sound.IsConnected.Should().BeTrue();
        sound.CollapsedLayers.Should().BeEmpty();
    }

    [Fact]
    public void Prune_ShuffledMask_IsTheOneThatIsFollowed()
    {
        // One weight a layer, on one path: a random place for both is on a path in one of eight cases. In ten
        // million runs, one has no such case among its 120.
        var answers = new HashSet<bool?>();
        for (var seed = 0; seed < 120; seed++)
        {
            using var model = Sequential(("a", Linear(1, 8)), ("b", Linear(8, 1)));
            var options = new PruningOptions { Scope = PruningScope.Uniform, Ablation = SanityAblation.ShuffleWithinLayers, Seed = seed };
            using var result = new MagnitudePruner().Prune(model, PruningData.Shape(1), 14.0 / 16, options);
            var expected = result.Mask["a.weight"].flatten().logical_and(result.Mask["b.weight"].flatten()).any().ToBoolean();

            result.Report.IsConnected.Should().Be(expected);
            answers.Add(expected);
        }

        answers.Should().HaveCount(2);
    }

    [Fact]
    public void Prune_WithoutAShape_KnowsNothing()
    {
        using var model = new ConvNet();
        using var result = new MagnitudePruner().Prune(model, sparsity: 0.5);

        (result.Report.IsConnected, result.Report.OutputsReached, result.Report.Outputs).Should().Be((null, null, null));
        result.Report.ToString().Should().NotContain("connected");
    }

    [Fact]
    public void Prune_SilentNetwork_KnowsNothing()
    {
        using var silent = new SilentNet(silent: true);
        using var seen = new SilentNet(silent: false);

        IsConnected(silent, [3, 8, 8]).Should().BeNull();
        IsConnected(seen, [3, 8, 8]).Should().BeTrue();
    }

    [Fact]
    public void Prune_NetworkWithoutPaths_KnowsNothing()
    {
        using var gated = new Lambda(x => x * x.sigmoid());
        using var shifted = new Lambda(x => x + 1);
        using var plain = new Lambda(x => functional.relu(x));

        IsConnected(gated, [3]).Should().BeNull();
        IsConnected(shifted, [3]).Should().BeNull();
        IsConnected(plain, [3]).Should().BeTrue();
    }

    [Fact]
    public void Prune_ForwardThatThrowsOnWhatItNeverSaw_IsPrunedAllTheSame()
    {
        // Biases keep what the caller's own forward sees below zero; paths have none.
        using var model = new Lambda(x => x.lt(0).all().ToBoolean() ? x : throw new NotSupportedException("negative numbers only"));
        using (no_grad()) model.get_parameter("first.bias")!.fill_(-100);

        IsConnected(model, [3]).Should().BeNull();
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float64)]
    public void Measure_ForwardThatMindsTheType_MeetsTheModels(ScalarType dtype)
    {
        using var model = new Lambda(x => x.dtype == dtype ? x : throw new NotSupportedException($"{dtype} only"));
        model.to(dtype);
        using var result = new SnipPruner().Prune(model, [Samples.Normal(4, [3], classes: 2, dtype: dtype)], 0);

        result.Report.IsConnected.Should().BeTrue();
    }

    private static bool? IsConnected(Module<Tensor, Tensor> model, long[] sample)
    {
        var before = ModelState.Of(model);
        using var result = new SnipPruner().Prune(model, [Samples.Normal(4, sample, classes: 2)], 0);
        ModelState.Of(model).ShouldEqual(before);
        return result.Report.IsConnected;
    }

    private static Connectivity? Measure(Module<Tensor, Tensor> model, long[] sample, params (string Name, object? Mask)[] masks)
    {
        using var network = new Network(model, ParameterSelection.Default);
        using var snapshot = new ModelSnapshot(model, null);
        network.Probe(ones([1, .. sample]));
        var given = masks.ToDictionary(m => m.Name, m => m.Mask);
        given.Keys.Should().BeSubsetOf(network.Prunable.Select(slot => slot.Name));
        var alive = new SlotTensors(network.Prunable, slot => !given.TryGetValue(slot.Name, out var mask) ? ones(slot.Layer.Weight.shape, ScalarType.Bool)
            : mask is float[,] values ? tensor(values).to(ScalarType.Bool)
            : (mask as Tensor)?.to(ScalarType.Bool) ?? zeros(slot.Layer.Weight.shape, ScalarType.Bool));
        return Connectivity.Measure(network, alive, logger: null);
    }

    private sealed class Squeezed : Module<Tensor, Tensor>
    {
        private readonly TorchSharp.Modules.Linear fc = Linear(3, 2);

        internal Squeezed() : base(nameof(Squeezed)) => RegisterComponents();

        public override Tensor forward(Tensor input) => fc.call(input).squeeze(0);
    }
}

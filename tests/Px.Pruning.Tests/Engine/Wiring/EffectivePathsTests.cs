using Px.Pruning.Analysis;
using Px.Pruning.Models;
using Px.Pruning.Tests.Analysis;
using Px.Pruning.Tests.Data;
using Px.Pruning.Tests.Networks;
using Px.Pruning.Tests.Reference.Paths;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Engine.Wiring;

public sealed class EffectivePathsTests : LeakCheckedTests
{
    [Fact]
    public void EffectiveMask_TwoLayers_IsTheOneByHand()
    {
        // Hidden unit 0 is fed and read; 1 is fed and not read; 2 is read and not fed.
        using var model = Sequential(("a", Linear(2, 3)), ("relu", ReLU()), ("b", Linear(3, 2)));
        using var mask = new PruningMask(
        [
            KeyValuePair.Create("a.weight", tensor(new[,] { { 1, 0 }, { 1, 1 }, { 0, 0 } })),
            KeyValuePair.Create("b.weight", tensor(new[,] { { 1, 0, 1 }, { 0, 0, 1 } })),
        ]);
        using var effective = NetworkAnalysis.EffectiveMask(model, [2], mask);

        Bits(effective["a.weight"]).Should().Equal(true, false, false, false, false, false);
        Bits(effective["b.weight"]).Should().Equal(true, false, false, false, false, false);
    }

    [Theory]
    [InlineData("mlp")]
    [InlineData("linear-mlp")]
    [InlineData("convnet")]
    [InlineData("residual")]
    public void EffectiveMask_RandomMasks_IsTheUnionOfAllPaths(string name)
    {
        using var tiny = TinyNetwork.Create(name);
        CompareWithEnumeration(tiny.Model, tiny.InputShape, tiny.Graph);
    }

    [Theory]
    [InlineData("max-pool module")]
    [InlineData("max-pool function")]
    [InlineData("average")]
    public void EffectiveMask_ConcatenationAndPooling_IsTheUnionOfAllPaths(string pooling)
    {
        // conv 1→2 (2×2) on 5×5, pooled to 2×2; conv 2→2 (1×1) beside it; both concatenated, then a linear layer.
        var pool = MaxPool2d(2);
        using var model = new GraphNet([("conv", Conv2d(1, 2, 2)), ("pool", pool), ("side", Conv2d(2, 2, 1)), ("fc", Linear(16, 2))], (layer, x) =>
        {
            var a = layer("conv", x).relu_();
            a = pooling switch { "average" => functional.avg_pool2d(a, 2), "max-pool module" => layer("pool", a), _ => functional.max_pool2d(a, 2) };
            return layer("fc", cat([layer("side", a), a], 1).flatten(1));
        });
        var weights = model.named_parameters().Where(p => p.name.EndsWith("weight", StringComparison.Ordinal))
            .ToDictionary(p => p.name, p => p.parameter.detach().to(float64).data<double>().ToArray());
        var graph = new Reference.Paths.UnitGraph(1, 5, 5).Conv2d(2, 2, weights["conv.weight"]).Pool(2);
        int pooled = graph.LastLayer;
        graph.Conv2d(2, 1, weights["side.weight"]).Concat(pooled).Linear(2, weights["fc.weight"]);

        CompareWithEnumeration(model, [1, 5, 5], graph);
    }

    /// <summary>Second route: with positive weights, taking one away changes the sum over all paths exactly where it lies on one.</summary>
    [Theory]
    [MemberData(nameof(Layers))]
    public void EffectiveMask_LayersOfEveryKind_IsWhatThePathSumDependsOn(string name)
    {
        var (make, shape) = layers[name];
        using var model = make().to(ScalarType.Float64);
        int dead = 0, alive = 0;
        for (var trial = 0; trial < 4; trial++)
        {
            using var mask = RandomMasks.Draw(model, 0.2 + 0.1 * trial, trial);
            using var effective = NetworkAnalysis.EffectiveMask(model, shape, mask);
            foreach (var weight in mask.Names)
            {
                bool[] expected = DependsOn(model, shape, mask, weight);
                Bits(effective[weight]).Should().Equal(expected, weight);
                alive += expected.Count(on => on);
                dead += (int)mask.KeptIn(weight) - expected.Count(on => on);
            }
        }

        alive.Should().BePositive();
        dead.Should().BePositive("otherwise nothing was to be found out");
    }

    private static readonly Dictionary<string, (Func<Module<Tensor, Tensor>> Make, long[] Shape)> layers = new()
    {
        ["grouped, dilated"] = (() => Chain(Conv2d(2, 4, 2), Conv2d(4, 4, 3, dilation: 2, padding: 2, groups: 2, stride: 2), Conv2d(4, 2, 2)), [2, 6, 6]),
        ["depthwise"] = (() => Chain(Conv2d(2, 3, 1), Conv2d(3, 3, 3, groups: 3), Conv2d(3, 2, 1)), [2, 3, 3]),
        ["transposed, grouped"] = (() => Chain(Conv2d(1, 4, 1), ConvTranspose2d(4, 6, 3, stride: 2, padding: 1, output_padding: 1, groups: 2), Conv2d(6, 1, 2, stride: 3)), [1, 3, 3]),
        ["one-dimensional"] = (() => Chain(Conv1d(2, 3, 3, padding: 2), ConvTranspose1d(3, 2, 3, stride: 2), Conv1d(2, 2, 4, stride: 4)), [2, 4]),
        ["three-dimensional"] = (() => Chain(Conv3d(1, 3, 2), Conv3d(3, 3, 1), Conv3d(3, 1, 2)), [1, 3, 3, 3]),
        ["same padding"] = (() => Chain(Conv2d(1, 3, 4, padding: Padding.Same), Conv2d(3, 2, 3, padding: Padding.Same), AdaptiveAvgPool2d(1)), [1, 2, 2]),
        ["circular"] = (() => Chain(Conv2d(1, 3, 3, padding: 1, padding_mode: PaddingModes.Circular), Conv2d(3, 2, 2, stride: 2)), [1, 3, 3]),
        ["reflecting"] = (() => Chain(Conv2d(1, 3, 3, padding: 1, padding_mode: PaddingModes.Reflect), Conv2d(3, 2, 2, stride: 2)), [1, 3, 3]),
        ["linear on sequences"] = (() => Chain(Linear(3, 4), ReLU(true), Linear(4, 3)), [5, 3]),
        ["upsampled"] = (() => new GraphNet([("a", Conv2d(1, 3, 2)), ("b", Conv2d(3, 2, 2, stride: 3))],
            (layer, x) => layer("b", functional.interpolate(layer("a", x), size: [5, 5], mode: InterpolationMode.Bilinear, align_corners: false))), [1, 3, 3]),
        ["shared"] = (() => new GraphNet([("a", Linear(3, 3)), ("b", Linear(3, 2))], (layer, x) => layer("b", layer("a", functional.relu(layer("a", x))))), [3]),
        ["in place after use"] = (() => new GraphNet([("a", Conv1d(2, 3, 1)), ("b", Conv1d(3, 3, 1)), ("c", Conv1d(3, 3, 1)), ("d", Conv1d(3, 2, 1))], (layer, x) =>
        {
            var a = layer("a", x);
            var b = layer("b", a);
            return layer("d", a.add_(layer("c", b)).relu_());
        }), [2, 1]),
        ["shuffled and split"] = (() => new GraphNet([("a", Conv1d(2, 4, 1)), ("b", Conv1d(2, 2, 1)), ("c", Conv1d(4, 2, 1))], (layer, x) =>
        {
            var halves = layer("a", x).chunk(2, 1);
            return layer("c", cat([layer("b", halves[0]), halves[1]], 1).reshape(-1, 2, 2, 1).transpose(1, 2).flatten(1, 2));
        }), [2, 1]),
    };

    public static TheoryData<string> Layers() => [.. layers.Keys];

    [Fact]
    public void EffectiveMask_PathsBeyondTheRangeOfAnyFloat_AreExact()
    {
        // 32^300 = 2^1500 paths to every unit; a unit's share of what flows back can be 32^-300.
        var chain = Enumerable.Range(0, 300).Select(i => ($"l{i}", (Module<Tensor, Tensor>)Linear(32, 32))).ToArray();
        using var model = Sequential(chain);
        // In every layer unit 0 also hangs on unit 0, and unit 1 on nothing else but unit 1, which starts at no input.
        var separate = ones(32, 32);
        separate[1] = 0;
        separate[1, 1] = 1;
        var first = separate.clone();
        first[1] = 0;
        using var mask = RandomMasks.AllBut(model, [("l0.weight", first), .. Enumerable.Range(1, 299).Select(i => ($"l{i}.weight", (Tensor?)separate))]);

        var analysis = NetworkAnalysis.Analyze(model, [32], mask);

        // All of the first layer; of the others all but column and row 1.
        analysis.Layers[0].Effective.Should().Be(31 * 32);
        analysis.Layers.Skip(1).Should().OnlyContain(layer => layer.Kept == 31 * 32 + 1 && layer.Effective == 31 * 31 && layer.UnitsEffective == 31);
        analysis.DeadOutputs.Should().Equal(1);
    }

    [Fact]
    public void EffectiveMask_ResNet152_IsExact()
    {
        // Weights before values: those of any size are paths.
        using var model = ResNet.Create(new() { Depth = 152, Width = 4, Stem = ResNetStem.ThreeByThree, Classes = 7, Seed = 1 });
        using (no_grad()) foreach (var weight in model.parameters()) weight.mul_(1e-30);

        var dense = NetworkAnalysis.Analyze(model, [3, 16, 16]);

        dense.PathsUnknown.Should().BeNull();
        dense.Effective.Should().Be(dense.Kept).And.Be(dense.Total);
        dense.Diagnosis.IsSound.Should().BeTrue();

        // One weight in the 150th layer alone: of the layer before it, one unit is used; of the one after, one input.
        var one = zeros(model.get_parameter("layer4.1.conv2.weight")!.shape);
        one[3, 5, 1, 1] = 1;
        using var mask = RandomMasks.AllBut(model, ("layer4.1.conv2.weight", one));
        var thin = NetworkAnalysis.Analyze(model, [3, 16, 16], mask).Layers.ToDictionary(layer => layer.Name);
        thin["layer4.1.conv1.weight"].UnitsEffective.Should().Be(1);
        thin["layer4.1.conv2.weight"].Effective.Should().Be(1);
        thin["layer4.1.conv3.weight"].InputsEffective.Should().Be(1);
        thin["layer4.1.conv3.weight"].Effective.Should().Be(thin["layer4.1.conv3.weight"].Units);
        thin.Values.Where(layer => !layer.Name.StartsWith("layer4.1", StringComparison.Ordinal)).Should().OnlyContain(layer => layer.Effective == layer.Total);
    }

    [Fact]
    public void EffectiveMask_OfItself_IsItself()
    {
        using var model = new ResidualNet(functionalTail: true);
        using var mask = RandomMasks.Draw(model, 0.05, seed: 3);
        using var once = NetworkAnalysis.EffectiveMask(model, [3, 8, 8], mask);
        using var twice = NetworkAnalysis.EffectiveMask(model, [3, 8, 8], once);

        once.Kept.Should().BeInRange(1, mask.Kept - 1);
        twice.Jaccard(once).Should().Be(1);
    }

    [Fact]
    public void EffectiveMask_NetworkWithoutShifts_ComputesTheSameWithoutItsDeadWeights()
    {
        // Norm layers are new: no mean, no shift. The last layer's bias is no weight.
        using var model = new ResidualNet(functionalTail: false);
        using var input = Samples.Normal(8, [3, 8, 8]).Input;
        using var mask = RandomMasks.Draw(model, 0.08, seed: 5);
        using var effective = NetworkAnalysis.EffectiveMask(model, [3, 8, 8], mask);
        model.eval();
        Tensor Output(PruningMask pruned)
        {
            using var binding = pruned.Bind(model);
            return model.call(input);
        }

        var before = Output(mask);
        var after = Output(effective);
        effective.Kept.Should().BeInRange(1, mask.Kept - 1);
        before.std(0).max().ToDouble().Should().BePositive("otherwise nothing depends on the input");
        (after - before).abs().max().ToDouble().Should().BeLessThan(1e-6);
    }

    [Fact]
    public void EffectiveMask_ValuesOfTheWeights_DoNotMatter()
    {
        using var model = new ConvNet();
        using var mask = RandomMasks.Draw(model, 0.1, seed: 2);
        using var before = NetworkAnalysis.EffectiveMask(model, [3, 8, 8], mask);
        using (no_grad()) foreach (var weight in model.parameters()) weight.zero_();
        using var after = NetworkAnalysis.EffectiveMask(model, [3, 8, 8], mask);

        after.Jaccard(before).Should().Be(1);
        before.Kept.Should().BeInRange(1, mask.Kept - 1);
    }

    /// <summary>Maxima called as functions show one winner a window; all of them must be found, as where a module shows the window.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void EffectiveMask_MaximaAsFunctions_AreFoundAsModulesAre(int dilation)
    {
        var pool = MaxPool2d(3, stride: 2, padding: 1, dilation: dilation, ceil_mode: true);
        GraphNet Make(bool function) => new([("a", Conv2d(1, 6, 3)), ("pool", pool), ("b", Conv2d(6, 6, 2)), ("c", Conv2d(6, 4, 1)), ("fc", Linear(4, 3))], (layer, x) =>
        {
            var y = layer("b", Pool(layer("a", x).relu()));
            return layer("fc", functional.adaptive_max_pool2d(layer("c", Pool(y) + y.narrow(2, 0, 1).narrow(3, 0, 1)), [1, 1]).flatten(1));
            Tensor Pool(Tensor z) => function ? functional.max_pool2d(z, 3, stride: 2, padding: 1, dilation: dilation, ceil_mode: true) : layer("pool", z);
        });
        using var seen = Make(function: false);
        using var hidden = Make(function: true);
        long dead = 0;
        for (var seed = 0; seed < 20; seed++)
        {
            using var mask = RandomMasks.Draw(seen, 0.3, seed);
            using var expected = NetworkAnalysis.EffectiveMask(seen, [1, 11, 11], mask);
            using var found = NetworkAnalysis.EffectiveMask(hidden, [1, 11, 11], mask);

            found.Jaccard(expected).Should().Be(1);
            dead += mask.Kept - found.Kept;
        }

        dead.Should().BePositive();
    }

    [Theory]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Float64)]
    public void EffectiveMask_OtherTypes_AreFollowedAlike(ScalarType type)
    {
        using var model = new ResidualNet(functionalTail: true);
        using var mask = RandomMasks.Draw(model, 0.1, seed: 4);
        using var expected = NetworkAnalysis.EffectiveMask(model, [3, 8, 8], mask);
        using var cast = model.to(type);
        using var found = NetworkAnalysis.EffectiveMask(cast, [3, 8, 8], mask);

        found.Jaccard(expected).Should().Be(1);
    }

    [Fact]
    public void EffectiveMask_ActivationsOfEveryKind_LetPathsPass()
    {
        // Saturating functions too: ReLU6 called as a function, on the sum of many.
        using var model = new GraphNet([("a", Linear(3, 40)), ("gelu", GELU()), ("b", Linear(40, 40)), ("tanh", Tanh()), ("c", Linear(40, 2))],
            (layer, x) => layer("c", layer("tanh", functional.relu6(layer("b", layer("gelu", layer("a", x)))))));
        foreach (var parameter in model.parameters()) parameter.requires_grad = false;

        NetworkAnalysis.Analyze(model, [3]).Effective.Should().Be(3 * 40 + 40 * 40 + 40 * 2);
    }

    private static void CompareWithEnumeration(Module<Tensor, Tensor> model, long[] shape, Reference.Paths.UnitGraph graph)
    {
        int dead = 0, alive = 0;
        for (var trial = 0; trial < 12; trial++)
        {
            using var mask = RandomMasks.Draw(model, 0.2 + 0.05 * trial, trial);
            using var effective = NetworkAnalysis.EffectiveMask(model, shape, mask);
            bool[] kept = [.. mask.Names.SelectMany(name => Bits(mask[name]))];
            var paths = new PathEnumeration(graph, kept);
            var on = new bool[kept.Length];
            foreach (var weight in paths.Paths.SelectMany(path => path.Weights)) on[weight] = true;

            mask.Names.SelectMany(name => Bits(effective[name])).Should().Equal(on);
            alive += on.Count(path => path);
            dead += kept.Zip(on).Count(weight => weight is (true, false));
        }

        alive.Should().BePositive();
        dead.Should().BePositive("otherwise nothing was to be found out");
    }

    private static bool[] DependsOn(Module<Tensor, Tensor> model, long[] shape, PruningMask mask, string name)
    {
        using var noGrad = no_grad();
        var random = new Random(9);
        foreach (var (parameter, tensor) in model.named_parameters().ToList())
        {
            if (!mask.Contains(parameter)) tensor.zero_();
            else tensor.copy_(torch.tensor(Enumerable.Range(0, (int)tensor.numel()).Select(_ => 0.5 + random.NextDouble()).ToArray()).reshape(tensor.shape).mul(mask[parameter]));
        }

        double Sum() => model.call(ones([1, .. shape], ScalarType.Float64)).sum().ToDouble();
        double all = Sum();
        var weight = model.get_parameter(name)!;
        var flat = weight.detach().view(-1);
        var depends = new bool[flat.numel()];
        for (var i = 0; i < depends.Length; i++)
        {
            double value = flat[i].ToDouble();
            if (value == 0) continue;
            flat[i] = 0;
            depends[i] = all - Sum() > 1e-9 * all;
            flat[i] = value;
        }

        return depends;
    }

    private static TorchSharp.Modules.Sequential Chain(params Module<Tensor, Tensor>[] modules) => Sequential(modules.Select((module, i) => ($"m{i}", module)).ToArray());

    private static bool[] Bits(Tensor mask) => mask.data<bool>().ToArray();
}

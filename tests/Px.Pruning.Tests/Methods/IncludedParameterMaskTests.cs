using Px.Pruning.Tests.Networks;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Methods;

/// <summary>Parameters that are no layer's weight, which a selection includes: counted exactly, and held at zero whatever happens to the model.</summary>
public class IncludedParameterMaskTests
{
    public static TheoryData<string> Nets => [.. IncludedNets.Names];

    [Theory]
    [MemberData(nameof(Nets))]
    public void Prune_Magnitude_KeepsTheLargestOfAll(string net)
    {
        using var scope = NewDisposeScope();
        using var model = IncludedNets.Create(net);
        var before = model.state_dict().ToDictionary(pair => pair.Key, pair => pair.Value.detach().clone());

        using var result = new MagnitudePruner().Prune(model, 0.5, IncludedNets.Options(net));

        var magnitudes = cat(result.Mask.Names.Select(name => before[name].abs().flatten()).ToList());
        long kept = (long)Math.Round(0.5 * magnitudes.numel(), MidpointRounding.AwayFromZero);
        double least = magnitudes.topk((int)kept).values.min().ToDouble();
        foreach (string name in result.Mask.Names)
            Same(result.Mask[name], before[name].abs().ge(least)).Should().BeTrue(name);
        foreach (string name in before.Keys)
            Same(model.state_dict()[name], result.Mask.Contains(name) ? before[name] * result.Mask[name] : before[name]).Should().BeTrue(name);
    }

    [Theory]
    [MemberData(nameof(Nets))]
    public void Prune_MethodsWithoutPaths_KeepTheExactCountOfAllAndReportIt(string net)
    {
        using var scope = NewDisposeScope();
        var data = IncludedNets.Data(net);
        foreach (string method in new[] { "SNIP", "IterSNIP", "FORCE", "ProsPR first order", "Magnitude", "Random", "IMP" })
        {
            using var model = IncludedNets.Create(net);
            int ranked = 0;
            var options = IncludedNets.Options(net) with { Rounds = 3 };

            using var result = AllPruners.Get(method).Prune(model, [data], 0.6, options);

            result.Mask.Kept.Should().Be((long)Math.Round(0.4 * result.Mask.Total, MidpointRounding.AwayFromZero), method);
            result.Binding.AssertHeld();
            var report = result.Report;
            report.Layers.Select(layer => layer.Name).Should().Equal(result.Mask.Names);
            foreach (var layer in report.Layers)
            {
                var owner = layer.Type;
                bool isLayer = owner is "Linear" or "Conv2d" && layer.Name.EndsWith(".weight", StringComparison.Ordinal);
                (layer.Units == 0).Should().Be(!isLayer, layer.Name);
                (layer.DenseFlops is null).Should().Be(!isLayer, layer.Name);
                ranked += isLayer ? 0 : 1;
            }

            ranked.Should().BePositive();
            report.DenseFlops.Should().BeNull();
            report.IsConnected.Should().BeNull();
            report.Untouched.Select(layer => layer.Name).Should().NotIntersectWith(result.Mask.Names);
            report.Parameters.Should().Be(model.parameters().Sum(parameter => parameter.numel()));
            report.ToString().Should().Contain(result.Mask.Names[0]);
        }
    }

    [Theory]
    [MemberData(nameof(Nets))]
    public void Bind_TrainedByAdamWithDecay_HoldsThePrunedNumbersAtZero(string net)
    {
        using var scope = NewDisposeScope();
        using var model = IncludedNets.Create(net);
        var data = IncludedNets.Data(net);
        using var result = new RandomPruner().Prune(model, 0.7, IncludedNets.Options(net));
        using var optimizer = optim.AdamW(model.parameters(), lr: 0.1, weight_decay: 0.1);
        void Train(Action afterStep)
        {
            for (int step = 0; step < 4; step++)
            {
                optimizer.zero_grad();
                functional.cross_entropy(model.call(data.Input), data.Target).backward();
                optimizer.step();
                afterStep();
            }
        }

        var before = model.state_dict().ToDictionary(pair => pair.Key, pair => pair.Value.detach().clone());
        Train(() =>
        {
            result.Binding.Apply(optimizer);
            result.Binding.AssertHeld();
        });
        foreach (string name in result.Mask.Names.Where(name => result.Mask.KeptIn(name) > 0))
            Same(model.state_dict()[name], before[name]).Should().BeFalse($"{name} is trained");

        // Without that line the model's hook zeroes them before they are used: its output is that of the pruned network.
        Train(() => { });
        result.Binding.IsHeld.Should().BeFalse("the step moved them");
        model.eval();
        var output = model.call(data.Input);
        result.Binding.AssertHeld();
        model.call(data.Input).allclose(output, 0, 0).Should().BeTrue();
    }

    [Fact]
    public void Bind_ModelMovedToAnotherType_FollowsNativeModules()
    {
        using var scope = NewDisposeScope();
        using var model = IncludedNets.Create("LSTM");
        using var result = new RandomPruner().Prune(model, 0.7, IncludedNets.Options("LSTM"));

        model.to(float32);
        using var optimizer = optim.SGD(model.parameters(), 0.1, weight_decay: 0.1);
        functional.cross_entropy(model.call(randn(6, 4, 3)), arange(6).remainder(3)).backward();
        optimizer.step();
        result.Binding.IsHeld.Should().BeFalse();
        result.Binding.Apply(optimizer);

        result.Binding.AssertHeld();
        model.get_parameter("recurrent.weight_hh_l0")!.count_nonzero().ToInt64().Should().Be(result.Mask.KeptIn("recurrent.weight_hh_l0"));
    }

    [Theory]
    [InlineData("attention")]
    [InlineData("LSTM")]
    [InlineData("raw parameter")]
    public void Prune_OnceMoreWhileBound_CountsWhatIsHeld(string net)
    {
        using var scope = NewDisposeScope();
        using var model = IncludedNets.Create(net);
        using var first = new RandomPruner().Prune(model, 0.5, IncludedNets.Options(net));
        using var second = new RandomPruner().Prune(model, 0.8, IncludedNets.Options(net) with { Seed = 2 });

        second.Mask.Kept.Should().Be((long)Math.Round(0.2 * second.Mask.Total, MidpointRounding.AwayFromZero));
        foreach (string name in second.Mask.Names)
        {
            second.Mask[name].logical_and(first.Mask[name].logical_not()).any().ToBoolean().Should().BeFalse("what is pruned stays so");
            model.get_parameter(name)!.count_nonzero().ToInt64().Should().Be(second.Mask.KeptIn(name), name);
        }
    }

    [Theory]
    [MemberData(nameof(Nets))]
    public void Bind_MaskFromAFile_PrunesTheSame(string net)
    {
        using var scope = NewDisposeScope();
        using var model = IncludedNets.Create(net);
        using var result = new RandomPruner().Prune(model, 0.7, IncludedNets.Options(net));
        using var file = new MemoryStream();
        result.Mask.Save(file);
        file.Position = 0;
        using var fresh = IncludedNets.Create(net);

        using var bound = PruningResult.Bind("loaded", fresh, PruningMask.Load(file));

        bound.Report.Layers.Should().Equal(result.Report.Layers.Select(layer => layer with { DenseFlops = null, Flops = null }));
        foreach (var (name, parameter) in fresh.named_parameters())
            Same(parameter, model.get_parameter(name)!).Should().BeTrue(name);
    }

    [Theory]
    [InlineData("LSTM")]
    [InlineData("attention")]
    public void Prune_Imp_RewindsWhatItKeeps(string net)
    {
        using var scope = NewDisposeScope();
        using var model = IncludedNets.Create(net);
        var data = IncludedNets.Data(net);
        var before = model.state_dict().ToDictionary(pair => pair.Key, pair => pair.Value.detach().clone());
        var imp = new IterativeMagnitudePruner((trained, round) =>
        {
            using var temporaries = NewDisposeScope();
            var optimizer = optim.SGD(trained.parameters(), 0.5);
            for (int step = 0; step < 5; step++)
            {
                optimizer.zero_grad();
                functional.cross_entropy(((Module<Tensor, Tensor>)trained).call(data.Input), data.Target).backward();
                optimizer.step();
                round.Binding.Apply(optimizer);
            }
        });

        using var result = imp.Prune(model, 0.6, IncludedNets.Options(net) with { Rounds = 2 });

        foreach (var (name, value) in before)
            Same(model.state_dict()[name], result.Mask.Contains(name) ? value * result.Mask[name] : value).Should().BeTrue(name);
        using var untrained = new MagnitudePruner().Score(model, options: IncludedNets.Options(net));
        untrained.Names.Should().Equal(result.Mask.Names);
    }

    [Theory]
    [InlineData("ErdosRenyi")]
    [InlineData("ErdosRenyiKernel")]
    [InlineData("Uniform")]
    [InlineData("LayerWise")]
    public void Prune_InAnotherScope_TakesParametersOfAnyShape(string scopeName)
    {
        using var scope = NewDisposeScope();
        var ranking = (PruningScope)typeof(PruningScope).GetProperty(scopeName)!.GetValue(null)!;
        foreach (string net in new[] { "raw parameter", "bilinear", "norm scales, slopes and a bias" })
        {
            using var model = IncludedNets.Create(net);
            using var result = new RandomPruner().Prune(model, 0.5, IncludedNets.Options(net) with { Scope = ranking });

            result.Mask.Density.Should().BeApproximately(0.5, 0.05);
        }
    }

    [Fact]
    public void Prune_TiedParameterIncludedUnderItsOtherName_IsRankedOnce()
    {
        using var scope = NewDisposeScope();
        const string net = "embedding and linear layer with one weight";
        using var model = TwiceUsedNets.Create(net);
        var options = new PruningOptions { Parameters = ParameterSelection.Default.Including("tokens.weight"), Data = DataBudget.All };

        using var result = new SnipPruner().Prune(model, [TwiceUsedNets.Data(net)], 0.5, options);

        result.Mask.Names.Should().Equal("mix.weight", "words.weight");
    }

    [Fact]
    public void Prune_ModelWithoutAnyLayer_NeedsOnlyWhatIsIncluded()
    {
        using var scope = NewDisposeScope();
        using var model = Embedding(7, 3);
        var data = (randint(0, 7, [6], int64), arange(6, int64).remainder(3));
        var options = new PruningOptions { Parameters = ParameterSelection.Default.Including("weight"), Data = DataBudget.All };

        using var result = new SnipPruner().Prune(model, [data], 0.5, options);

        result.Mask.Kept.Should().Be(11, "half of 21, away from zero");
        model.Invoking(plain => new SnipPruner().Prune(plain, [data], 0.5)).Should().Throw<ArgumentException>().WithMessage("*ParameterSelection.Including*");
    }

    [Fact]
    public void Prune_Reinitialize_DrawsIncludedParametersByTheirFanIn()
    {
        using var scope = NewDisposeScope();
        using var model = Sequential(("tokens", Embedding(400, 50)), ("head", Linear(50, 2)));
        var options = new PruningOptions { Parameters = ParameterSelection.Default.Including("tokens.*"), Ablation = SanityAblation.Reinitialize, Seed = 1 };

        using var result = new MagnitudePruner().Prune(model, 0.5, options);

        var weight = model.get_parameter("tokens.weight")!.detach();
        weight.masked_select(result.Mask["tokens.weight"]).std().ToDouble().Should().BeApproximately(Math.Sqrt(2.0 / 50), 0.005);
        Same(weight.ne(0), result.Mask["tokens.weight"]).Should().BeTrue();
    }

    [Fact]
    public void Shrink_MaskOfNormScalesAndBiases_LosesTheirRemovedChannels()
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        using var model = Sequential(
            ("first", Conv2d(2, 4, 3, padding: 1)), ("bn", BatchNorm2d(4)), ("relu", ReLU()), ("last", Conv2d(4, 3, 3, padding: 1)));
        var kept = tensor(new[] { true, false, true, true });
        var mask = new PruningMask(
        [
            KeyValuePair.Create("first.weight", kept.reshape(4, 1, 1, 1).expand(4, 2, 3, 3)), KeyValuePair.Create("first.bias", kept),
            KeyValuePair.Create("bn.weight", kept), KeyValuePair.Create("bn.bias", kept),
            KeyValuePair.Create("last.weight", ones(3, 4, 3, 3)), KeyValuePair.Create("last.bias", tensor(new[] { true, true, false })),
        ]);
        using var bound = PruningResult.Bind("mine", model, mask);

        using var small = Px.Pruning.Shrinking.Shrinker.Shrink(model, [2, 6, 6], new() { Binding = bound.Binding, LatencyRuns = 0 });

        model.get_parameter("bn.weight")!.shape.Should().Equal(3);
        foreach (string name in small.Mask.Names) small.Mask[name].shape.Should().Equal(model.get_parameter(name)!.shape, name);
        small.Mask.KeptIn("first.bias").Should().Be(3);
        small.Mask.KeptIn("last.bias").Should().Be(2);
        using var again = small.Mask.Bind(model);
        again.AssertHeld();
    }

    private static bool Same(Tensor a, Tensor b) => a.eq(b).all().ToBoolean();
}

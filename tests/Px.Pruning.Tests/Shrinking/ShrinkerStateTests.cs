using Px.Pruning.Shrinking;
using Px.Pruning.Tests.Analysis;
using Px.Pruning.Tests.Engine.Wiring;
using Px.Pruning.Tests.Masking;
using Px.Pruning.Tests.Networks;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using Conv2d = TorchSharp.Modules.Conv2d;

namespace Px.Pruning.Tests.Shrinking;

/// <summary>What shrinking does to the model, its mask and its files, and what it leaves alone.</summary>
public sealed class ShrinkerStateTests : IDisposable
{
    private static readonly long[] shape = [3, 6, 6];
    private static readonly ShrinkOptions untimed = new() { LatencyRuns = 0 };
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose() => scope.Dispose();

    [Fact]
    public void Shrink_BoundModel_ComesWithAMaskThatHoldsWhileItIsTrained()
    {
        using var net = Net().to(float64);
        using var mask = Mask(net);
        using var binding = mask.Bind(net);
        net.train();

        using var small = Shrinker.Shrink(net, shape, untimed with { Binding = binding });

        net.training.Should().BeTrue();
        binding.Invoking(b => b.Apply()).Should().Throw<ObjectDisposedException>("its masks no longer fit");
        small.Mask.Names.Should().Equal(mask.Names);
        small.Mask["a.weight"].shape.Should().Equal(4, 3, 3, 3);
        small.Mask["depth.weight"].shape.Should().Equal(4, 1, 3, 3);
        small.Mask.KeptIn("b.weight").Should().Be(mask["b.weight"].index_select(1, tensor(new long[] { 0, 1, 3, 5 })).sum().item<long>());
        using var held = small.Mask.Bind(net);
        var (input, target) = (randn([8, .. shape], float64), randn([8, 2], float64));
        Tensor Loss() => functional.mse_loss(net.call(input), target);
        var before = Loss();
        before.backward();
        held.ApplyToGradients();
        // So small a step against the masked gradient g lowers the loss by its slope, η‖g‖², on any machine.
        const double decrease = 1e-8;
        using (var first = optim.SGD(net.parameters(), decrease / net.parameters().Sum(p => p.grad!.square().sum().ToDouble()))) first.step();
        held.AssertHeld();
        ((before - Loss()).ToDouble() / decrease).Should().BeApproximately(1, 1e-3);

        using var optimizer = optim.SGD(net.parameters(), 0.1, momentum: 0.9);
        for (int step = 0; step < 5; step++)
        {
            optimizer.zero_grad();
            Loss().backward();
            optimizer.step();
            held.Apply(optimizer);
        }

        held.AssertHeld();
    }

    [Fact]
    public void Shrink_WithoutAMask_MakesOneOfTheWeightsThatAreNotZero()
    {
        using var net = Net();
        using (var mask = Mask(net)) mask.Bind(net).Dispose();

        using var small = Shrinker.Shrink(net, shape, untimed);

        foreach (string name in small.Mask.Names)
            small.Mask.KeptIn(name).Should().Be(net.get_parameter(name)!.ne(0).sum().item<long>());
    }

    [Fact]
    public void Shrink_BindingThatIsNotNamed_IsRefusedAndHoldsOn()
    {
        using var net = Net();
        using var mask = Mask(net);
        using var binding = mask.Bind(net);
        var before = Bytes(net);

        net.Invoking(n => Shrinker.Shrink(n, shape, untimed)).Should().Throw<ShrinkException>().WithMessage("*ShrinkOptions.Binding*");

        Bytes(net).Should().Equal(before);
        binding.AssertHeld();
        net.call(randn([1, .. shape])).isfinite().all().ToBoolean().Should().BeTrue();
    }

    [Fact]
    public void Shrink_FailureAfterTheWrite_RestoresValuesGradientsAndCounts()
    {
        var a = Conv2d(3, 5, 1);
        using var net = new GraphNet([("a", a), ("bn", BatchNorm2d(5)), ("b", Conv2d(5, 2, 1))],
            (call, x) => a.weight.shape[0] == 5 ? call("b", call("bn", call("a", x))) : throw new InvalidOperationException("five, says the module"));
        net.ZeroInputs("b", 1, 2);
        a.bias!.requires_grad = false;
        net.call(randn([2, .. shape])).sum().backward();
        var (before, grad) = (Bytes(net), a.weight.grad!.clone());
        var objects = net.parameters().Concat(net.buffers()).ToList();
        using var optimizer = optim.SGD(net.parameters(), 0.1);

        var thrown = net.Invoking(n => Shrinker.Shrink(n, shape, untimed)).Should().Throw<ShrinkException>().WithMessage("*five, says*").Which;

        thrown.InnerException.Should().BeOfType<InvalidOperationException>();
        Bytes(net).Should().Equal(before);
        a.weight.grad!.eq(grad).all().ToBoolean().Should().BeTrue();
        (a.weight.requires_grad, a.bias!.requires_grad).Should().Be((true, false));
        (a.in_channels, a.out_channels, ((TorchSharp.Modules.BatchNorm2d)net.named_modules().Single(m => m.name == "bn").module).num_features).Should().Be((3L, 5L, 5L));
        net.call(randn([2, .. shape])).isfinite().all().ToBoolean().Should().BeTrue();
        net.parameters().Concat(net.buffers()).Zip(objects).Should().OnlyContain(pair => ReferenceEquals(pair.First, pair.Second));
        optimizer.step();
        Bytes(net).Should().NotEqual(before, "an optimizer of the caller's goes on");
    }

    [Fact]
    public void Shrink_ForwardOfChance_IsRefusedAndTheModelUntouched()
    {
        using var net = new GraphNet([("a", Linear(3, 4)), ("b", Linear(4, 2))], (call, x) => call("b", call("a", x) * rand(1)));
        net.ZeroInputs("b", 1);
        var before = ModelState.Of(net);

        net.Invoking(n => Shrinker.Shrink(n, [3], untimed)).Should().Throw<ShrinkException>().Which.Module.Should().Be("b");

        ModelState.Of(net).ShouldEqual(before);
    }

    [Fact]
    public void Shrink_InACultureWithCommas_WritesNumbersWithPoints()
    {
        var culture = System.Globalization.CultureInfo.CurrentCulture;
        try
        {
            var commas = (System.Globalization.CultureInfo)System.Globalization.CultureInfo.InvariantCulture.Clone();
            commas.NumberFormat.NumberDecimalSeparator = ",";
            System.Globalization.CultureInfo.CurrentCulture = commas;
            using var net = new GraphNet([("a", Linear(3, 4)), ("b", Linear(4, 2))], (call, x) => call("b", call("a", x)) * (1 + rand(1)));
            net.ZeroInputs("b", 1);

            net.Invoking(n => Shrinker.Shrink(n, [3], untimed)).Should().Throw<ShrinkException>().WithMessage("*more than 1.0e-6;*");
        }
        finally
        {
            System.Globalization.CultureInfo.CurrentCulture = culture;
        }
    }

    [Fact]
    public void Shrink_CancelledOrWithoutAShape_LeavesTheModelUntouched()
    {
        using var net = Net();
        var before = ModelState.Of(net);

        net.Invoking(n => Shrinker.Shrink(n, shape, untimed, new CancellationToken(canceled: true))).Should().Throw<OperationCanceledException>();
        net.Invoking(n => Shrinker.Shrink(n, [])).Should().Throw<ArgumentException>();
        net.Invoking(n => Shrinker.Shrink(n, [0, 6, 6])).Should().Throw<ArgumentException>();

        ModelState.Of(net).ShouldEqual(before);
    }

    [Fact]
    public void Shrink_GlobalRandomState_IsAsItWas()
    {
        using var net = Net();
        manual_seed(5);
        var expected = rand(3);
        manual_seed(5);

        Shrinker.Shrink(net, shape).Dispose();

        rand(3).eq(expected).all().ToBoolean().Should().BeTrue();
    }

    [Fact]
    public void Shrink_Timed_SaysWhatItFound()
    {
        using var net = Net();
        using (var mask = Mask(net)) mask.Bind(net).Dispose();

        using var small = Shrinker.Shrink(net, shape, new() { LatencyRuns = 3, LatencyBatchSize = 2, Samples = randn([4, .. shape]) });

        small.Latency!.Runs.Should().Be(3);
        small.Latency.BatchSize.Should().Be(2);
        small.Latency.Before.Should().BePositive();
        small.Latency.After.Should().BePositive();
        small.OwnDifference.Should().BeLessThan(1e-4);
        small.ToString().Should().Contain("Only the channels that are gone make it faster").And.Contain("depth").And.Contain("6 -> 4");
    }

    [Fact]
    public void Fit_FreshNetwork_TakesWhatTheSmallOneSaved()
    {
        string path = Path.GetTempFileName();
        using var net = Net();
        using (var mask = Mask(net)) mask.Bind(net).Dispose();
        Shrinker.Shrink(net, shape, untimed).Dispose();
        net.save(path);
        using var fresh = Net();

        Shrinker.Fit(fresh, net.state_dict());
        fresh.load(path);

        File.Delete(path);
        var input = randn([2, .. shape]);
        net.eval();
        fresh.eval();
        fresh.call(input).eq(net.call(input)).all().ToBoolean().Should().BeTrue();
    }

    [Fact]
    public void Fit_StateOfAnotherNetwork_IsRefusedAndTheModelUntouched()
    {
        using var net = Net();
        using var other = Net(width: 9);
        var before = ModelState.Of(net);

        net.Invoking(n => Shrinker.Fit(n, other.state_dict())).Should().Throw<ArgumentException>().WithMessage("*'a.weight'*");
        net.Invoking(n => Shrinker.Fit(n, new Dictionary<string, Tensor>())).Should().Throw<ArgumentException>();

        ModelState.Of(net).ShouldEqual(before);
    }

    [Fact]
    public void Shrink_WithFactory_LeavesTheModelAndItsBinding()
    {
        using var net = Net();
        using var mask = Mask(net);
        using var binding = mask.Bind(net);
        net.eval();
        var before = ModelState.Of(net);

        using var small = Shrinker.Shrink(net, () => Net(), shape, untimed with { Binding = binding });

        using var model = small.Model;
        ModelState.Of(net).ShouldEqual(before);
        binding.AssertHeld();
        model.Should().NotBeSameAs(net);
        model.training.Should().BeFalse();
        model.parameters().Sum(p => p.numel()).Should().Be(small.Parameters).And.BeLessThan(small.ParametersBefore);
        var input = randn([2, .. shape]);
        model.call(input).allclose(net.call(input), rtol: 1e-4, atol: 1e-5).Should().BeTrue();
    }

    [Fact]
    public void Shrink_FactoryOfAnotherArchitecture_IsRefused()
    {
        using var net = Net();

        net.Invoking(n => Shrinker.Shrink(n, () => Net(width: 8), shape)).Should().Throw<ArgumentException>().WithMessage("*'a.weight'*");
        net.Invoking(n => Shrinker.Shrink(n, () => n, shape)).Should().Throw<ArgumentException>().WithMessage("*model itself*");
    }

    [Fact]
    public void Shrink_AnyOutcome_LeavesNoTensors()
    {
        LiveTensors.LeftBy(() =>
        {
            using var net = Plain();
            Shrinker.Shrink(net, [3], new() { LatencyRuns = 1 }).Dispose();
        }).Should().Be(0);
        LiveTensors.LeftBy(() =>
        {
            using var net = Plain();
            using var small = Shrinker.Shrink(net, Plain, [3], untimed);
            small.Model.Dispose();
        }).Should().Be(0);
        LiveTensors.LeftBy(() =>
        {
            using var net = new GraphNet([("a", Linear(3, 4)), ("b", Linear(4, 2))], (call, x) => call("b", call("a", x) * rand(1)));
            using var forward = NewDisposeScope();
            net.Invoking(n => Shrinker.Shrink(n, [3], untimed)).Should().Throw<ShrinkException>();
        }).Should().Be(0);
    }

    private static Module<Tensor, Tensor> Plain()
    {
        var net = Sequential(("a", Linear(3, 5)), ("bn", BatchNorm1d(5)), ("relu", ReLU()), ("b", Linear(5, 2)));
        net.ZeroInputs("b", 1, 2);
        return net;
    }

    private static GraphNet Net(long width = 6)
    {
        Conv2d a = Conv2d(3, width, 3, padding: 1), depth = Conv2d(width, width, 3, padding: 1, groups: width);
        var gn = Samples.FreshGroupNorm(width, width);
        // TorchSharp 0.107 leaves them as memory had them.
        init.ones_(gn.weight!);
        init.zeros_(gn.bias!);
        return new GraphNet([("a", a), ("bn", BatchNorm2d(width)), ("depth", depth), ("gn", gn), ("b", Conv2d(width, 4, 1)), ("fc", Linear(4, 2))],
            (call, x) => call("fc", call("b", call("gn", call("depth", call("bn", call("a", x)).relu())).relu()).mean([2, 3])));
    }

    /// <summary>All but every fifth weight, and none by which b reads channels 2 and 4.</summary>
    private static PruningMask Mask(Module<Tensor, Tensor> net)
    {
        using var temporaries = NewDisposeScope();
        var masks = new[] { "a.weight", "depth.weight", "b.weight", "fc.weight" }.Select(name =>
        {
            long[] size = net.get_parameter(name)!.shape;
            var kept = arange(size.Aggregate(1L, (x, y) => x * y)).remainder(5).ne(0).reshape(size);
            if (name == "b.weight") foreach (long channel in new long[] { 2, 4 }) kept.narrow(1, channel, 1).fill_(0);
            return KeyValuePair.Create(name, kept);
        });
        return new PruningMask(masks.ToList());
    }

    private static Dictionary<string, string> Bytes(Module<Tensor, Tensor> net) =>
        net.state_dict().ToDictionary(entry => entry.Key, entry => string.Join("x", entry.Value.shape) + Convert.ToBase64String(entry.Value.detach().contiguous().bytes));
}

using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Masking;

/// <summary>The line in the loop: <c>optimizer.step(); binding.Apply(optimizer);</c>.</summary>
public sealed class MaskBindingTrainingTests : IDisposable
{
    private const int Steps = 200;
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose() => scope.Dispose();

    public static TheoryData<string> Optimizers => ["sgd", "momentum", "nesterov", "adam", "amsgrad", "adamw", "groups"];

    [Theory]
    [MemberData(nameof(Optimizers))]
    public void Apply_AfterEveryStep_KeepsWeightsGradientsAndStateAtZero(string kind)
    {
        using var net = new MaskedNet();
        using var mask = net.HalfMask();
        using var binding = mask.Bind(net);
        using var optimizer = Create(kind, net);
        var (input, target) = MaskedNet.Batch();
        var moved = 0;
        for (var step = 0; step < Steps; step++)
        {
            using var temporaries = NewDisposeScope();
            optimizer.zero_grad();
            functional.cross_entropy(net.call(input), target).backward();
            optimizer.step();
            moved += binding.IsHeld ? 0 : 1;
            binding.Apply(optimizer);
            PrunedEntries(net, mask).Should().OnlyContain(value => value == 0, "after step {0}", step);
        }

        moved.Should().BeGreaterThan(Steps / 2, "a test in which nothing moves pruned weights shows nothing");
        binding.AssertHeld();
        foreach (var name in mask.Names)
            Pruned(mask, name, net.get_parameter(name)!.grad!).Should().OnlyContain(value => value == 0);
        var state = StateOf(optimizer, net, mask);
        state.Count.Should().Be((int)(mask.Total - mask.Kept) * StateTensors(kind));
        state.Should().NotContain(value => value != 0);
    }

    /// <summary>Second route: weights <c>θ ⊙ m</c> inside the network, whose pruned entries get no gradient, trained by the same optimizer.</summary>
    [Theory]
    [MemberData(nameof(Optimizers))]
    public void Apply_AfterEveryStep_TrainsKeptWeightsExactlyAsAMaskedParametrisation(string kind)
    {
        // Float64: Adam divides by the size of a gradient, which makes as much of one that is all rounding as of any other.
        using var net = new MaskedNet().to(float64);
        using var twin = new MaskedNet().to(float64);
        twin.load_state_dict(net.state_dict());
        using var mask = net.HalfMask();
        using var binding = mask.Bind(net);
        using var optimizer = Create(kind, net);
        using var twinOptimizer = Create(kind, twin);
        for (var step = 0; step < 20; step++)
        {
            using var temporaries = NewDisposeScope();
            var (input, target) = MaskedNet.Batch(step, float64);
            optimizer.zero_grad();
            functional.cross_entropy(net.call(input), target).backward();
            optimizer.step();
            binding.Apply(optimizer);
            twinOptimizer.zero_grad();
            functional.cross_entropy(MaskedForward(twin, mask, input), target).backward();
            twinOptimizer.step();
        }

        foreach (var name in mask.Names)
        {
            var expected = twin.get_parameter(name)!.detach().mul(mask[name]);
            expected.abs().sum().ToDouble().Should().BeGreaterThan(0);
            net.get_parameter(name)!.detach().allclose(expected, 1e-9, 1e-12).Should().BeTrue(name);
        }
    }

    [Theory]
    [InlineData("momentum")]
    [InlineData("adamw")]
    public void Call_LoopWithoutTheLine_StillComputesWithThePrunedNetwork(string kind)
    {
        using var net = new MaskedNet();
        using var mask = net.HalfMask();
        using var binding = mask.Bind(net);
        using var optimizer = Create(kind, net);
        var (input, target) = MaskedNet.Batch();
        for (var step = 0; step < Steps; step++)
        {
            using var temporaries = NewDisposeScope();
            optimizer.zero_grad();
            var output = net.call(input);
            binding.AssertHeld();
            functional.cross_entropy(output, target).backward();
            optimizer.step();
            binding.IsHeld.Should().BeFalse();
        }

        binding.Apply();
        PrunedEntries(net, mask).Should().OnlyContain(value => value == 0);
    }

    [Fact]
    public void Apply_NetworkThatCallsForwardOnItsLayers_IsHeldByTheLine()
    {
        using var net = new MaskedNet(forwardOnly: true);
        using var mask = net.HalfMask();
        using var binding = mask.Bind(net);
        using var optimizer = Create("momentum", net);
        var (input, target) = MaskedNet.Batch();
        for (var step = 0; step < 5; step++)
        {
            using var temporaries = NewDisposeScope();
            optimizer.zero_grad();
            functional.cross_entropy(net.forward(input), target).backward();
            optimizer.step();
            binding.IsHeld.Should().BeFalse();
            binding.Apply(optimizer);
            binding.AssertHeld();
        }
    }

    [Fact]
    public void Apply_OptimizerBeforeItsFirstStep_ChangesNothing()
    {
        using var net = new MaskedNet();
        using var mask = net.HalfMask();
        using var binding = mask.Bind(net);
        using var optimizer = Create("adam", net);
        var before = MaskBindingTests.Snapshot(net);

        binding.Apply(optimizer);

        MaskBindingTests.Snapshot(net).Should().BeEquivalentTo(before);
    }

    [Fact]
    public void Apply_OptimizerOfOtherParameters_ZeroesTheWeightsAllTheSame()
    {
        using var net = new MaskedNet();
        using var mask = net.HalfMask();
        using var binding = mask.Bind(net);
        using var optimizer = torch.optim.SGD(new List<Parameter> { net.get_parameter("fc.bias")! }, 0.1, momentum: 0.9);
        MaskBindingTests.WriteToPruned(net, mask, "fc.weight", 3f);

        binding.Apply(optimizer);

        binding.AssertHeld();
    }

    [Fact]
    public void ApplyToGradients_BeforeClipping_MakesTheNormThatOfThePrunedNetwork()
    {
        using var net = new MaskedNet().to(float64);
        using var mask = net.HalfMask();
        using var binding = mask.Bind(net);
        var (input, target) = MaskedNet.Batch(dtype: float64);
        functional.cross_entropy(net.call(input), target).backward();
        var unmasked = Norm(net);
        var expected = Math.Sqrt(net.named_parameters().Sum(p =>
        {
            var gradient = p.parameter.grad!;
            return Math.Pow((mask.Contains(p.name) ? gradient.mul(mask[p.name]) : gradient).norm().ToDouble(), 2);
        }));

        binding.ApplyToGradients();

        Norm(net).Should().BeApproximately(expected, 1e-12 * expected).And.BeLessThan(unmasked * 0.99);
    }

    private static int StateTensors(string kind) => kind switch { "sgd" => 0, "adam" or "adamw" => 2, "amsgrad" => 3, _ => 1 };

    private static double Norm(Module net) => torch.nn.utils.clip_grad_norm_(net.parameters().ToList(), 1e9);

    private static torch.optim.Optimizer Create(string kind, Module net)
    {
        var parameters = net.parameters().ToList();
        return kind switch
        {
            "sgd" => torch.optim.SGD(parameters, 0.05, weight_decay: 0.01),
            "momentum" => torch.optim.SGD(parameters, 0.05, momentum: 0.9, weight_decay: 0.01),
            "nesterov" => torch.optim.SGD(parameters, 0.05, momentum: 0.9, weight_decay: 0.01, nesterov: true),
            "adam" => torch.optim.Adam(parameters, 0.01, weight_decay: 0.01),
            "amsgrad" => torch.optim.Adam(parameters, 0.01, weight_decay: 0.01, amsgrad: true),
            "adamw" => torch.optim.AdamW(parameters, 0.01, weight_decay: 0.01),
            "groups" => torch.optim.SGD( // in another order than the model's, and only some with momentum
                new List<SGD.ParamGroup>
                {
                    new(parameters.Skip(3).ToList(), 0.05, momentum: 0.9, weight_decay: 0.01),
                    new(parameters.Take(3).ToList(), 0.02, momentum: 0.5),
                },
                0.05),
            _ => throw new ArgumentOutOfRangeException(nameof(kind)),
        };
    }

    private static Tensor MaskedForward(MaskedNet net, PruningMask mask, Tensor input)
    {
        Tensor W(string name) => net.get_parameter(name)!.mul(mask[name]);
        var norm = (BatchNorm2d)net.named_modules().Single(m => m.name == "body.norm").module;
        var x = functional.conv2d(input, W("conv.weight"), padding: [1, 1]);
        x = functional.avg_pool2d(functional.relu(norm.call(x)), 2);
        x = functional.conv2d(x, W("body.conv.weight"), net.get_parameter("body.conv.bias"), padding: [1, 1]);
        return functional.linear(functional.relu(x).flatten(1), W("fc.weight"), net.get_parameter("fc.bias"));
    }

    private static IEnumerable<float> PrunedEntries(Module net, PruningMask mask) =>
        mask.Names.SelectMany(name => Pruned(mask, name, net.get_parameter(name)!));

    private static float[] Pruned(PruningMask mask, string name, Tensor tensor) =>
        tensor.detach().masked_select(mask[name].logical_not()).data<float>().ToArray();

    private static List<float> StateOf(torch.optim.Optimizer optimizer, MaskedNet net, PruningMask mask)
    {
        var helper = (OptimizerHelper)optimizer;
        var parameters = helper.parameters().ToList();
        var values = new List<float>();
        foreach (var name in mask.Names)
        {
            var state = helper.state_dict().State[parameters.FindIndex(p => ReferenceEquals(p, net.get_parameter(name)))];
            Tensor?[] tensors = state switch
            {
                SGD.State sgd => [sgd.momentum_buffer],
                Adam.State adam => [adam.exp_avg, adam.exp_avg_sq, adam.max_exp_avg_sq],
                AdamW.State adamW => [adamW.exp_avg, adamW.exp_avg_sq, adamW.max_exp_avg_sq],
                _ => throw new InvalidOperationException(state.GetType().Name),
            };
            values.AddRange(tensors.Where(t => t is not null).SelectMany(t => Pruned(mask, name, t!)));
            foreach (var t in tensors.Where(t => t is not null))
                t!.abs().sum().ToSingle().Should().BeGreaterThan(0, "the state of kept weights stays");
        }

        return values;
    }
}

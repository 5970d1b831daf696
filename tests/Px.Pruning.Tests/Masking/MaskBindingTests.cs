using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Masking;

public sealed class MaskBindingTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose() => scope.Dispose();

    [Fact]
    public void Bind_AnyWeights_ZeroesPrunedToPlusZeroAndLeavesKeptBitIdentical()
    {
        using var net = new MaskedNet();
        using var mask = net.HalfMask();
        using (no_grad())
            net.get_parameter("conv.weight")!.neg_(); // a product with the mask would leave -0
        var before = Snapshot(net);

        using var binding = mask.Bind(net);

        foreach (var (name, parameter) in net.named_parameters())
        {
            var kept = mask.Contains(name) ? mask[name].bytes.ToArray() : Enumerable.Repeat((byte)1, (int)parameter.numel()).ToArray();
            var bits = Bits(parameter);
            for (var i = 0; i < bits.Length; i++)
                bits[i].Should().Be(kept[i] == 1 ? before[name][i] : 0, "{0}[{1}]", name, i);
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(-1f)]
    public void Apply_BrokenWeight_IsZeroedAndOnlyThat(float value)
    {
        using var net = new MaskedNet();
        using var mask = net.HalfMask();
        using var binding = mask.Bind(net);
        var before = Snapshot(net);
        WriteToPruned(net, mask, "fc.weight", value);
        binding.IsHeld.Should().BeFalse();

        binding.Apply();

        binding.IsHeld.Should().BeTrue();
        Snapshot(net).Should().BeEquivalentTo(before);
    }

    [Fact]
    public void AssertHeld_BrokenWeights_NamesParametersAndCounts()
    {
        using var net = new MaskedNet();
        using var mask = net.HalfMask();
        using var binding = mask.Bind(net);
        binding.AssertHeld();
        WriteToPruned(net, mask, "conv.weight", 1f);
        WriteToPruned(net, mask, "fc.weight", float.NaN);

        binding.Invoking(b => b.AssertHeld()).Should().Throw<InvalidOperationException>()
            .WithMessage("*1 in 'conv.weight'*1 in 'fc.weight'*Apply(optimizer)*");
    }

    [Fact]
    public void Bind_WrongMask_ListsEveryMismatchAndLeavesModelUntouched()
    {
        using var net = new MaskedNet();
        using var mask = new PruningMask(new Dictionary<string, Tensor>
        {
            ["conv.weight"] = zeros(16, 2, 3, 3),
            ["fc.weight"] = zeros(144, 3),
            ["module.fc.weight"] = zeros(3, 144),
            ["head.weight"] = zeros(1),
        });
        var before = Snapshot(net);

        mask.Invoking(m => m.Bind(net)).Should().Throw<ArgumentException>().WithParameterName("model")
            .WithMessage("*lacks: 'module.fc.weight' [3, 144], 'head.weight' [1]*" +
                         "'fc.weight' (mask [144, 3], model [3, 144])*Without a mask*'body.conv.weight' [16, 16, 3, 3]*");
        Snapshot(net).Should().BeEquivalentTo(before);
    }

    [Fact]
    public void Dispose_AfterUse_LeavesPlainModel()
    {
        using var net = new MaskedNet();
        using var mask = net.HalfMask();
        var binding = mask.Bind(net);
        binding.Dispose();
        var after = Snapshot(net);
        WriteToPruned(net, mask, "fc.weight", 1f);
        var broken = Snapshot(net);

        net.call(MaskedNet.Batch().Input);

        broken["fc.weight"].Should().NotEqual(after["fc.weight"]);
        Snapshot(net)["fc.weight"].Should().Equal(broken["fc.weight"], "no hook is left that zeroes anything");
        binding.Invoking(b => b.Dispose()).Should().NotThrow();
        binding.Invoking(b => b.Apply()).Should().Throw<ObjectDisposedException>();
        binding.Invoking(b => b.AssertHeld()).Should().Throw<ObjectDisposedException>();
    }

    [Fact]
    public void Bind_MaskDisposedAfterwards_StillHolds()
    {
        using var net = new MaskedNet();
        var mask = net.HalfMask();
        using var binding = mask.Bind(net);
        mask.Dispose();

        binding.Apply();

        binding.IsHeld.Should().BeTrue();
        binding.Names.Should().Equal("conv.weight", "body.conv.weight", "fc.weight");
    }

    [Fact]
    public void Dispose_ModelDisposedBefore_IsHarmless()
    {
        var net = new MaskedNet();
        using var mask = net.HalfMask();
        var binding = mask.Bind(net);
        net.Dispose();

        binding.Invoking(b => b.Dispose()).Should().NotThrow();
    }

    [Fact]
    public void Bind_SecondMask_HoldsTheIntersection()
    {
        using var net = new MaskedNet();
        using var first = net.HalfMask(1);
        using var second = net.HalfMask(2);
        using var both = first.Intersect(second);
        using var a = first.Bind(net);
        using var b = second.Bind(net);
        using (no_grad())
            net.get_parameter("fc.weight")!.fill_(1);

        net.call(MaskedNet.Batch().Input);

        using var expected = both["fc.weight"].to(ScalarType.Float32);
        Snapshot(net)["fc.weight"].Should().Equal(Bits(expected));
    }

    [Fact]
    public void Bind_MaskThatKeepsEverything_WritesNothing()
    {
        using var net = new MaskedNet();
        using var mask = MaskedNet.RandomMask(net, 2, seed: 1);
        var before = Snapshot(net);

        using var binding = mask.Bind(net);
        net.call(MaskedNet.Batch().Input);

        binding.IsHeld.Should().BeTrue();
        Snapshot(net).Should().BeEquivalentTo(before);
    }

    [Theory]
    [InlineData(ScalarType.Float64)]
    [InlineData(ScalarType.BFloat16)]
    public void Apply_ModelMovedToAnotherType_FollowsItsNewParameters(ScalarType type)
    {
        using var net = new MaskedNet();
        using var mask = net.HalfMask();
        using var binding = mask.Bind(net);
        var old = net.get_parameter("fc.weight")!;
        net.to(type);
        old.IsInvalid.Should().BeTrue("the test is about parameters that were replaced");
        WriteToPruned(net, mask, "fc.weight", 1f);
        binding.IsHeld.Should().BeFalse();

        net.call(MaskedNet.Batch().Input.to(type));

        binding.AssertHeld();
        net.get_parameter("fc.weight")!.dtype.Should().Be(type);
    }

    [Fact]
    public void Bind_TrainAndRemove_LeavesNoTensorBehind()
    {
        using var net = new MaskedNet();
        using var mask = net.HalfMask();
        var (input, target) = MaskedNet.Batch();
        var left = LiveTensors.LeftBy(() =>
        {
            using var optimizer = torch.optim.SGD(net.parameters().ToList(), 0.1, momentum: 0.9);
            using var binding = mask.Bind(net);
            for (var step = 0; step < 3; step++)
            {
                using var temporaries = NewDisposeScope();
                optimizer.zero_grad();
                functional.cross_entropy(net.call(input), target).backward();
                binding.ApplyToGradients();
                optimizer.step();
                binding.Apply(optimizer);
                binding.AssertHeld();
            }

            // The optimizer's own buffers die with it; what the binding made must be gone with the binding.
        });

        left.Should().Be(0);
    }

    [Fact]
    public void Apply_OutsideOfAnyScope_LeavesNoTensorBehind()
    {
        using var net = new MaskedNet();
        using var mask = net.HalfMask();
        using var binding = mask.Bind(net);

        LiveTensors.LeftBy(() =>
        {
            WriteToPruned(net, mask, "fc.weight", 2f);
            binding.Apply();
            _ = binding.IsHeld;
        }).Should().Be(0);
    }

    [Fact]
    public void Apply_LoadedDenseWeights_PrunesThemAgain()
    {
        using var net = new MaskedNet();
        using var dense = new MaskedNet();
        using var mask = net.HalfMask();
        using var binding = mask.Bind(net);

        net.load_state_dict(dense.state_dict());
        binding.IsHeld.Should().BeFalse();
        net.call(MaskedNet.Batch().Input);

        binding.AssertHeld();
    }

    /// <summary>Writes one pruned weight, the first of its parameter.</summary>
    internal static void WriteToPruned(Module model, PruningMask mask, string name, float value)
    {
        using var ungraded = no_grad();
        var weight = model.get_parameter(name)!;
        using var flat = weight.view(-1);
        using var entry = flat.narrow(0, mask[name].bytes.IndexOf((byte)0), 1);
        entry.fill_(value);
    }

    internal static Dictionary<string, int[]> Snapshot(Module model) =>
        model.named_parameters().ToDictionary(p => p.name, p => Bits(p.parameter));

    private static int[] Bits(Tensor tensor) =>
        tensor.detach().cpu().data<float>().ToArray().Select(BitConverter.SingleToInt32Bits).ToArray();
}

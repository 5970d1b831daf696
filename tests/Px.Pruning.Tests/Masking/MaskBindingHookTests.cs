using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Masking;

/// <summary>What holds without a line in the loop, and that it disturbs nothing.</summary>
public sealed class MaskBindingHookTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();
    private readonly MaskedNet net = new();
    private readonly PruningMask mask;
    private readonly MaskBinding binding;
    private readonly Tensor input = MaskedNet.Batch().Input;

    public MaskBindingHookTests()
    {
        mask = net.HalfMask();
        binding = mask.Bind(net);
    }

    public void Dispose()
    {
        binding.Dispose();
        mask.Dispose();
        net.Dispose();
        scope.Dispose();
    }

    [Fact]
    public void Call_BrokenWeight_IsZeroedBeforeItIsUsed()
    {
        net.eval();
        var expected = net.call(input);
        Break("body.conv.weight");

        var output = net.call(input);

        output.allclose(expected, 0, 0).Should().BeTrue();
        binding.AssertHeld();
    }

    [Fact]
    public void Forward_OfTheModel_IsHeldByItsLayersHooks()
    {
        net.eval();
        var expected = net.call(input);
        foreach (var name in mask.Names)
            Break(name);

        var output = net.forward(input);

        output.allclose(expected, 0, 0).Should().BeTrue();
        binding.AssertHeld();
    }

    [Fact]
    public void Forward_AfterACallThatThrew_IsHeldToo()
    {
        net.Invoking(n => n.call(zeros(1, 5, 6, 6))).Should().Throw<Exception>("the first layer takes two channels");
        foreach (var name in mask.Names)
            Break(name);

        net.forward(input);

        binding.AssertHeld();
    }

    [Fact]
    public void Call_OfALaterLayerAfterACallOfTheModelThatThrew_IsHeldToo()
    {
        net.Invoking(n => n.call(zeros(1, 5, 6, 6))).Should().Throw<Exception>("the first layer takes two channels");
        Break("fc.weight");

        ((Linear)net.named_children().Single(child => child.name == "fc").module).call(zeros(1, 144));

        var pruned = mask["fc.weight"].logical_not();
        net.get_parameter("fc.weight")!.ne(0).logical_and_(pruned).any().ToBoolean().Should().BeFalse();
    }

    [Fact]
    public void Call_TwiceBeforeOneBackward_Works()
    {
        var loss = net.call(input).sum() + net.call(input).sum();
        loss.Invoking(l => l.backward()).Should().NotThrow();

        var late = net.call(input).sum();
        Break("fc.weight");
        net.call(input);
        late.Invoking(l => l.backward()).Should().Throw<Exception>("writing between the passes is what must not happen without need");
    }

    [Fact]
    public void Call_HeldWeights_ChangesNoBitOfTheModel()
    {
        net.eval();
        var before = MaskBindingTests.Snapshot(net);

        net.call(input);
        net.forward(input);

        MaskBindingTests.Snapshot(net).Should().BeEquivalentTo(before);
    }

    [Fact]
    public void Call_UnderNoGradOrInferenceMode_Holds()
    {
        Break("fc.weight");
        using (no_grad())
            net.call(input);
        binding.AssertHeld();

        Break("fc.weight");
        using (inference_mode())
            net.call(input);
        binding.AssertHeld();

        net.call(input).sum().backward();
        net.get_parameter("fc.weight")!.grad.Should().NotBeNull("training still works afterwards");
    }

    [Fact]
    public void Call_GradientsOfKeptWeights_AreThoseOfAPlainModel()
    {
        using var plain = new MaskedNet();
        plain.load_state_dict(net.state_dict());

        net.call(input).sum().backward();
        plain.call(input).sum().backward();

        foreach (var (name, parameter) in plain.named_parameters())
            net.get_parameter(name)!.grad!.allclose(parameter.grad!, 0, 0).Should().BeTrue(name);
    }

    [Fact]
    public void Call_SeveralThreads_IsSafe()
    {
        net.eval();
        float expected;
        using (no_grad())
            expected = net.call(input).sum().ToSingle();

        Parallel.For(0, 32, new ParallelOptions { MaxDegreeOfParallelism = 4 }, _ =>
        {
            using var temporaries = NewDisposeScope();
            using var ungraded = no_grad();
            net.call(input).sum().ToSingle().Should().Be(expected);
            net.forward(input).sum().ToSingle().Should().Be(expected);
        });
    }

    [Fact]
    public void Call_LayerAddedToAnUnrelatedModel_HoldsThereToo()
    {
        using var outer = Sequential(("inner", net));
        Break("conv.weight");

        outer.call(input);

        binding.AssertHeld();
    }

    private void Break(string name) => MaskBindingTests.WriteToPruned(net, mask, name, 5f);
}

using System.Runtime.InteropServices;

using static TorchSharp.torch;

namespace TorchSharp.Subset.Tests.Autograd;

public sealed class GradModeTests : IDisposable
{
    private readonly DisposeScope temporaries = NewDisposeScope();
    private readonly Tensor x = ones(2, requires_grad: true);

    public void Dispose() => temporaries.Dispose();

    [Fact]
    public void NoGrad_UntilDisposed_RecordsNothing()
    {
        is_grad_enabled().Should().BeTrue();
        using (no_grad())
        {
            is_grad_enabled().Should().BeFalse();
            (x * 2).requires_grad.Should().BeFalse();
            using (enable_grad()) (x * 2).requires_grad.Should().BeTrue();
            is_grad_enabled().Should().BeFalse();
        }
        is_grad_enabled().Should().BeTrue();
        using (set_grad_enabled(false)) is_grad_enabled().Should().BeFalse();
        (x * 2).requires_grad.Should().BeTrue();
        (x * 2).is_leaf.Should().BeFalse();
    }

    [Fact]
    public void InferenceMode_UntilDisposed_IsOn()
    {
        using (inference_mode())
        {
            is_inference_mode_enabled().Should().BeTrue();
            is_grad_enabled().Should().BeFalse();
        }
        is_inference_mode_enabled().Should().BeFalse();
        is_grad_enabled().Should().BeTrue();
    }

    [Fact]
    public void Modes_OfAnotherThread_AreItsOwn()
    {
        using var mode = no_grad();
        var enabledThere = false;
        var thread = new Thread(() => enabledThere = is_grad_enabled());
        thread.Start();
        thread.Join();
        enabledThere.Should().BeTrue();
    }

    [Fact]
    public void WritesToALeaf_OutsideNoGrad_Throw()
    {
        ((Action)(() => x.mul_(2))).Should().Throw<ExternalException>().WithMessage("a leaf Variable that requires grad*");
        using (no_grad()) x.mul_(2);
        x.detach().add_(1);
        x.data<float>().ToArray().Should().Equal(3, 3);
        x.requires_grad.Should().BeTrue();
    }

    [Fact]
    public void WritesThroughDetach_BeforeBackward_AreNoticed()
    {
        var loss = (x * x).sum();
        x.detach().add_(1);
        ((Action)loss.backward).Should().Throw<ExternalException>().WithMessage("*modified by an inplace operation*");
    }

    [Fact]
    public void Set_UnderNoGrad_ReplacesTheValuesOfTheSameLeaf()
    {
        using (no_grad()) x.set_(arange(3.0));
        x.shape.Should().Equal(3);
        x.is_leaf.Should().BeTrue();
        x.requires_grad.Should().BeTrue();
    }

    [Fact]
    public void RequiresGrad_OfIntegers_Throws()
    {
        var counts = ones(2, dtype: int64);
        ((Action)(() => counts.requires_grad = true)).Should().Throw<ExternalException>();
        ones(2).requires_grad_().requires_grad.Should().BeTrue();
        x.requires_grad_(false).Should().BeSameAs(x);
        x.requires_grad.Should().BeFalse();
    }

    [Fact]
    public void Detach_OfAnIntermediate_SharesItsMemory()
    {
        var y = x * 2;
        var free = y.detach();
        free.requires_grad.Should().BeFalse();
        free.fill_(9);
        y.data<float>().ToArray().Should().Equal(9, 9);
        y.detach_().Should().BeSameAs(y);
        y.requires_grad.Should().BeFalse();
    }
}

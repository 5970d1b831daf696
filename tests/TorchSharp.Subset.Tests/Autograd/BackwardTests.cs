using System.Runtime.InteropServices;

using static TorchSharp.torch;

namespace TorchSharp.Subset.Tests.Autograd;

public sealed class BackwardTests : IDisposable
{
    private readonly DisposeScope temporaries = NewDisposeScope();
    private readonly Tensor x = tensor(new[] { 1.0, 2.0, 3.0 }, requires_grad: true);

    public void Dispose() => temporaries.Dispose();

    [Fact]
    public void Backward_Twice_Accumulates()
    {
        x.grad.Should().BeNull();
        (x * x).sum().backward();
        (x * x).sum().backward();
        x.grad!.data<double>().ToArray().Should().Equal(4, 8, 12);
        x.grad = null;
        x.grad.Should().BeNull();
    }

    [Fact]
    public void Grad_ReadTwice_IsTwoObjectsOnOneGradient()
    {
        x.sum().backward();
        var first = x.grad!;
        first.Should().NotBeSameAs(x.grad);
        first.mul_(5);
        x.grad!.data<double>().ToArray().Should().Equal(5, 5, 5);
    }

    [Fact]
    public void Grad_SetToAnotherShape_IsTaken()
    {
        x.grad = ones(7);
        x.grad!.shape.Should().Equal(7);
    }

    [Fact]
    public void Backward_OfAFreedGraph_Throws()
    {
        var loss = (x * x).sum();
        loss.backward();
        ((Action)loss.backward).Should().Throw<ExternalException>().WithMessage("*second time*");
    }

    [Fact]
    public void Backward_WithTheGraphRetained_CanBeRepeated()
    {
        var loss = (x * x).sum();
        loss.backward(retain_graph: true);
        loss.backward();
        x.grad!.data<double>().ToArray().Should().Equal(4, 8, 12);
    }

    [Fact]
    public void Backward_OfAVectorWithAGradient_IsTheirProduct()
    {
        (x * x).backward(new List<Tensor> { tensor(new[] { 1.0, 0.0, -1.0 }) });
        x.grad!.data<double>().ToArray().Should().Equal(2, 0, -6);
        ((Action)(() => (x * x).backward())).Should().Throw<ExternalException>();
    }

    [Fact]
    public void Backward_WithInputs_LeavesTheOthersAlone()
    {
        var y = tensor(2.0, requires_grad: true);
        autograd.backward(new List<Tensor> { (x * y).sum() }, inputs: new List<Tensor> { y });
        y.grad!.ToDouble().Should().Be(6);
        x.grad.Should().BeNull();
    }

    [Fact]
    public void Backward_WithCreateGraph_GivesSecondDerivatives()
    {
        var cube = x.pow(3).sum();
        autograd.backward(new List<Tensor> { cube }, null, retain_graph: true, create_graph: true, new List<Tensor> { x });
        var first = x.grad!; // 3x²
        first.requires_grad.Should().BeTrue();
        x.grad = null;
        first.sum().backward();
        x.grad!.data<double>().ToArray().Should().Equal(6, 12, 18); // 6x
        x.grad = null;
    }

    [Fact]
    public void Grad_OfAFunction_IsItsGradient()
    {
        var found = autograd.grad(new List<Tensor> { (x * x).sum() }, new List<Tensor> { x });
        found.Should().ContainSingle().Which.data<double>().ToArray().Should().Equal(2, 4, 6);
        x.grad.Should().BeNull();
    }

    [Fact]
    public void Grad_OfAnUnusedInputAllowed_IsInvalid()
    {
        var unused = ones(1, requires_grad: true);
        var found = autograd.grad(new List<Tensor> { x.sum() }, new List<Tensor> { x, unused }, allow_unused: true);
        found[0].IsInvalid.Should().BeFalse();
        found[1].IsInvalid.Should().BeTrue();
    }

    [SubsetFact]
    public void Grad_OfAnUnusedInput_ThrowsWhereTheRealOneAborts()
    {
        var unused = ones(1, requires_grad: true);
        ((Action)(() => autograd.grad(new List<Tensor> { x.sum() }, new List<Tensor> { unused }))).Should().Throw<ExternalException>();
        ((Action)(() => autograd.grad(new List<Tensor> { x.sum() }, new List<Tensor> { ones(1) }))).Should().Throw<ExternalException>();
    }

    [Fact]
    public void RetainGrad_OnAnIntermediate_KeepsItsGradient()
    {
        var y = x * 2;
        y.retain_grad();
        y.sum().backward();
        y.grad!.data<double>().ToArray().Should().Equal(1, 1, 1);
    }
}

using System.Runtime.InteropServices;

using static TorchSharp.torch;

namespace TorchSharp.Subset.Tests.Tensors;

public sealed class ShapeTests : IDisposable
{
    private readonly DisposeScope temporaries = NewDisposeScope();
    private readonly Tensor x = arange(6).reshape(2, 3);

    public void Dispose() => temporaries.Dispose();

    [Fact]
    public void Properties_OfATransposedTensor_AreItsOwn()
    {
        var t = x.t();
        t.shape.Should().Equal(3, 2);
        t.size().Should().Equal(3, 2);
        t.size(0).Should().Be(3);
        t.size(-1).Should().Be(2);
        t.stride().Should().Equal(1, 3);
        t.stride(-1).Should().Be(3);
        t.is_contiguous().Should().BeFalse();
        t.contiguous().is_contiguous().Should().BeTrue();
        (t.dim(), t.ndim, t.Dimensions, t.numel(), t.NumberOfElements).Should().Be((2, 2, 2, 6, 6));
        x[1].storage_offset().Should().Be(3);
        t.element_size().Should().Be(8);
    }

    [Fact]
    public void Size_OfADimensionThatIsNotThere_ThrowsLibtorchsMessage() =>
        ((Action)(() => ones(2).size(5))).Should().Throw<ExternalException>().WithMessage("Dimension out of range (expected to be in range of [-1, 0], but got 5)*");

    [Fact]
    public void Views_Written_WriteToTheirSource()
    {
        x.view(6)[0] = tensor(10L);
        x.flatten()[1] = tensor(11L);
        x.t()[2, 0] = tensor(12L);
        x.detach().narrow(0, 1, 1).fill_(13);
        x.data<long>().ToArray().Should().Equal(10, 11, 12, 13, 13, 13);
    }

    [Fact]
    public void View_OfAnotherSize_Throws() =>
        ((Action)(() => x.view(4))).Should().Throw<ExternalException>().WithMessage("shape '[4]' is invalid for input of size 6*");

    [Fact]
    public void Shapes_OfEveryRearrangement_AreRight()
    {
        x.reshape(3, -1).shape.Should().Equal(3, 2);
        x.unsqueeze(1).shape.Should().Equal(2, 1, 3);
        x.unsqueeze(0).unsqueeze(-1).squeeze().shape.Should().Equal(2, 3);
        x.unsqueeze(0).squeeze(0).shape.Should().Equal(2, 3);
        x.transpose(0, 1).shape.Should().Equal(3, 2);
        x.unsqueeze(0).permute(2, 0, 1).shape.Should().Equal(3, 1, 2);
        x.unsqueeze(0).expand(4, 2, 3).shape.Should().Equal(4, 2, 3);
        ones(1, 3).expand_as(x).shape.Should().Equal(2, 3);
        x.repeat(2, 2).shape.Should().Equal(4, 6);
        ones(2, 3, 4).flatten(1).shape.Should().Equal(2, 12);
        x.view_as(ones(6)).shape.Should().Equal(6);
        ones(6).unflatten(0, 2, 3).shape.Should().Equal(2, 3);
    }

    [Fact]
    public void Rearrangements_OfValues_AreRight()
    {
        x.flip(1).data<long>().ToArray().Should().Equal(2, 1, 0, 5, 4, 3);
        x.roll(1, 1).data<long>().ToArray().Should().Equal(2, 0, 1, 5, 3, 4);
        x.diagonal().data<long>().ToArray().Should().Equal(0, 4);
        x.triu().data<long>().ToArray().Should().Equal(0, 1, 2, 0, 4, 5);
        x.repeat_interleave(2, dim: 0).shape.Should().Equal(4, 3);
    }

    [Fact]
    public void Parts_OfATensor_CoverIt()
    {
        x.unbind().Should().HaveCount(2);
        x.unbind(1)[2].data<long>().ToArray().Should().Equal(2, 5);
        arange(5).chunk(2).Select(part => part.shape[0]).Should().Equal(3, 2);
        arange(5).split(2).Select(part => part.shape[0]).Should().Equal(2, 2, 1);
        arange(5).split(new long[] { 1, 4 }).Select(part => part.shape[0]).Should().Equal(1, 4);
    }
}

using System.Runtime.InteropServices;

using static TorchSharp.torch;

namespace TorchSharp.Subset.Tests.Tensors;

public sealed class IndexingTests : IDisposable
{
    private readonly DisposeScope temporaries = NewDisposeScope();
    private readonly Tensor line = arange(6);
    private readonly Tensor grid = arange(6).reshape(2, 3);

    public void Dispose() => temporaries.Dispose();

    [Fact]
    public void Index_ByNumbers_Selects()
    {
        line[-1].item<long>().Should().Be(5);
        grid[1].shape.Should().Equal(3);
        grid[1, 2].item<long>().Should().Be(5);
        grid[1, -1].item<long>().Should().Be(5);
        ones(2, 3, 4)[1, 2, 3].shape.Should().BeEmpty();
        ((Action)(() => _ = line[6])).Should().Throw<ExternalException>().WithMessage("*index 6*");
    }

    [Fact]
    public void Index_ByRanges_Slices()
    {
        line[1..3].data<long>().ToArray().Should().Equal(1, 2);
        line[^2..].data<long>().ToArray().Should().Equal(4, 5);
        line[^2].item<long>().Should().Be(4);
        line[TensorIndex.Slice(1, null, 2)].data<long>().ToArray().Should().Equal(1, 3, 5);
        line[TensorIndex.Slice(-3, -1)].data<long>().ToArray().Should().Equal(3, 4);
        grid[TensorIndex.Colon, 1].data<long>().ToArray().Should().Equal(1, 4);
        ((Action)(() => _ = line[TensorIndex.Slice(null, null, -1)])).Should().Throw<ExternalException>();
    }

    [Fact]
    public void Index_ByEllipsisAndNull_KeepsAndAddsDimensions()
    {
        var cube = ones(2, 3, 4);
        cube[TensorIndex.Ellipsis, 0].shape.Should().Equal(2, 3);
        cube[0, TensorIndex.Ellipsis, TensorIndex.Slice(1)].shape.Should().Equal(3, 3);
        cube[TensorIndex.Null].shape.Should().Equal(1, 2, 3, 4);
        cube[TensorIndex.Bool(true)].shape.Should().Equal(1, 2, 3, 4);
    }

    [Fact]
    public void Index_ByTensors_Gathers()
    {
        line[line > 3].data<long>().ToArray().Should().Equal(4, 5);
        line[tensor(new long[] { 5, 0 })].data<long>().ToArray().Should().Equal(5, 0);
        grid[tensor(new long[] { 0, 1 }), tensor(new long[] { 2, 0 })].data<long>().ToArray().Should().Equal(2, 3);
        grid[TensorIndex.Colon, TensorIndex.Tensor(tensor(new long[] { 2, 0 }))].data<long>().ToArray().Should().Equal(2, 0, 5, 3);
        grid[grid > 2].shape.Should().Equal(3);
        ones(2, 3, 4)[TensorIndex.Tensor(ones(2, 3, dtype: @bool)), 0].shape.Should().Equal(6);
        grid.index(tensor(new long[] { 1 })).shape.Should().Equal(1, 3);
    }

    [Fact]
    public void Index_OfAView_SharesItsMemory()
    {
        line[1..3].fill_(9);
        grid[0].fill_(7);
        line.data<long>().ToArray().Should().Equal(0, 9, 9, 3, 4, 5);
        grid.data<long>().ToArray().Should().Equal(7, 7, 7, 3, 4, 5);
    }

    [Fact]
    public void Index_Assigned_Writes()
    {
        line[0] = tensor(10L);
        line[TensorIndex.Slice(1, 3)] = tensor(11L);
        line[tensor(new long[] { 3 })] = tensor(12L);
        line[line == 5] = tensor(13L);
        line.data<long>().ToArray().Should().Equal(10, 11, 11, 12, 4, 13);
        grid[1, 2] = tensor(20L);
        grid[TensorIndex.Colon, 0] = tensor(new long[] { 21, 22 });
        grid.data<long>().ToArray().Should().Equal(21, 1, 2, 22, 4, 20);
    }

    [Fact]
    public void IndexPut_Accumulating_AddsAtRepeatedPlaces()
    {
        var counts = zeros(3);
        counts.index_put_(ones(4), new Tensor[] { tensor(new long[] { 0, 2, 2, 2 }) }, accumulate: true).Should().BeSameAs(counts);
        counts.data<float>().ToArray().Should().Equal(1, 0, 3);
        counts.index_put_((Scalar)5, TensorIndex.Slice(0, 2));
        counts.data<float>().ToArray().Should().Equal(5, 5, 3);
    }

    [Fact]
    public void Selections_ByIndexAndMask_AreRight()
    {
        var places = tensor(new long[] { 2, 0 });
        grid.index_select(1, places).data<long>().ToArray().Should().Equal(2, 0, 5, 3);
        grid.gather(1, tensor(new long[] { 2, 0 }, new long[] { 2, 1 })).data<long>().ToArray().Should().Equal(2, 3);
        zeros(3).scatter_(0, places, tensor(new float[] { 5, 6 })).data<float>().ToArray().Should().Equal(6, 0, 5);
        zeros(2).scatter_add_(0, tensor(new long[] { 1, 1, 0 }), ones(3)).data<float>().ToArray().Should().Equal(1, 2);
        line.masked_select(line > 3).data<long>().ToArray().Should().Equal(4, 5);
        line.masked_fill(line > 3, 0).data<long>().ToArray().Should().Equal(0, 1, 2, 3, 0, 0);
        torch.where(line > 3, line, zeros_like(line)).data<long>().ToArray().Should().Equal(0, 0, 0, 0, 4, 5);
        line.nonzero().shape.Should().Equal(5, 1);
        line.take(places).data<long>().ToArray().Should().Equal(2, 0);
        zeros(3).index_add_(0, tensor(new long[] { 1 }), ones(1), 2).data<float>().ToArray().Should().Equal(0, 2, 0);
        line.index_copy_(0, places, tensor(new long[] { 8, 9 })).data<long>().ToArray().Should().Equal(9, 1, 8, 3, 4, 5);
    }
}

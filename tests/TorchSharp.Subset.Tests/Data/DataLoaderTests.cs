using TorchSharp.Modules;
using TorchSharp.Subset.Tests.Modules;
using TorchSharp.Utils;

using static TorchSharp.torch;

namespace TorchSharp.Subset.Tests.Data;

public class DataLoaderTests
{
    private static TensorDataset Five => utils.data.TensorDataset(arange(5), ones(5, 2));

    [Fact]
    public void Enumeration_InOrder_StacksTheItems()
    {
        using var loader = utils.data.DataLoader(Five, 2);
        var batches = new List<(long[] Values, long[] Shape)>();

        foreach (var batch in loader) batches.Add((batch[0].Longs(), batch[1].shape));

        batches.Select(batch => batch.Values).Should().BeEquivalentTo([[0, 1], [2, 3], new long[] { 4 }], options => options.WithStrictOrdering());
        batches.Select(batch => batch.Shape).Should().BeEquivalentTo([[2, 2], [2, 2], new long[] { 1, 2 }], options => options.WithStrictOrdering());
        (loader.Count, loader.batch_size, loader.drop_last, loader.num_workers).Should().Be((3, 2, false, 1));
    }

    [Fact]
    public void DropLast_IncompleteBatch_IsLeftOut()
    {
        using var loader = utils.data.DataLoader(Five, 2, drop_last: true);

        loader.Count.Should().Be(2);
        loader.Select(batch => batch[0].Longs().Length).Should().Equal(2, 2);
    }

    [Fact]
    public void MoveNext_NextBatch_DisposesThePreviousOne()
    {
        using var scope = NewDisposeScope();
        using var loader = utils.data.DataLoader(Five, 2);
        var inScope = scope.DisposablesCount;
        using var batches = loader.GetEnumerator();

        batches.MoveNext();
        var first = batches.Current[0];
        first.IsInvalid.Should().BeFalse();
        scope.DisposablesCount.Should().Be(inScope);
        batches.MoveNext();
        first.IsInvalid.Should().BeTrue();
    }

    [Fact]
    public void DisposeBatch_False_LeavesBatchesToTheCaller()
    {
        using var loader = utils.data.DataLoader(Five, 2, disposeBatch: false);

        var batches = loader.ToList();

        batches.SelectMany(batch => batch).Should().OnlyContain(tensor => !tensor.IsInvalid);
        foreach (var tensor in batches.SelectMany(batch => batch)) tensor.Dispose();
    }

    [Fact]
    public void Shuffle_WithASeed_RepeatsTheSameOrderEachEpoch()
    {
        using var dataset = utils.data.TensorDataset(arange(10));
        using var loader = utils.data.DataLoader(dataset, 10, shuffle: true, seed: 0, disposeDataset: false);

        var first = loader.Select(batch => batch[0].Longs()).Single();
        var second = loader.Select(batch => batch[0].Longs()).Single();

        first.Should().Equal(7, 8, 1, 6, 2, 9, 5, 3, 4, 0);
        second.Should().Equal(first);
    }

    [Theory]
    [InlineData(1, new long[] { 9, 2, 4, 8, 7, 1, 3, 0, 6, 5 })]
    [InlineData(42, new long[] { 4, 9, 7, 3, 1, 6, 2, 8, 5, 0 })]
    public void FisherYatesShuffler_Seeds_GiveTheOrdersOfTorchSharp(int seed, long[] expected) =>
        new FisherYatesShuffler(10, seed).ToArray().Should().Equal(expected);

    [Fact]
    public void Shuffler_OwnOrder_IsFollowedAndNotCounted()
    {
        using var loader = utils.data.DataLoader(Five, 2, new long[] { 4, 0, 2 });

        loader.SelectMany(batch => batch[0].Longs()).Should().Equal(4, 0, 2);
        loader.Count.Should().Be(3);
    }

    [Fact]
    public void GetTensor_Throwing_ArrivesAsAggregateException()
    {
        using var loader = utils.data.DataLoader(Five, 2, new long[] { 9 });

        loader.Invoking(l => l.ToList()).Should().Throw<AggregateException>();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void MapDataset_NamedTensors_AreStackedByNameWhateverTheWorkers(int workers)
    {
        using var loader = utils.data.DataLoader(new Numbers(), 2, num_worker: workers);

        loader.Select(batch => string.Join(" ", batch.Select(entry => entry.Key + string.Join("x", entry.Value.shape))) + ":" + string.Join(",", batch["value"].Longs()))
            .Should().Equal("value2 own2x3:0,1", "value2 own2x3:2,3", "value1 own1x3:4");
    }

    [Fact]
    public void Enumeration_WholeOrBroken_LeavesNoTensorButTheDatasetsOwn()
    {
        var dataset = new Numbers();
        using var loader = utils.data.DataLoader(dataset, 2);
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

        loader.ToList().Should().HaveCount(3);
        foreach (var _ in loader) break;

        DisposeScopeManager.Statistics.ThreadTotalLiveCount.Should().Be(before);
        dataset.Own.IsInvalid.Should().BeFalse();
        dataset.Made.Should().NotBeEmpty().And.OnlyContain(tensor => tensor.IsInvalid);
    }

    [Fact]
    public void TensorDataset_Rows_AreAliasesOfTheCallersTensors()
    {
        using var data = arange(5);
        var dataset = utils.data.TensorDataset(data, ones(5));

        dataset.Count.Should().Be(5);
        dataset[2][0].item<long>().Should().Be(2);
        dataset.Dispose();
        data.IsInvalid.Should().BeFalse();
        this.Invoking(_ => utils.data.TensorDataset(ones(5), ones(4))).Should().Throw<ArgumentException>();
    }

    [Fact]
    public void Dispose_Loader_DisposesItsDatasetUnlessToldNotTo()
    {
        var disposed = new Numbers();
        var kept = new Numbers();

        utils.data.DataLoader(disposed, 2).Dispose();
        utils.data.DataLoader(kept, 2, disposeDataset: false).Dispose();

        disposed.Own.IsInvalid.Should().BeTrue();
        kept.Own.IsInvalid.Should().BeFalse();
    }

    private sealed class Numbers : utils.data.Dataset
    {
        private readonly List<Tensor> made = [];

        internal Tensor Own { get; } = ones(3);

        internal IReadOnlyList<Tensor> Made => made;

        public override long Count => 5;

        public override Dictionary<string, Tensor> GetTensor(long index)
        {
            var value = tensor(index);
            lock (made) made.Add(value);
            return new() { ["value"] = value, ["own"] = Own };
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing) Own.Dispose();
            base.Dispose(disposing);
        }
    }
}

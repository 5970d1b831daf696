using static TorchSharp.torch;

namespace TorchSharp.Subset.Tests.Scopes;

public sealed class StatisticsTests
{
    /// <summary>On a thread of its own, which starts from nothing.</summary>
    private static void OnAFreshThread(Action action)
    {
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try { action(); }
            catch (Exception e) { failure = e; }
        });
        thread.Start();
        thread.Join();
        if (failure is not null) throw new InvalidOperationException("The thread failed: " + failure.Message, failure);
    }

    [Fact]
    public void Statistics_OfMovesAndDisposals_CountEachOnce() => OnAFreshThread(() =>
    {
        var statistics = DisposeScopeManager.Statistics;
        var outside = ones(1);
        statistics.CreatedOutsideScopeCount.Should().Be(1);
        using (var scope = NewDisposeScope())
        {
            var inside = ones(1);
            var detached = ones(1).DetachFromDisposeScope();
            ones(1);
            statistics.CreatedInScopeCount.Should().Be(3);
            statistics.DetachedFromScopeCount.Should().Be(1);
            inside.Dispose();
            statistics.DisposedInScopeCount.Should().Be(1);
            detached.Dispose();
            statistics.DisposedOutsideScopeCount.Should().Be(1);
            scope.Attach(outside);
            statistics.AttachedToScopeCount.Should().Be(1);
            statistics.ThreadTotalLiveCount.Should().Be(2);
        }
        statistics.ThreadTotalLiveCount.Should().Be(0);
        statistics.Reset();
        statistics.CreatedInScopeCount.Should().Be(0);
    });

    [Fact]
    public void LiveCount_OfACleanLoop_StaysWhereItWas() => OnAFreshThread(() =>
    {
        for (var i = 0; i < 100; i++)
        {
            using var scope = NewDisposeScope();
            var x = randn(4, 4, requires_grad: true);
            var y = x.matmul(x).relu().sum();
            y.backward();
            _ = x.grad!.norm().ToSingle();
            _ = x[0, 1] + x[TensorIndex.Colon, 1..2];
        }
        DisposeScopeManager.Statistics.ThreadTotalLiveCount.Should().Be(0);
    });

    [Fact]
    public void LiveCount_OfALeak_CountsIt() => OnAFreshThread(() =>
    {
        var leaked = Enumerable.Range(0, 10).Select(_ => ones(1)).ToList();
        DisposeScopeManager.Statistics.ThreadTotalLiveCount.Should().Be(10);
        leaked.ForEach(tensor => tensor.Dispose());
        DisposeScopeManager.Statistics.ThreadTotalLiveCount.Should().Be(0);
    });

    [Fact]
    public void LiveCount_OfReadGradients_CountsEachRead() => OnAFreshThread(() =>
    {
        using var scope = NewDisposeScope();
        var x = ones(1, requires_grad: true);
        x.sum().backward();
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        for (var i = 0; i < 10; i++) _ = x.grad;
        (DisposeScopeManager.Statistics.ThreadTotalLiveCount - before).Should().Be(10);
    });
}

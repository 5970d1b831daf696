using static TorchSharp.torch;

namespace TorchSharp.Subset.Tests.Scopes;

public sealed class DisposeScopeTests
{
    private static long Live => DisposeScopeManager.Statistics.ThreadTotalLiveCount;

    [Fact]
    public void Scope_AtItsEnd_DisposesWhatWasMadeInIt()
    {
        var before = Live;
        Tensor inner, outer, kept;
        using (var scope = NewDisposeScope())
        {
            inner = ones(2);
            outer = (inner + 1).MoveToOuterDisposeScope();
            kept = (inner + 2).DetachFromDisposeScope();
            scope.DisposablesCount.Should().Be(1);
            scope.Contains(inner).Should().BeTrue();
            scope.Contains(outer).Should().BeFalse();
            (Live - before).Should().Be(3);
        }
        inner.IsInvalid.Should().BeTrue();
        outer.IsInvalid.Should().BeFalse();
        (Live - before).Should().Be(2);
        outer.Dispose();
        kept.Dispose();
        Live.Should().Be(before);
    }

    [Fact]
    public void Scopes_Nested_MoveOneOutAtATime()
    {
        using var outer = NewDisposeScope();
        Tensor moved;
        using (var inner = NewDisposeScope())
        {
            CurrentDisposeScope.Should().BeSameAs(inner);
            moved = inner.MoveToOuter(ones(1));
            outer.Contains(moved).Should().BeTrue();
            inner.MoveToOuter(moved); // not the inner one's any more: ignored
            outer.Contains(moved).Should().BeTrue();
        }
        CurrentDisposeScope.Should().BeSameAs(outer);
        moved.IsInvalid.Should().BeFalse();
    }

    [Fact]
    public void Scopes_DisposedOutOfOrder_EachDisposeTheirOwn()
    {
        var outer = NewDisposeScope();
        var first = ones(1);
        var inner = NewDisposeScope();
        var second = ones(1);
        outer.Dispose();
        first.IsInvalid.Should().BeTrue();
        second.IsInvalid.Should().BeFalse();
        CurrentDisposeScope.Should().BeSameAs(inner);
        inner.Dispose();
        second.IsInvalid.Should().BeTrue();
        CurrentDisposeScope.Should().BeNull();
    }

    [Fact]
    public void Scope_Disposed_ThrowsWhenUsed()
    {
        var scope = NewDisposeScope();
        scope.Dispose();
        using var x = ones(1);
        ((Action)(() => scope.Attach(x))).Should().Throw<ObjectDisposedException>();
    }

    [Fact]
    public void Attach_OfADetachedTensor_TakesItBack()
    {
        var x = ones(1);
        using (var scope = NewDisposeScope())
        {
            scope.Attach(x);
            scope.Contains(x).Should().BeTrue();
        }
        x.IsInvalid.Should().BeTrue();
    }

    [Fact]
    public void MoveToOther_OfATensor_FollowsTheOther()
    {
        using var outer = NewDisposeScope();
        var model = ones(1);
        Tensor follower;
        using (NewDisposeScope()) follower = ones(1).MoveToOtherDisposeScope(model);
        follower.IsInvalid.Should().BeFalse();
        outer.Contains(follower).Should().BeTrue();
    }

    [Fact]
    public void DisposeEverythingBut_Some_KeepsThem()
    {
        using var scope = NewDisposeScope();
        var kept = ones(1);
        var gone = ones(1);
        scope.DisposeEverythingBut(kept).Should().BeSameAs(kept);
        gone.IsInvalid.Should().BeTrue();
        kept.IsInvalid.Should().BeFalse();
        scope.DisposablesCount.Should().Be(1);
        scope.DisposeEverything();
        kept.IsInvalid.Should().BeTrue();
    }

    [Fact]
    public void WrappedTensorDisposeScope_OfAnExpression_LeavesItsResultOnly()
    {
        var before = Live;
        using (var result = WrappedTensorDisposeScope(() => (ones(2) + 1) * 2)) result.sum().ToDouble().Should().Be(8);
        Live.Should().Be(before + 1); // the sum, outside any scope
    }

    [Fact]
    public void Scopes_OfAnotherThread_AreItsOwn()
    {
        using var scope = NewDisposeScope();
        DisposeScope? there = scope;
        var thread = new Thread(() => there = CurrentDisposeScope);
        thread.Start();
        thread.Join();
        there.Should().BeNull();
        CurrentDisposeScope.Should().BeSameAs(scope);
    }

    [Fact]
    public void Tensor_UsedAfterDispose_SaysSo()
    {
        var x = ones(2);
        x.Dispose();
        x.Dispose();
        x.IsInvalid.Should().BeTrue();
        ((Action)(() => x.add(1))).Should().Throw<InvalidOperationException>().WithMessage("Tensor invalid -- empty handle.");
        ((Action)(() => _ = x.shape)).Should().Throw<InvalidOperationException>();
        using var y = ones(2);
        ((Action)(() => y.add(x))).Should().Throw<InvalidOperationException>();
    }

    [Fact]
    public void Tensor_DisposedInsideAScope_IsForgottenByIt()
    {
        var before = Live;
        using var scope = NewDisposeScope();
        var x = ones(1);
        x.Dispose();
        scope.DisposablesCount.Should().Be(0);
        Live.Should().Be(before);
    }
}

using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Data;

/// <summary>Tests whose own tensors die with the test, so that every tensor alive afterwards is a leak of the code under test.</summary>
public abstract class LeakCheckedTests : IDisposable
{
    private readonly long before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
    private readonly DisposeScope tensorsOfTheTest = NewDisposeScope();

    public void Dispose()
    {
        tensorsOfTheTest.Dispose();
        GC.SuppressFinalize(this);
        DisposeScopeManager.Statistics.ThreadTotalLiveCount.Should().Be(before, "no tensor may outlive the test");
    }
}

using static TorchSharp.torch;

namespace TorchSharp.Subset.Tests.Tensors;

public class TensorAccessorLifetimeTests
{
    [Fact]
    public void Data_NotDisposed_MakesNoTensorAndEndsWithItsOwn()
    {
        var tensor = ones(3);
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

        var accessor = tensor.data<float>();

        accessor.ToArray().Should().Equal(1, 1, 1);
        DisposeScopeManager.Statistics.ThreadTotalLiveCount.Should().Be(before);
        accessor.Dispose();
        tensor.IsInvalid.Should().BeFalse();
        tensor.Dispose();
        // Which exception differs between versions of TorchSharp: NullReferenceException in 0.107.
        tensor.Invoking(_ => accessor.ToArray()).Should().Throw<Exception>();
    }
}

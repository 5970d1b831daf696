using Px.Pruning.Engine.Speed;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Engine;

/// <summary>What depends on the device. The meta device, whose tensors have shapes and no numbers, stands for a GPU; this libtorch has no convolutions on it.</summary>
public class OtherDeviceTests
{
    [Fact]
    public void Parts_BatchOnAnotherDevice_IsTheWholeBatch()
    {
        using var scope = NewDisposeScope();
        var speed = new SpeedPolicy();

        speed.Parts(zeros(100, 3)).Should().HaveCount(4);
        speed.Parts(zeros([100, 3], float32, META)).Should().ContainSingle().Which.Samples.Should().Be(100);
    }
}

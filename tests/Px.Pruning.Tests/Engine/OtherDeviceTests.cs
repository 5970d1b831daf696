using Px.Pruning.Engine.Sessions;
using Px.Pruning.Engine.Speed;
using Px.Pruning.Tests.Networks;
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

    // The kinds that cuDNN computes; a cell is plain arithmetic.
    [Theory, InlineData("LSTM", true), InlineData("GRU", true), InlineData("RNN", true), InlineData("GRU cell", false)]
    public void RefuseOnCuda_NetworkWithRecurrentModule_NamesIt(string net, bool isRefused)
    {
        using var model = IncludedNets.Create(net);

        RecurrentModules.RefuseOnCuda(model, DeviceType.CPU, "SNIP");
        var onCuda = () => RecurrentModules.RefuseOnCuda(model, DeviceType.CUDA, "SNIP");

        if (isRefused)
            onCuda.Should().Throw<UnsupportedModelException>().WithMessage($"'recurrent' is a module of type {net},*SNIP*to(CPU)*").Which.Module.Should().Be("recurrent");
        else
            onCuda.Should().NotThrow();
    }

    [Fact]
    public void RefuseOnCuda_ModelThatIsARecurrentModule_SaysSo()
    {
        using var model = nn.LSTM(4, 3);

        var onCuda = () => RecurrentModules.RefuseOnCuda(model, DeviceType.CUDA, "SNIP");

        onCuda.Should().Throw<UnsupportedModelException>().WithMessage("The model is a module of type LSTM,*MagnitudePruner and RandomPruner*");
    }
}

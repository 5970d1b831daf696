using Px.Runner.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Runner.Tests.Training;

public sealed class OptimizerMemoryTests
{
    [Fact]
    public void Load_SgdThatWasNeverStepped_GoesOnWithTheSavedMomentum()
    {
        using var temporaries = NewDisposeScope();
        using var network = nn.Linear(2, 1);
        using var stepped = optim.SGD(network.parameters().ToList(), 0.1, momentum: 0.9);
        network.call(ones(1, 2)).sum().backward();
        stepped.step();
        var saved = OptimizerMemory.Save(stepped);
        using var fresh = optim.SGD(network.parameters().ToList(), 0.1, momentum: 0.9);

        OptimizerMemory.Load(fresh, saved);

        saved.Keys.Should().Equal("0.momentum_buffer", "1.momentum_buffer");
        OptimizerMemory.Save(fresh)["0.momentum_buffer"].data<float>().ToArray().Should().Equal(1, 1);
        OptimizerMemory.Save(fresh)["0.momentum_buffer"].Should().NotBeSameAs(saved["0.momentum_buffer"]);
    }

    [Fact]
    public void Save_SgdThatWasNeverStepped_HasNothing()
    {
        using var network = nn.Linear(2, 1);
        using var optimizer = optim.SGD(network.parameters().ToList(), 0.1, momentum: 0.9);

        OptimizerMemory.Save(optimizer).Should().BeEmpty();
    }

    [Fact]
    public void Load_AdamFromSgdsMemory_IsRefused()
    {
        using var network = nn.Linear(2, 1);
        using var optimizer = optim.Adam(network.parameters().ToList());

        FluentActions.Invoking(() => OptimizerMemory.Load(optimizer, new Dictionary<string, Tensor>()))
            .Should().Throw<InvalidDataException>().WithMessage("The optimizer's '0.step' is missing*");
    }

    [Fact]
    public void Save_AnOptimizerOfAnotherKind_IsRefused()
    {
        using var network = nn.Linear(2, 1);
        using var optimizer = optim.AdamW(network.parameters().ToList());

        FluentActions.Invoking(() => OptimizerMemory.Save(optimizer)).Should().Throw<ArgumentException>().WithMessage("The memory of AdamW cannot be saved*");
    }
}

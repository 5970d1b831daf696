using Px.Pruning.Engine;
using Px.Pruning.Models;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Engine;

public sealed class NetworkTests
{
    [Fact]
    public void Slots_NestedNetwork_HaveTheOrderOfTheStateDict()
    {
        using var model = CifarResNet.Create(new CifarResNetOptions { Depth = 20, Width = 2 });
        using var network = new Network(model, ParameterSelection.Default);

        var names = network.Slots.Select(slot => slot.Name).ToList();

        names.Should().Equal(model.state_dict().Keys.Where(names.Contains)).And.HaveCount(22);
    }

    [Fact]
    public void Sites_SharedModule_AreNamedAsTheStateDictBegins()
    {
        using var model = new Nested();
        using var network = new Network(model, ParameterSelection.Default);

        // Level by level, "last" would come first.
        network.Modules.Select(hooked => hooked.Name).Should().Equal("", "block", "block.0", "own");
        network.Slots.Select(slot => slot.Name).Should().Equal("block.0.weight", "own.weight");
        model.state_dict().Keys.First().Should().Be("block.0.weight");
    }

    private sealed class Nested : Module<Tensor, Tensor>
    {
        private readonly Sequential block;
        private readonly Linear last, own = Linear(3, 3);

        internal Nested() : base(nameof(Nested))
        {
            last = Linear(3, 3);
            block = Sequential(last);
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => own.call(last.call(block.call(input)));
    }
}

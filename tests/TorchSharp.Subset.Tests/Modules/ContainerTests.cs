using TorchSharp.Modules;

using static TorchSharp.torch;

namespace TorchSharp.Subset.Tests.Modules;

public class ContainerTests
{
    [Fact]
    public void Sequential_Forward_DisposesEveryIntermediate()
    {
        var kept = new List<Tensor>();
        var (first, second, third) = (nn.ReLU(), nn.Tanh(), nn.Sigmoid());
        using var module = nn.Sequential(first, second, third);
        foreach (var layer in module.children().Cast<nn.Module<Tensor, Tensor>>())
        {
            layer.register_forward_hook((_, _, y) =>
            {
                kept.Add(y);
                return null!;
            });
        }
        using var x = ones(2);

        using var y = module.call(x);

        kept.Select(tensor => tensor.IsInvalid).Should().Equal(true, true, false);
        kept[2].Should().BeSameAs(y);
        x.IsInvalid.Should().BeFalse();
    }

    [Fact]
    public void Sequential_ModuleReturningItsInput_BreaksTheNextOne()
    {
        using var module = nn.Sequential(nn.ReLU(), new Same(), nn.Tanh());

        module.Invoking(m => m.call(ones(1))).Should().Throw<InvalidOperationException>().WithMessage("Tensor invalid -- empty handle.");
    }

    [Fact]
    public void Sequential_Empty_ReturnsANewHandleOnItsInput()
    {
        using var module = nn.Sequential();
        using var x = ones(1);

        using var y = module.call(x);

        y.Should().NotBeSameAs(x);
        y.fill_(3);
        x.item<float>().Should().Be(3);
    }

    [Fact]
    public void Sequential_IndexAndSlice_ShareTheModules()
    {
        using var module = nn.Sequential(nn.ReLU(), nn.Linear(1, 1), nn.Tanh());

        module.Count.Should().Be(3);
        module[1..].Count.Should().Be(2);
        module[1..][0].Should().BeSameAs(module[1]);
        module[(1, null)].named_children().Select(child => child.name).Should().Equal("1", "2");
        module.append("more", nn.ReLU()).append(nn.ReLU()).named_children().Select(child => child.name).Should().Equal("0", "1", "2", "more", "4");
    }

    [Fact]
    public void Sequential_OwnRegistrations_AreNotListed()
    {
        using var module = nn.Sequential(nn.ReLU());

        module.register_module("extra", nn.Tanh());
        module.register_buffer("buffer", ones(1));

        module.named_children().Select(child => child.name).Should().Equal("0");
        module.state_dict().Should().BeEmpty();
        module.has_buffer("buffer").Should().BeTrue();
        module.named_parameters(recurse: false).Should().BeEmpty();
    }

    [Fact]
    public void Sequential_Factories_TakeArraysSequencesAndNames()
    {
        var modules = new List<nn.Module<Tensor, Tensor>> { nn.ReLU(), nn.Tanh() };

        nn.Sequential(modules).named_children().Select(child => child.name).Should().Equal("0", "1");
        nn.Sequential(modules.Select(m => (m.GetName(), m))).named_children().Select(child => child.name).Should().Equal("ReLU", "Tanh");
        nn.Sequential(modules.Select(m => Tuple.Create("n" + m.GetName(), m))).named_children().Select(child => child.name).Should().Equal("nReLU", "nTanh");
    }

    [Fact]
    public void ModuleList_InAParent_RegistersItsItemsOnce()
    {
        var list = nn.ModuleList<Linear>(nn.Linear(1, 1), nn.Linear(1, 1));
        list.named_children().Should().BeEmpty();

        using var parent = new Holder<ModuleList<Linear>>(list);
        list.append(nn.Linear(1, 1));

        parent.state_dict().Keys.Should().Equal("child.0.weight", "child.0.bias", "child.1.weight", "child.1.bias");
        list.Count.Should().Be(3);
        list[2].Should().BeOfType<Linear>();
    }

    [Fact]
    public void ModuleDict_InAParent_RegistersItsItemsByName()
    {
        var dictionary = nn.ModuleDict<nn.Module>(("lin", nn.Linear(1, 1)), ("act", nn.ReLU()));

        using var parent = new Holder<ModuleDict<nn.Module>>(dictionary);

        parent.state_dict().Keys.Should().Equal("child.lin.weight", "child.lin.bias");
        dictionary["act"].Should().BeOfType<ReLU>();
        dictionary[0].Item1.Should().Be("lin");
        dictionary.Count.Should().Be(2);
    }

    private sealed class Same : nn.Module<Tensor, Tensor>
    {
        internal Same() : base("Same")
        {
        }

        public override Tensor forward(Tensor input) => input;
    }
}

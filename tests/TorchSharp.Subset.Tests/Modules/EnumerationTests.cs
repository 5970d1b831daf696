using TorchSharp.Modules;

using static TorchSharp.torch;

namespace TorchSharp.Subset.Tests.Modules;

public class EnumerationTests
{
    [Fact]
    public void NamedModules_Nested_ListsChildrenBeforeSubtreesAndNotItself()
    {
        using var module = new Nested();

        module.named_modules().Select(named => named.name).Should().Equal("a", "s", "s.x", "s.y", "s.y.0", "s.y.1");
    }

    [Fact]
    public void NamedParametersAndBuffers_Nested_AreDottedInOrder()
    {
        using var module = new Nested();

        module.named_parameters().Select(named => named.name).Should().Equal("a.weight", "a.bias", "s.x.weight", "s.x.bias", "s.y.1.weight", "s.y.1.bias");
        module.named_parameters(recurse: false).Should().BeEmpty();
        module.named_buffers().Select(named => named.name).Should().Equal("s.y.1.running_mean", "s.y.1.running_var", "s.y.1.num_batches_tracked");
    }

    [Fact]
    public void SharedModule_TwoNames_IsOneParameterListTwoModulesAndBothStateKeys()
    {
        using var module = new SharedTwice();

        module.named_parameters().Select(named => named.name).Should().Equal("one.weight", "one.bias");
        module.named_modules().Select(named => named.name).Should().Equal("one", "two");
        module.state_dict().Keys.Should().Equal("one.weight", "one.bias", "two.weight", "two.bias");
    }

    [Fact]
    public void NonPersistentBuffer_AnyEnumeration_IsSeenByGetBufferOnly()
    {
        using var module = new Leaf();

        module.named_buffers(include_nonpersistent: true).Select(named => named.name).Should().Equal("b", "count");
        module.state_dict().Keys.Should().Equal("p", "b", "count");
        module.has_buffer("hidden").Should().BeTrue();
        module.get_buffer("hidden")!.shape.Should().Equal(3);
    }

    [Fact]
    public void GetParameter_DottedNames_FindsOrIsNull()
    {
        using var module = new Nested();

        module.get_parameter("s.x.weight").Should().BeSameAs(((Linear)module.s[0]).weight);
        module.get_parameter("s.y.1.bias").Should().NotBeNull();
        module.get_parameter("s.x.nothing").Should().BeNull();
        module.get_parameter("nothing.weight").Should().BeNull();
        module.get_buffer("a.weight").Should().BeNull();
        module.has_parameter("a.bias").Should().BeTrue();
        module.has_buffer("s.y.1.running_mean").Should().BeTrue();
    }

    [Fact]
    public void NamedChildren_RegisteringWhileEnumerating_Throws()
    {
        using var module = new Nested();

        Action register = () =>
        {
            foreach (var (name, _) in module.named_modules()) module.register_module(name + "2", nn.ReLU());
        };

        register.Should().Throw<InvalidOperationException>();
    }

    [Fact]
    public void Apply_Nested_VisitsChildrenFirst()
    {
        var visited = new List<string>();
        using var module = nn.Sequential(nn.ReLU(), nn.Sequential(nn.Tanh()));

        module.apply(m => visited.Add(m.GetType().Name)).Should().BeSameAs(module);

        visited.Should().Equal("ReLU", "Tanh", "Sequential", "Sequential");
    }

    [Fact]
    public void Train_AndEval_ReachEveryModule()
    {
        using var module = new Nested();
        module.training.Should().BeTrue();

        module.eval();
        module.modules().Append(module).Should().OnlyContain(m => !m.training);

        module.s.train();
        module.s.modules().Append(module.s).Should().OnlyContain(m => m.training);
        module.a.training.Should().BeFalse();
    }

    [Fact]
    public void ZeroGrad_WithAndWithoutSetToNone_ZeroesOrClears()
    {
        using var module = nn.Linear(2, 1);
        module.call(ones(1, 2)).sum().backward();

        module.zero_grad(set_to_none: false);
        module.weight.grad!.Floats().Should().Equal(0, 0);

        module.zero_grad();
        module.weight.grad.Should().BeNull();
    }
}

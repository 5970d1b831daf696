using TorchSharp.Modules;

using static TorchSharp.torch;

namespace TorchSharp.Subset.Tests.Modules;

public class RegistrationTests
{
    [Fact]
    public void RegisterComponents_FieldsOfEveryKind_TakesModulesParametersAndTensorsMostDerivedFirst()
    {
        using var module = new AllKinds();

        module.named_children().Select(child => child.name).Should().Equal("first");
        module.named_parameters().Select(parameter => parameter.name).Should().Equal("renamed", "inBase", "first.weight", "first.bias");
        module.named_buffers().Select(buffer => buffer.name).Should().Equal("third");
        module.Unseen.Should().Be(2);
    }

    [Fact]
    public void RegisterComponents_AutoProperty_TakesTheNameOfItsBackingField()
    {
        using var module = new WithProperty();

        module.named_children().Select(child => child.name).Should().Equal("<layer>k__BackingField");
    }

    [Fact]
    public void RegisterComponents_FieldSetLater_IsNeverSeen()
    {
        using var module = new AllKinds { Late = nn.Linear(1, 1) };
        using var holder = new Holder<AllKinds>(module);

        holder.state_dict().Keys.Should().NotContain(key => key.Contains("Late"));
    }

    [Fact]
    public void RegisterModule_ChildForgotRegisterComponents_ParentRegistersForIt()
    {
        using var alone = new Forgetful();
        alone.parameters().Should().BeEmpty();

        using var parent = new Holder<Forgetful>(alone);

        parent.named_parameters().Select(parameter => parameter.name).Should().Equal("child.inner.weight", "child.inner.bias");
    }

    [Fact]
    public void Field_ReplacedAfterRegistration_RegistryKeepsTheOldModule()
    {
        var old = nn.Linear(1, 1);
        using var holder = new Holder<Linear>(old);

        holder.child = nn.Linear(3, 3);

        holder.get_parameter("child.weight").Should().BeSameAs(old.weight);
    }

    [Fact]
    public void RegisterModule_BadNames_Throw()
    {
        using var module = new Leaf();

        module.Invoking(m => m.register_module("a.b", nn.ReLU())).Should().Throw<ArgumentException>().WithMessage("module name can't contain*");
        module.Invoking(m => m.register_module("", nn.ReLU())).Should().Throw<ArgumentException>();
        module.register_module("a", nn.ReLU());
        module.Invoking(m => m.register_module("a", nn.ReLU())).Should().Throw<InvalidOperationException>().WithMessage("Sub-module a is already registered.");
    }

    [Fact]
    public void RegisterModule_Null_TakesTheModuleAway()
    {
        using var module = new Leaf();
        module.register_module("a", nn.ReLU());

        module.register_module("a", null!);
        module.register_module("a", nn.Tanh());

        module.named_children().Should().ContainSingle().Which.module.Should().BeOfType<Tanh>();
    }

    [Fact]
    public void RegisterParameterAndBuffer_NullOrTwice_Throw()
    {
        using var module = new Leaf();

        module.Invoking(m => m.register_parameter("q", null!)).Should().Throw<ArgumentNullException>();
        module.Invoking(m => m.register_buffer("q", null!)).Should().Throw<ArgumentNullException>();
        module.Invoking(m => m.register_parameter("p", ones(1).AsParameter())).Should().Throw<InvalidOperationException>();
        module.Invoking(m => m.register_buffer("b", ones(1))).Should().Throw<InvalidOperationException>();
    }

    [Fact]
    public void RegisterBufferAndParameter_ParameterLessModule_Throw()
    {
        using var relu = nn.ReLU();

        relu.Invoking(m => m.register_buffer("q", ones(1))).Should().Throw<InvalidOperationException>();
        relu.Invoking(m => m.register_parameter("q", ones(1).AsParameter())).Should().Throw<InvalidOperationException>();
    }

    [Fact]
    public void RegisterBuffer_OnConvolution_EntersTheStateDictionary()
    {
        using var conv = nn.Conv2d(1, 1, 1);

        conv.register_buffer("mask", ones(1, 1, 1, 1));

        conv.state_dict().Keys.Should().Equal("weight", "bias", "mask");
    }

    private sealed class WithProperty : nn.Module
    {
        public Linear layer { get; } = nn.Linear(1, 1);

        public WithProperty() : base("WithProperty")
        {
            RegisterComponents();
        }
    }
}

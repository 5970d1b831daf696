using TorchSharp.Modules;

using static TorchSharp.torch;

namespace TorchSharp.Subset.Tests.Modules;

public class MoveTests
{
    [Fact]
    public void To_OtherType_ReplacesAndDisposesParametersInFieldAndRegistry()
    {
        using var module = new Leaf();
        var (parameter, buffer) = (module.p, module.b);

        module.to(ScalarType.Float64).Should().BeSameAs(module);

        parameter.IsInvalid.Should().BeTrue();
        buffer.IsInvalid.Should().BeTrue();
        module.p.dtype.Should().Be(ScalarType.Float64);
        module.get_parameter("p").Should().BeSameAs(module.p);
        module.get_buffer("b").Should().BeSameAs(module.b);
        module.b.dtype.Should().Be(ScalarType.Float64);
        module.count.dtype.Should().Be(ScalarType.Int64);
        module.get_buffer("hidden")!.dtype.Should().Be(ScalarType.Float32);
    }

    [Fact]
    public void To_SameTypeAndDevice_KeepsTheParameters()
    {
        using var module = new Leaf();
        using var linear = nn.Linear(1, 1);
        var (own, weight) = (module.p, linear.weight);

        module.@float().cpu().to("cpu").to(CPU);
        linear.@float().cpu().to(DeviceType.CPU);

        module.p.Should().BeSameAs(own);
        linear.weight.Should().BeSameAs(weight);
    }

    [Theory]
    [MemberData(nameof(Layers))]
    public void To_Layers_ReplacesTheirTensorsAndKeepsGradientsAndFlags(string name, Func<nn.Module> create)
    {
        using var module = create();
        var old = module.named_parameters().ToDictionary(named => named.name, named => named.parameter);
        foreach (var parameter in old.Values) parameter.grad = ones_like(parameter) * 7;
        old["bias"].requires_grad = false;

        module.@double();

        old.Values.Should().OnlyContain(parameter => parameter.IsInvalid, name);
        foreach (var (key, parameter) in module.named_parameters())
        {
            parameter.dtype.Should().Be(ScalarType.Float64);
            parameter.grad!.dtype.Should().Be(ScalarType.Float64);
            parameter.grad!.Floats().Should().OnlyContain(value => value == 7);
            parameter.requires_grad.Should().Be(key != "bias");
        }
        foreach (var (key, buffer) in module.named_buffers()) buffer.dtype.Should().Be(key == "num_batches_tracked" ? ScalarType.Int64 : ScalarType.Float64);
    }

    public static TheoryData<string, Func<nn.Module>> Layers => new()
    {
        { "Conv1d", () => nn.Conv1d(1, 2, 1) },
        { "Conv2d", () => nn.Conv2d(1, 2, 1) },
        { "Conv3d", () => nn.Conv3d(1, 2, 1) },
        { "ConvTranspose2d", () => nn.ConvTranspose2d(1, 2, 1) },
        { "Linear", () => nn.Linear(1, 2) },
        { "BatchNorm2d", () => nn.BatchNorm2d(2) },
        { "InstanceNorm2d", () => nn.InstanceNorm2d(2, affine: true, track_running_stats: true) },
        { "GroupNorm", () => nn.GroupNorm(1, 2) },
        { "LayerNorm", () => nn.LayerNorm(2) },
    };

    [Fact]
    public void To_BufferRegisteredOnALayer_StaysAsItIs()
    {
        using var conv = nn.Conv2d(1, 1, 1);
        conv.register_buffer("mask", ones(1, 1, 1, 1));

        conv.@double();

        conv.get_buffer("mask")!.dtype.Should().Be(ScalarType.Float32);
    }

    [Fact]
    public void To_IntegerType_IsRefused()
    {
        using var module = new Leaf();

        module.Invoking(m => m.to(ScalarType.Int32)).Should().Throw<ArgumentException>().WithMessage("nn.Module.to only accepts floating point or complex types*");
    }

    [Fact]
    public void To_SharedParameterInTwoFields_ReplacesTheFirstAndLeavesTheSecondDisposed()
    {
        using var module = new TwoFields();

        module.@double();

        module.one.dtype.Should().Be(ScalarType.Float64);
        module.two.IsInvalid.Should().BeTrue();
    }

    [Fact]
    public void To_PropertyWithoutSetterNamedAsAParameter_Throws()
    {
        using var module = new GetOnly();

        module.Invoking(m => m.@double()).Should().Throw<ArgumentException>();
    }

    [Fact]
    public void To_InsideAScope_DetachesWhatItMakes()
    {
        using var module = new Leaf();
        using (NewDisposeScope())
        {
            module.@double();
        }

        module.p.IsInvalid.Should().BeFalse();
        module.b.IsInvalid.Should().BeFalse();
    }

    [Fact]
    public void To_OtherTensorOrDeviceAndType_TakesTheirType()
    {
        using var module = new Nested();

        module.to(zeros(1, dtype: ScalarType.Float64));
        module.parameters().Should().OnlyContain(parameter => parameter.dtype == ScalarType.Float64);

        module.to(CPU, ScalarType.Float32);
        module.parameters().Should().OnlyContain(parameter => parameter.dtype == ScalarType.Float32);
    }

    private sealed class TwoFields : nn.Module
    {
        internal readonly Parameter one = ones(1).AsParameter();
        internal readonly Parameter two;

        internal TwoFields() : base("TwoFields")
        {
            two = one;
            RegisterComponents();
        }
    }

    private sealed class GetOnly : nn.Module
    {
        public Parameter w => get_parameter("w")!;

        internal GetOnly() : base("GetOnly")
        {
            register_parameter("w", ones(1).AsParameter());
        }
    }
}

using TorchSharp.Subset.Tests.Modules;

using static TorchSharp.torch;

namespace TorchSharp.Subset.Tests.Functional;

public class ParameterUtilityTests
{
    [Fact]
    public void ClipGradNorm_TooLong_ScalesAllGradientsAlike()
    {
        using var a = ones(1).AsParameter();
        using var b = ones(1).AsParameter();
        using var unused = ones(1).AsParameter();
        (a * 3 + b * 4).sum().backward();

        nn.utils.clip_grad_norm_([a, b, unused], 1).Should().BeApproximately(5, 1e-6);

        a.grad!.ShouldBeClose(1e-5f, 0.6f);
        b.grad!.ShouldBeClose(1e-5f, 0.8f);
        unused.grad.Should().BeNull();
        nn.utils.clip_grad_norm_([a, b], 10);
        b.grad!.ShouldBeClose(1e-5f, 0.8f);
    }

    [Fact]
    public void ClipGradValue_Outside_Clamps()
    {
        using var a = ones(2).AsParameter();
        (a * tensor(new[] { 3f, -0.5f })).sum().backward();

        nn.utils.clip_grad_value_([a], 1);

        a.grad!.Floats().Should().Equal(1, -0.5f);
    }

    [Fact]
    public void ParametersToVector_AndBack_Moves()
    {
        using var linear = nn.Linear(2, 1);

        nn.utils.parameters_to_vector(linear.parameters()).numel().Should().Be(3);
        nn.utils.vector_to_parameters(arange(3.0f), linear.parameters());

        linear.weight.Floats().Should().Equal(0, 1);
        linear.bias!.Floats().Should().Equal(2);
    }
}

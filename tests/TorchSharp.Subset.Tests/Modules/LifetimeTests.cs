using System.Runtime.CompilerServices;

using TorchSharp.Modules;

using static TorchSharp.torch;

namespace TorchSharp.Subset.Tests.Modules;

public class LifetimeTests
{
    [Fact]
    public void Dispose_Module_FreesParametersBuffersAndSubmodulesButNotHiddenBuffers()
    {
        var module = new Leaf();
        var hidden = module.get_buffer("hidden")!;
        var nested = new Nested();
        var weight = nested.a.weight;

        module.Dispose();
        nested.Dispose();

        module.p.IsInvalid.Should().BeTrue();
        module.b.IsInvalid.Should().BeTrue();
        hidden.IsInvalid.Should().BeFalse();
        weight.IsInvalid.Should().BeTrue();
        module.Dispose();
    }

    [Fact]
    public void Dispose_Convolution_LeavesExtraBuffers()
    {
        var conv = nn.Conv2d(1, 1, 1);
        var mask = ones(1);
        conv.register_buffer("mask", mask);

        conv.Dispose();

        conv.weight.IsInvalid.Should().BeTrue();
        mask.IsInvalid.Should().BeFalse();
    }

    [Fact]
    public void Layers_MadeInAScope_OutliveIt()
    {
        using var scope = NewDisposeScope();
        var layers = new nn.Module[] { nn.Linear(1, 1), nn.Conv2d(1, 1, 1), nn.GroupNorm(1, 1), nn.LayerNorm(1) };
        scope.DisposeEverything();

        layers.SelectMany(layer => layer.parameters()).Should().HaveCount(8).And.OnlyContain(parameter => !parameter.IsInvalid);
    }

    [Fact]
    public void CustomModule_MadeInAScope_LosesItsOwnTensorsWithIt()
    {
        Leaf module;
        using (NewDisposeScope())
        {
            module = new Leaf();
        }

        module.p.IsInvalid.Should().BeTrue();
        module.b.IsInvalid.Should().BeTrue();
    }

    [Fact]
    public void Parameter_FromATensor_EmptiesIt()
    {
        using var scope = NewDisposeScope();
        var data = ones(2);

        var parameter = new Parameter(data, requires_grad: false);

        data.IsInvalid.Should().BeTrue();
        parameter.requires_grad.Should().BeFalse();
        parameter.is_leaf.Should().BeTrue();
        scope.Contains(parameter).Should().BeTrue();
        scope.DisposablesCount.Should().Be(1);
    }

    [Fact]
    public void Weight_Assigned_DisposesTheOldOneAndEntersTheRegistryDetached()
    {
        using var layer = nn.Linear(1, 1);
        var old = layer.weight;
        using (NewDisposeScope())
        {
            layer.weight = (ones(1, 1) * 3).AsParameter();
        }

        old.IsInvalid.Should().BeTrue();
        layer.get_parameter("weight").Should().BeSameAs(layer.weight);
        layer.weight.item<float>().Should().Be(3);
    }

    [Fact]
    public void Properties_AssignedThemselves_KeepWeightsAndDisposeBiasesAndStatistics()
    {
        using var layer = nn.Linear(1, 1);
        using var norm = nn.BatchNorm2d(1);

        layer.weight = layer.weight;
        layer.bias = layer.bias;
        norm.weight = norm.weight;
        norm.running_mean = norm.running_mean;

        layer.weight.IsInvalid.Should().BeFalse();
        layer.bias!.IsInvalid.Should().BeTrue();
        norm.weight.IsInvalid.Should().BeFalse();
        norm.running_mean!.IsInvalid.Should().BeTrue();
    }

    [Fact]
    public void Bias_Null_LeavesTheRegistry()
    {
        using var conv = nn.Conv2d(1, 1, 1);
        using var norm = nn.BatchNorm2d(1);

        conv.bias = null;
        norm.running_var = null;

        conv.state_dict().Keys.Should().Equal("weight");
        norm.state_dict().Keys.Should().Equal("weight", "bias", "running_mean", "num_batches_tracked");
    }

    [Fact]
    public void CollectedModule_NormLosesItsWeightAndConvolutionDoesNot()
    {
        var (normWeight, convWeight) = WeightsOfForgottenModules();

        for (var i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        normWeight.IsInvalid.Should().BeTrue();
        convWeight.IsInvalid.Should().BeFalse();
    }

    [Fact]
    public void Modules_MadeUsedAndDisposed_LeaveNoTensor()
    {
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

        for (var i = 0; i < 10; i++)
        {
            using var temporaries = NewDisposeScope();
            using var module = new Nested();
            module.call(ones(3, 2)).sum().backward();
            module.@double();
            module.zero_grad();
        }

        DisposeScopeManager.Statistics.ThreadTotalLiveCount.Should().Be(before);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static (Parameter Norm, Parameter Conv) WeightsOfForgottenModules() => (nn.BatchNorm2d(1).weight, nn.Conv2d(1, 1, 1).weight);
}

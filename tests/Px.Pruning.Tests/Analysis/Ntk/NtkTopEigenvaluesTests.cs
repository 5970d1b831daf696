using Px.Pruning.Analysis;
using Px.Pruning.Tests.Masking;
using Px.Pruning.Tests.Networks;
using Px.Pruning.Tests.Reference;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Analysis.Ntk;

public class NtkTopEigenvaluesTests
{
    private static readonly NtkEigenvalueOptions Options = new() { Kernel = NtkProblem.Options, Count = 4, Tolerance = 1e-7, MicroBatch = 2 };

    [Theory]
    [InlineData("convnet", false, false)]
    [InlineData("convnet", false, true)]
    [InlineData("residual", false, true)]
    [InlineData("residual", true, false)]
    public void TopEigenvalues_SmallNetwork_AreTheFirstOfTheSpectrum(string name, bool summed, bool masked)
    {
        using var scope = NewDisposeScope();
        using var model = NtkProblem.Create(name);
        using var mask = masked ? NtkProblem.Mask(model) : null;
        var kernel = NtkProblem.Options with { SumOutputs = summed };

        var top = NtkAnalysis.TopEigenvalues(model, NtkProblem.Data(), mask, Options with { Kernel = kernel });

        var spectrum = NtkAnalysis.Spectrum(model, NtkProblem.Data(), mask, kernel);
        top.Converged.Should().BeTrue();
        NtkProblem.ShouldBeClose(top.Eigenvalues, [.. spectrum.Eigenvalues.Take(4)]);
        top.Residuals.Should().HaveCount(4).And.OnlyContain(residual => residual <= 1e-7 * top.Eigenvalues[0]);
        top.Should().BeEquivalentTo(new { spectrum.Samples, spectrum.Outputs, spectrum.Parameters });
    }

    [Fact]
    public void TopEigenvalues_MultipleEigenvalues_AreAllFound()
    {
        using var scope = NewDisposeScope();
        using var model = NtkProblem.Linear(20, 4); // each four times
        var data = PruningData.From([Samples.Normal(12, [20], dtype: float64)]);

        var top = NtkAnalysis.TopEigenvalues(model, data, options: Options with { Count = 8 });

        NtkProblem.ShouldBeClose(top.Eigenvalues, [.. NtkAnalysis.Spectrum(model, data, options: NtkProblem.Options).Eigenvalues.Take(8)]);
        top.Eigenvalues[0].Should().BeApproximately(top.Eigenvalues[3], 1e-9);
    }

    [Fact]
    public void TopEigenvalues_AllParametersOfAllRows_AreTheSpectrum()
    {
        using var scope = NewDisposeScope();
        using var model = NtkProblem.Create("convnet");
        var kernel = NtkProblem.Options with { AllParameters = true };

        var top = NtkAnalysis.TopEigenvalues(model, NtkProblem.Data(), options: Options with { Kernel = kernel, Count = 100 });

        NtkProblem.ShouldBeClose(top.Eigenvalues, NtkAnalysis.Spectrum(model, NtkProblem.Data(), options: kernel).Eigenvalues);
    }

    [Theory]
    [InlineData(1, 1L << 30)]
    [InlineData(100, 1L << 30)]
    [InlineData(2, 1L)] // one vector at a time
    public void TopEigenvalues_PassesOfAnySize_AreTheSame(int microBatch, long budget)
    {
        using var scope = NewDisposeScope();
        using var model = NtkProblem.Create("residual");

        var options = Options with { Kernel = NtkProblem.Options with { MemoryBudget = budget }, MicroBatch = microBatch };
        var top = NtkAnalysis.TopEigenvalues(model, NtkProblem.Data(), options: options);

        NtkProblem.ShouldBeClose(top.Eigenvalues, NtkAnalysis.TopEigenvalues(model, NtkProblem.Data(), options: Options).Eigenvalues);
    }

    [Fact]
    public void TopEigenvalues_TooFewSteps_SaysSo()
    {
        using var scope = NewDisposeScope();
        using var model = NtkProblem.Create("residual");

        var top = NtkAnalysis.TopEigenvalues(model, NtkProblem.Data(10), options: Options with { MaxSteps = 1, Tolerance = 1e-12 });

        top.Converged.Should().BeFalse();
        top.Eigenvalues.Should().HaveCount(4);
        top.Products.Should().Be(6);
        // Ritz's values never lie above the eigenvalues that they approximate.
        top.Eigenvalues.Zip(NtkAnalysis.Spectrum(model, NtkProblem.Data(10), options: NtkProblem.Options).Eigenvalues)
            .Should().OnlyContain(pair => pair.First <= pair.Second * 1.000001);
    }

    [Fact]
    public void TopEigenvalues_Float32_EqualFloat64ToSinglePrecision()
    {
        using var scope = NewDisposeScope();
        using var wide = NtkProblem.Create("convnet");
        using var narrow = NtkProblem.Create("convnet").to(float32);
        NtkProblem.ShouldHaveTheSamePathsInFloat32(wide);

        var top = NtkAnalysis.TopEigenvalues(narrow, NtkProblem.Data(), options: Options with { Tolerance = 1e-4 });

        top.Converged.Should().BeTrue();
        var spectrum = NtkAnalysis.Spectrum(wide, NtkProblem.Data(), options: NtkProblem.Options);
        NtkProblem.ShouldBeClose(top.Eigenvalues, [.. spectrum.Eigenvalues.Take(4)], 1e-4);
    }

    [Fact]
    public void TopEigenvalues_OperationWithoutSecondDerivative_ThrowsATypedException()
    {
        using var scope = NewDisposeScope();
        using var centres = randn(5, 5);
        using var model = new Lambda(x => cdist(x, centres, 3));
        var before = ModelState.Of(model);
        var data = PruningData.From([Samples.Normal(4, [3], 2)]);

        var act = () => NtkAnalysis.TopEigenvalues(model, data, options: Options);

        LiveTensors.LeftBy(() => act.Should().Throw<UnsupportedModelException>().WithMessage("*second derivative*Spectrum*")).Should().Be(0);
        ModelState.Of(model).ShouldEqual(before);
        NtkAnalysis.Spectrum(model, data, options: NtkProblem.Options).Trace.Should().BePositive();
    }

    [Fact]
    public void TopEigenvalues_NetworkThatIsCut_AreZero()
    {
        using var scope = NewDisposeScope();
        using var model = NtkProblem.Create("convnet");
        using var none = new PruningMask(model.named_parameters().Where(p => p.parameter.dim() > 1).Select(p => KeyValuePair.Create(p.name, zeros_like(p.parameter))));

        var top = NtkAnalysis.TopEigenvalues(model, NtkProblem.Data(), none, Options);

        top.Eigenvalues.Should().Equal(0, 0, 0, 0);
        top.Converged.Should().BeTrue();
    }
}

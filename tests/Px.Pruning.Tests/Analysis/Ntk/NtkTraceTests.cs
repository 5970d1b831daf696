using Px.Pruning.Analysis;
using Px.Pruning.Tests.Networks;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Analysis.Ntk;

public class NtkTraceTests
{
    [Theory]
    [InlineData("convnet", false)]
    [InlineData("convnet", true)]
    [InlineData("residual", false)]
    public void Trace_Exact_IsTheSumOfTheEigenvalues(string name, bool summed)
    {
        using var scope = NewDisposeScope();
        using var model = NtkProblem.Create(name);
        using var mask = NtkProblem.Mask(model);
        var options = NtkProblem.Options with { SumOutputs = summed };

        var trace = NtkAnalysis.Trace(model, NtkProblem.Data(), mask, new() { Kernel = options });

        var spectrum = NtkAnalysis.Spectrum(model, NtkProblem.Data(), mask, options);
        trace.Value.Should().BeApproximately(spectrum.Eigenvalues.Sum(), 1e-10 * spectrum.Trace).And.BePositive();
        trace.Should().BeEquivalentTo(new { StandardError = 0.0, spectrum.Samples, spectrum.Outputs, spectrum.Parameters });
    }

    [Fact]
    public void Trace_Parameters_AddUp()
    {
        using var scope = NewDisposeScope();
        using var model = NtkProblem.Create("convnet");
        double Of(NtkOptions options) => NtkAnalysis.Trace(model, NtkProblem.Data(), options: new() { Kernel = options }).Value;
        var only = ParameterSelection.Default.Where((name, _) => name == "fc.weight");

        double parts = Of(NtkProblem.Options with { Parameters = ParameterSelection.Default.Excluding("fc.*") }) + Of(NtkProblem.Options with { Parameters = only });

        parts.Should().BeApproximately(Of(NtkProblem.Options), 1e-10 * parts);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Trace_Estimate_LiesWithinItsErrors(long seed)
    {
        using var scope = NewDisposeScope();
        using var model = NtkProblem.Create("residual");
        var options = new NtkTraceOptions { Kernel = NtkProblem.Options with { Seed = seed }, Probes = 64 };

        var estimate = NtkAnalysis.Trace(model, NtkProblem.Data(), options: options);

        double exact = NtkAnalysis.Trace(model, NtkProblem.Data(), options: NtkProblem.ExactTrace).Value;
        estimate.StandardError.Should().BeInRange(1e-4 * exact, 0.1 * exact);
        estimate.Value.Should().BeApproximately(exact, 4 * estimate.StandardError).And.NotBe(exact);
        NtkAnalysis.Trace(model, NtkProblem.Data(), options: options).Should().Be(estimate, "the seed is the same");
    }

    [Fact]
    public void Trace_EstimateWhereOutputsAreUncorrelated_IsExact()
    {
        // Of a linear layer the kernel of one sample is |x|² · 1: random signs have zᵀΘz = Tr Θ.
        using var scope = NewDisposeScope();
        using var model = NtkProblem.Linear(6, 3);
        var (X, target) = Samples.Normal(4, [6], 3, dtype: float64);

        var estimate = NtkAnalysis.Trace(model, PruningData.From([(X, target)]), options: NtkProblem.ExactTrace with { Probes = 2 });

        estimate.Value.Should().BeApproximately(3 * X.square().sum().ToDouble(), 1e-10);
        estimate.StandardError.Should().BeLessThan(1e-10);
    }

    [Fact]
    public void Trace_FreshNetworkOnItsOwnStatistics_WorksInTrainMode()
    {
        using var scope = NewDisposeScope();
        manual_seed(2);
        using var model = new ResidualNet(functionalTail: false);
        var data = PruningData.From([Samples.Normal(8, [3, 8, 8])]);

        double fresh = NtkAnalysis.Trace(model, data).Value, running = NtkAnalysis.Trace(model, data, options: NtkProblem.ExactTrace).Value;

        model.training.Should().BeTrue();
        fresh.Should().BePositive().And.NotBe(running, "the first training step sees the batch's statistics");
    }
}

using Px.Pruning.Analysis;
using Px.Pruning.Tests.Networks;
using Px.Pruning.Tests.Reference.Paths;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Analysis.Ntk;

public class NtkBoundTests
{
    public static TheoryData<string, bool> Cases
    {
        get
        {
            var cases = new TheoryData<string, bool>();
            foreach (string name in TinyNetwork.Names)
            {
                cases.Add(name, false);
                cases.Add(name, true);
            }

            return cases;
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void Bound_NetworkWithoutShifts_IsTheSumOverAllPathsAndNotBelowTheTrace(string name, bool masked)
    {
        using var scope = NewDisposeScope();
        using var tiny = TinyNetwork.Create(name, shifts: false);
        var kept = masked ? tiny.SomeMask() : null;
        using var mask = kept is null ? null : tiny.Mask(kept);
        var paths = new PathEnumeration(tiny.Graph, kept);

        var bound = NtkAnalysis.Bound(tiny.Model, PruningData.From([tiny.Batch()]), mask, NtkProblem.ExactTrace);

        double trace = paths.NtkTrace(tiny.Samples), value = paths.NtkBound(tiny.Samples);
        bound.Trace.Value.Should().BeApproximately(trace, 1e-9 * trace);
        bound.Value.Should().BeApproximately(value, 1e-9 * value);
        bound.Holds.Should().BeTrue();
        bound.Trace.Value.Should().BePositive().And.BeLessThanOrEqualTo(bound.Value);
    }

    [Theory]
    [InlineData("mlp", "fc1", "fc2")]
    [InlineData("linear-mlp", "fc1", "fc2")]
    [InlineData("convnet", "conv1", "bn")]
    [InlineData("residual", "conv1", "bn")]
    public void Bound_NetworkWithShifts_NamesThemAheadOfTheLastLayer(string name, params string[] exceptions)
    {
        using var scope = NewDisposeScope();
        using var tiny = TinyNetwork.Create(name);

        var bound = NtkAnalysis.Bound(tiny.Model, PruningData.From([tiny.Batch()]), options: NtkProblem.ExactTrace);

        double value = new PathEnumeration(tiny.Graph).NtkBound(tiny.Samples);
        bound.Value.Should().BeApproximately(value, 1e-9 * value, "R has the gates of the network with its shifts, and no paths that start at them");
        bound.Exceptions.Should().Equal(exceptions);
        bound.Holds.Should().BeFalse();
    }

    [Fact]
    public void Bound_BiasAheadOfAWeight_MayLieBelowTheTrace()
    {
        // y = w₂ relu(w₁ x + b) with x = 0.001, b = w₁ = w₂ = 1: ∂y/∂w₂ ≈ 1, where R knows of x alone: 2x².
        using var scope = NewDisposeScope();
        using var model = Sequential(Linear(1, 1), ReLU(), Linear(1, 1, hasBias: false)).to(float64);
        using (no_grad())
            foreach (var parameter in model.parameters()) parameter.fill_(1);

        var bound = NtkAnalysis.Bound(model, PruningData.From([(full([1, 1], 0.001, float64), zeros(1, int64))]), options: NtkProblem.ExactTrace);

        bound.Value.Should().BeApproximately(2e-6, 1e-12);
        bound.Trace.Value.Should().BeApproximately(1.001 * 1.001 + 1e-6, 1e-12);
        bound.Exceptions.Should().Equal("0");
    }

    [Fact]
    public void Bound_FreshResidualNetworkOnRunningStatistics_Holds()
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        using var model = new ResidualNet(functionalTail: true);
        var data = PruningData.From([Samples.Normal(8, [3, 8, 8])]);
        using var mask = NtkProblem.Mask(model);

        foreach (var kept in new[] { null, mask })
        {
            var bound = NtkAnalysis.Bound(model, data, kept, NtkProblem.ExactTrace);
            bound.Holds.Should().BeTrue("its biases stand behind the last weight");
            bound.Trace.Value.Should().BePositive().And.BeLessThanOrEqualTo(bound.Value);
        }
    }

    [Fact]
    public void Bound_SelectedWeights_IsTheirShareOfBoth()
    {
        using var scope = NewDisposeScope();
        using var tiny = TinyNetwork.Create("mlp", shifts: false);
        var data = PruningData.From([tiny.Batch()]);
        ParameterSelection Only(string name) => ParameterSelection.Default.Where((candidate, _) => candidate == name);
        NtkBound Of(string name) => NtkAnalysis.Bound(
            tiny.Model, data, options: new() { Kernel = NtkProblem.Options with { Parameters = Only(name) } });

        var (all, parts) = (NtkAnalysis.Bound(tiny.Model, data, options: NtkProblem.ExactTrace), tiny.Layers.Select(layer => Of(layer.Name)).ToList());

        parts.Should().OnlyContain(part => part.Trace.Value <= part.Value);
        parts.Sum(part => part.Value).Should().BeApproximately(all.Value, 1e-9 * all.Value);
        parts.Sum(part => part.Trace.Value).Should().BeApproximately(all.Trace.Value, 1e-9 * all.Trace.Value);
    }

    public static TheoryData<string, Func<Module<Tensor, Tensor>>> Unproven => new()
    {
        { "pool", () => MaxPool2d(2) },
        { "gelu", () => GELU() },
        { "group norm", () => Samples.FreshGroupNorm(2, 4) },
        { "relu6", () => ReLU6() },
    };

    [Theory]
    [MemberData(nameof(Unproven))]
    public void Bound_ModuleThatTheProofDoesNotCover_IsNamed(string what, Func<Module<Tensor, Tensor>> create)
    {
        using var scope = NewDisposeScope();
        using var model = Sequential(
            ("conv", Conv2d(3, 4, 3, padding: 1, bias: false)), ("it", create()), ("leaky", LeakyReLU(0.1)), ("pool", AdaptiveAvgPool2d(2)), ("flatten", Flatten()), ("fc", Linear(16, 4)));

        var bound = NtkAnalysis.Bound(model, PruningData.From([Samples.Normal(3, [3, 6, 6])]), options: NtkProblem.ExactTrace);

        bound.Exceptions.Should().Equal(["it"], what);
        bound.Value.Should().BePositive();
    }

    [Fact]
    public void Bound_SeveralBatchesOnTheirStatistics_UsesTheConstantsOfTheTrace()
    {
        // Batches of one size, pooled: which samples come together plays no part once the constants are taken.
        using var scope = NewDisposeScope();
        using var model = Sequential(
            ("conv", Conv2d(3, 4, 3, bias: false)), ("bn", BatchNorm2d(4)), ("relu", ReLU()), ("flatten", Flatten()), ("fc", Linear(64, 4))).to(float64);
        var input = NtkProblem.Input(8).narrow(2, 0, 6).narrow(3, 0, 6).contiguous();
        NtkBound Of(long size) => NtkAnalysis.Bound(
            model, PruningData.From(input.split(size).Select(part => (part, zeros(part.size(0), int64)))),
            options: new() { Kernel = NtkProblem.Options with { NormStatistics = NormStatistics.PruningBatch } });

        var (whole, halves) = (Of(8), Of(4));

        halves.Value.Should().BeApproximately(whole.Value, 1e-9 * whole.Value);
        halves.Trace.Value.Should().BeApproximately(whole.Trace.Value, 1e-9 * whole.Trace.Value);
        whole.Exceptions.Should().Equal("bn");
    }

    [Fact]
    public void Bound_OptionsThatItKnowsNothingOf_AreRefused()
    {
        using var scope = NewDisposeScope();
        using var model = NtkProblem.Linear(3, 2);
        var data = PruningData.From([Samples.Normal(2, [3], 2, dtype: float64)]);

        var sum = () => NtkAnalysis.Bound(model, data, options: new() { Kernel = NtkProblem.Options with { SumOutputs = true } });
        var all = () => NtkAnalysis.Bound(model, data, options: new() { Kernel = NtkProblem.Options with { AllParameters = true } });

        sum.Should().Throw<ArgumentException>().WithMessage("*Outputs*");
        all.Should().Throw<ArgumentException>().WithMessage("*AllParameters*");
    }
}

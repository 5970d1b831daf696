using Px.Pruning.Analysis;
using Px.Pruning.Tests.Networks;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Analysis.Ntk;

public class NtkSpectrumTests
{
    [Theory]
    [InlineData("convnet", false)]
    [InlineData("convnet", true)]
    [InlineData("residual", false)]
    [InlineData("residual", true)]
    public void Spectrum_SmallNetwork_IsThatOfItsWholeJacobian(string name, bool masked)
    {
        using var scope = NewDisposeScope();
        using var model = NtkProblem.Create(name);
        using var mask = masked ? NtkProblem.Mask(model) : null;

        var spectrum = NtkAnalysis.Spectrum(model, NtkProblem.Data(), mask, NtkProblem.Options);

        NtkProblem.ShouldBeClose(spectrum.Eigenvalues, DirectJacobian.Eigenvalues(model, NtkProblem.Input(), mask));
        spectrum.Should().BeEquivalentTo(new { Samples = 5L, Outputs = 4L });
        long weights = model.named_parameters().Where(p => p.parameter.dim() > 1).Sum(p => p.parameter.numel());
        spectrum.Parameters.Should().Be(mask?.Kept ?? weights).And.BeLessThanOrEqualTo(weights);
    }

    [Theory]
    [InlineData("convnet")]
    [InlineData("residual")]
    public void Spectrum_SummedOutputs_HasOneRowASample(string name)
    {
        using var scope = NewDisposeScope();
        using var model = NtkProblem.Create(name);

        var spectrum = NtkAnalysis.Spectrum(model, NtkProblem.Data(), options: NtkProblem.Options with { SumOutputs = true });

        NtkProblem.ShouldBeClose(spectrum.Eigenvalues, DirectJacobian.Eigenvalues(model, NtkProblem.Input(), summed: true));
        spectrum.Outputs.Should().Be(1);
    }

    [Fact]
    public void Spectrum_AllParameters_DifferentiatesByBiasesAndNormLayersToo()
    {
        using var scope = NewDisposeScope();
        using var model = NtkProblem.Create("convnet");
        using var mask = NtkProblem.Mask(model);
        long others = model.named_parameters().Where(p => p.parameter.dim() == 1).Sum(p => p.parameter.numel());

        var spectrum = NtkAnalysis.Spectrum(model, NtkProblem.Data(), mask, NtkProblem.Options with { AllParameters = true });

        spectrum.Parameters.Should().Be(mask.Kept + others);
        NtkProblem.ShouldBeClose(spectrum.Eigenvalues, DirectJacobian.Eigenvalues(model, NtkProblem.Input(), mask, (_, _) => true));
    }

    [Fact]
    public void Spectrum_SelectedWeights_KeepsTheMaskOnTheOthers()
    {
        using var scope = NewDisposeScope();
        using var model = NtkProblem.Create("convnet");
        using var mask = NtkProblem.Mask(model);
        var selection = ParameterSelection.Default.Excluding("fc.*");

        var spectrum = NtkAnalysis.Spectrum(model, NtkProblem.Data(), mask, NtkProblem.Options with { Parameters = selection });

        NtkProblem.ShouldBeClose(
            spectrum.Eigenvalues, DirectJacobian.Eigenvalues(model, NtkProblem.Input(), mask, (name, p) => p.dim() > 1 && name != "fc.weight"));
    }

    [Fact]
    public void Spectrum_StatisticsOfTheBatch_AreConstants()
    {
        using var scope = NewDisposeScope();
        using var model = NtkProblem.Create("convnet");

        var spectrum = NtkAnalysis.Spectrum(model, NtkProblem.Data(), options: NtkProblem.Options with { NormStatistics = NormStatistics.PruningBatch });

        // The same numbers as running statistics, layer after layer, since each sees what the one before it makes of the batch.
        SetRunningStatistics((ConvNet)model, NtkProblem.Input());
        NtkProblem.ShouldBeClose(spectrum.Eigenvalues, DirectJacobian.Eigenvalues(model, NtkProblem.Input()));
    }

    public static TheoryData<string, Func<Module<Tensor, Tensor>>, long[]> NormsOfSamples => new()
    {
        { "group", () => Samples.FreshGroupNorm(2, 4), [2, 2] },
        { "instance", () => InstanceNorm2d(4, affine: true), [4, 1] },
        { "layer", () => LayerNorm([4, 6, 6]), [1, 4] },
    };

    [Theory]
    [MemberData(nameof(NormsOfSamples))]
    public void Spectrum_NormOfEachSample_TakesItsStatisticsAsConstants(string name, Func<Module<Tensor, Tensor>> create, long[] groups)
    {
        using var scope = NewDisposeScope();
        manual_seed(9);
        using var model = new NormNet(create()).to(float64);
        var (gamma, beta) = (model.get_parameter("norm.weight")!, model.get_parameter("norm.bias")!);
        using (no_grad()) gamma.add_(randn_like(gamma)).add_(beta.add_(randn_like(beta)));
        // The same layer as mere code, which is differentiated as it stands: with constants, and for comparison without.
        Func<Tensor, Tensor> Code(bool constant) => x =>
        {
            var members = x.reshape(-1, groups[0], groups[1], 6, 6);
            var mean = members.mean([2, 3, 4], keepdim: true);
            var variance = (members - mean).square().mean([2, 3, 4], keepdim: true);
            if (constant) (mean, variance) = (mean.detach(), variance.detach());
            long[] affine = name == "layer" ? [1, 4, 6, 6] : [1, 4, 1, 1];
            return ((members - mean) / (variance + 1e-5).sqrt()).reshape(x.shape) * gamma.detach().reshape(affine) + beta.detach().reshape(affine);
        };
        NtkSpectrum Of(Module<Tensor, Tensor> network) =>
            NtkAnalysis.Spectrum(network, PruningData.From([Samples.Normal(3, [3, 6, 6], dtype: float64)]), options: NtkProblem.Options);
        using var constant = new NormNet(create(), Code(constant: true)).to(float64);
        using var live = new NormNet(create(), Code(constant: false)).to(float64);
        constant.load_state_dict(model.state_dict());
        live.load_state_dict(model.state_dict());

        var spectrum = Of(model);

        NtkProblem.ShouldBeClose(spectrum.Eigenvalues, Of(constant).Eigenvalues);
        spectrum.DistanceTo(Of(live)).Should().BeGreaterThan(1e-3);
    }

    [Fact]
    public void Spectrum_LinearLayer_HasTheInputsSpectrumOnceForEachOutput()
    {
        // y = W x: ∂yₖ/∂Wₗᵢ = δₖₗ xᵢ, so that Θ = X Xᵀ ⊗ 1.
        using var scope = NewDisposeScope();
        using var model = NtkProblem.Linear(6, 3);
        var (X, target) = Samples.Normal(4, [6], 3, dtype: float64);

        var spectrum = NtkAnalysis.Spectrum(model, PruningData.From([(X, target)]), options: NtkProblem.Options);

        double[] squares = [.. linalg.svdvals(X).square().data<double>()];
        NtkProblem.ShouldBeClose(spectrum.Eigenvalues, [.. squares.SelectMany(value => Enumerable.Repeat(value, 3))], 1e-12);
        spectrum.Trace.Should().BeApproximately(3 * X.square().sum().ToDouble(), 1e-10);
    }

    [Fact]
    public void Spectrum_MaskedLinearLayer_IsTheUnionOverOutputs()
    {
        // Each output sees its own kept inputs: Θ has the blocks X Mₖ Xᵀ.
        using var scope = NewDisposeScope();
        using var model = NtkProblem.Linear(6, 3);
        using var mask = NtkProblem.Mask(model);
        var (X, target) = Samples.Normal(4, [6], 3, dtype: float64);

        var spectrum = NtkAnalysis.Spectrum(model, PruningData.From([(X, target)]), mask, NtkProblem.Options);

        var expected = mask["0.weight"].to(float64).unbind()
            .SelectMany(kept => linalg.eigvalsh((X * kept).mm(X.t())).data<double>().ToArray()).OrderDescending().ToList();
        NtkProblem.ShouldBeClose(spectrum.Eigenvalues, expected, 1e-12);
        mask.Sparsity.Should().BeInRange(0.1, 0.9);
    }

    [Fact]
    public void Spectrum_LinearNetwork_IsTheClosedForm()
    {
        // y = W₂ W₁ x: ∂yₖ/∂W₁ₕᵢ = W₂ₖₕ xᵢ and ∂yₖ/∂W₂ₗₕ = δₖₗ (W₁x)ₕ, so that Θ = X Xᵀ ⊗ W₂ W₂ᵀ + (X W₁ᵀ)(X W₁ᵀ)ᵀ ⊗ 1.
        using var scope = NewDisposeScope();
        using var model = NtkProblem.Linear(6, 5, 3);
        var (X, target) = Samples.Normal(4, [6], 3, dtype: float64);

        var spectrum = NtkAnalysis.Spectrum(model, PruningData.From([(X, target)]), options: NtkProblem.Options);

        var (W1, W2) = (model.get_parameter("0.weight")!.detach(), model.get_parameter("1.weight")!.detach());
        var H = X.mm(W1.t());
        var theta = X.mm(X.t()).kron(W2.mm(W2.t())) + H.mm(H.t()).kron(eye(3, dtype: float64));
        NtkProblem.ShouldBeClose(spectrum.Eigenvalues, [.. linalg.eigvalsh(theta).data<double>().ToArray().Reverse()], 1e-12);
    }

    [Theory]
    [InlineData(30_000)] // (30,000 − 9,600 for Θ) / (8 · 20 rows): 127 of 626 columns at a time
    [InlineData(19_360)] // 61 columns
    public void Spectrum_JacobianBeyondTheBudget_IsTheSameFromSeveralTurns(long budget)
    {
        using var scope = NewDisposeScope();
        using var model = NtkProblem.Create("convnet");
        using var mask = NtkProblem.Mask(model);
        var progress = new Reports();

        var spectrum = NtkAnalysis.Spectrum(model, NtkProblem.Data(), mask, NtkProblem.Options with { MemoryBudget = budget, Progress = progress });

        NtkProblem.ShouldBeClose(spectrum.Eigenvalues, NtkAnalysis.Spectrum(model, NtkProblem.Data(), mask, NtkProblem.Options).Eigenvalues, 1e-12);
        long columns = (budget - 9600) / 160, turns = (mask.Kept + columns - 1) / columns;
        turns.Should().BeGreaterThan(3);
        progress.Seen.Should().HaveCount((int)(20 * turns));
        progress.Seen[^1].Should().BeEquivalentTo(new { Done = 20 * turns, Total = 20 * turns });
    }

    [Fact]
    public void Spectrum_MaskThatKeepsAll_EqualsNoMask()
    {
        using var scope = NewDisposeScope();
        using var model = NtkProblem.Create("residual");
        using var all = new PruningMask(model.named_parameters().Where(p => p.parameter.dim() > 1).Select(p => KeyValuePair.Create(p.name, ones_like(p.parameter))));

        var spectrum = NtkAnalysis.Spectrum(model, NtkProblem.Data(), all, NtkProblem.Options);

        spectrum.Eigenvalues.Should().Equal(NtkAnalysis.Spectrum(model, NtkProblem.Data(), options: NtkProblem.Options).Eigenvalues);
    }

    [Fact]
    public void Spectrum_MaskThatKeepsNothing_IsZero()
    {
        using var scope = NewDisposeScope();
        using var model = NtkProblem.Create("convnet");
        using var none = new PruningMask(model.named_parameters().Where(p => p.parameter.dim() > 1).Select(p => KeyValuePair.Create(p.name, zeros_like(p.parameter))));

        var spectrum = NtkAnalysis.Spectrum(model, NtkProblem.Data(), none, NtkProblem.Options);

        spectrum.Eigenvalues.Should().HaveCount(20).And.OnlyContain(value => value == 0);
        spectrum.Parameters.Should().Be(0);
    }

    [Fact]
    public void Spectrum_AnyNetwork_IsNotNegativeSumsToTheTraceAndHasNoHigherRankThanColumns()
    {
        using var scope = NewDisposeScope();
        using var model = NtkProblem.Linear(6, 5, 3);
        using var few = new PruningMask([
            KeyValuePair.Create("0.weight", zeros(5, 6)), KeyValuePair.Create("1.weight", cat([ones(3, 1), zeros(3, 4)], 1))]);
        using var some = new PruningMask([KeyValuePair.Create("0.weight", ones(5, 6)), KeyValuePair.Create("1.weight", cat([ones(3, 1), zeros(3, 4)], 1))]);
        var data = PruningData.From([Samples.Normal(20, [6], 3, dtype: float64)]);

        foreach (var mask in new[] { few, some })
        {
            var spectrum = NtkAnalysis.Spectrum(model, data, mask, NtkProblem.Options);
            spectrum.Eigenvalues.Should().HaveCount(60).And.BeInDescendingOrder().And.OnlyContain(value => value >= 0);
            spectrum.Eigenvalues.Sum().Should().BeApproximately(spectrum.Trace, 1e-10 * spectrum.Trace);
            spectrum.Eigenvalues.Count(value => value > 1e-10 * spectrum.Trace).Should().BeLessThanOrEqualTo((int)mask.Kept);
        }
    }

    [Fact]
    public void Spectrum_BatchesOnRunningStatistics_AreOneBatch()
    {
        using var scope = NewDisposeScope();
        using var model = NtkProblem.Create("residual");

        var spectrum = NtkAnalysis.Spectrum(
            model, PruningData.From(NtkProblem.Input().split(2).Select(part => (part, zeros(part.size(0), int64)))), options: NtkProblem.Options);

        NtkProblem.ShouldBeClose(spectrum.Eigenvalues, NtkAnalysis.Spectrum(model, NtkProblem.Data(), options: NtkProblem.Options).Eigenvalues, 1e-12);
    }

    [Theory]
    [InlineData("convnet")]
    [InlineData("residual")]
    public void Spectrum_Float32_EqualsFloat64ToSinglePrecision(string name)
    {
        using var scope = NewDisposeScope();
        using var wide = NtkProblem.Create(name);
        using var narrow = NtkProblem.Create(name).to(float32);
        NtkProblem.ShouldHaveTheSamePathsInFloat32(wide);
        narrow.train();

        var spectrum = NtkAnalysis.Spectrum(narrow, NtkProblem.Data(), options: NtkProblem.Options);

        NtkProblem.ShouldBeClose(spectrum.Eigenvalues, NtkAnalysis.Spectrum(wide, NtkProblem.Data(), options: NtkProblem.Options).Eigenvalues, 1e-4);
    }

    [Fact]
    public void Spectrum_SharedWeight_HasOneColumnForBothUses()
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        var shared = nn.Linear(4, 4);
        using var model = Sequential(("first", shared), ("relu", ReLU()), ("second", shared)).to(float64);
        var (X, target) = Samples.Normal(5, [4], dtype: float64);

        var spectrum = NtkAnalysis.Spectrum(model, PruningData.From([(X, target)]), options: NtkProblem.Options);

        spectrum.Parameters.Should().Be(16);
        NtkProblem.ShouldBeClose(spectrum.Eigenvalues, DirectJacobian.Eigenvalues(model, X));
    }

    private static void SetRunningStatistics(ConvNet model, Tensor input)
    {
        model.eval();
        foreach (string name in new[] { "bn1", "bn2" })
        {
            var norm = (TorchSharp.Modules.BatchNorm2d)model.named_children().Single(child => child.name == name).module;
            var hook = norm.register_forward_pre_hook((_, x) =>
            {
                using var noGrad = no_grad();
                var mean = x.mean([0, 2, 3], keepdim: true);
                norm.running_mean!.copy_(mean.flatten());
                norm.running_var!.copy_((x - mean).square().mean([0, 2, 3]));
                return null!;
            });
            model.call(input);
            hook.remove();
        }
    }
}

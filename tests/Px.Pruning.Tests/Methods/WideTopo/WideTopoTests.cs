using Px.Pruning.Tests.Networks;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Methods.WideTopo;

/// <summary>The score, its laws, and what it refuses. Parity is in Reference/Parity, restoration and decay in <see cref="MaskTopologyTests"/>.</summary>
public sealed class WideTopoTests : IDisposable
{
    private static readonly PruningOptions options = new() { Seed = 4, Data = DataBudget.All };

    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose() => scope.Dispose();

    [Fact]
    public void Score_BothParts_IsTheirWeightedSum()
    {
        using var model = new ConvNet().to(float64);
        using var trace = new WideTopoPruner { NtkWeight = 1, AlignmentWeight = 0 }.Score(model, Data(), options: options);
        using var alignment = new WideTopoPruner { NtkWeight = 0 }.Score(model, Data(), options: options);

        using var both = new WideTopoPruner { NtkWeight = 0.3, AlignmentWeight = 2 }.Score(model, Data(), options: options);

        foreach (string name in both.Names)
            both[name].allclose(0.3 * trace[name] + 2 * alignment[name], 1e-9, 1e-12).Should().BeTrue(name);
    }

    /// <summary>f = v u x: γ = (v x c, u x c), t = c² x² (u² + v²), |θ ∂t/∂θ| = 2 θ² c² x² for both weights.</summary>
    [Fact]
    public void Score_TraceOfTwoNumbersInSeries_IsTheClosedForm()
    {
        using var model = Sequential(("u", Linear(1, 1, hasBias: false)), ("v", Linear(1, 1, hasBias: false))).to(float64);
        const double u = 1.5, v = -0.7, x = 2, c = 1.25;
        Set(model, "u.weight", u);
        Set(model, "v.weight", v);
        var pruner = new WideTopoPruner { NtkWeight = 1, AlignmentWeight = 0, Draws = (_, shape) => full(shape, c, float64) };

        using var scores = pruner.Score(model, PruningData.From([(full([1, 1], x, float64), zeros(1, int64))]), options: WithLoss());

        scores["u.weight"].ToDouble().Should().BeApproximately(2 * u * u * c * c * x * x, 1e-12);
        scores["v.weight"].ToDouble().Should().BeApproximately(2 * v * v * c * c * x * x, 1e-12);
    }

    /// <summary>
    /// f = v u x with δθ = δx = ε d: Δ = [(v + e)(u + e) − v u] e with e = ε d, and ∂Δ/∂m of either weight = (v + e)(u + e) e − v u e = Δ.
    /// So |∂A/∂m| = 2 Δ² / ε².
    /// </summary>
    [Fact]
    public void Score_AlignmentOfTwoNumbersInSeries_IsTheClosedForm()
    {
        using var model = Sequential(("u", Linear(1, 1, hasBias: false)), ("v", Linear(1, 1, hasBias: false))).to(float64);
        const double u = 1.5, v = -0.7, d = 1.25, epsilon = 0.1;
        Set(model, "u.weight", u);
        Set(model, "v.weight", v);
        var pruner = new WideTopoPruner { NtkWeight = 0, Perturbation = epsilon, Draws = (_, shape) => full(shape, d, float64) };

        using var scores = pruner.Score(model, PruningData.From([(full([1, 1], 2.0, float64), zeros(1, int64))]), options: WithLoss());

        const double e = epsilon * d, delta = (((v + e) * (u + e)) - (v * u)) * e;
        scores["u.weight"].ToDouble().Should().BeApproximately(2 * delta * delta / (epsilon * epsilon), 1e-12);
        scores["v.weight"].ToDouble().Should().BeApproximately(2 * delta * delta / (epsilon * epsilon), 1e-12);
    }

    [Fact]
    public void Score_TraceOfANetworkThatIsLinearInItsWeights_IsZero()
    {
        using var model = Linear(5, 3).to(float64);
        var data = PruningData.From([Samples.Normal(8, [5], 3, dtype: float64)]);

        using var scores = new WideTopoPruner { AlignmentWeight = 0 }.Score(model, data, options: options);

        scores["weight"].count_nonzero().ToInt64().Should().Be(0);
    }

    [Fact]
    public void Score_OtherTargets_IsTheSame()
    {
        using var model = new ConvNet();
        var (input, target) = Samples.Normal(8, [3, 8, 8]);

        using var expected = new WideTopoPruner().Score(model, [(input, target)], options: options);
        using var scores = new WideTopoPruner().Score(model, [(input, (target + 1).remainder(4))], options: options);

        foreach (string name in scores.Names) scores[name].Equals(expected[name]).Should().BeTrue(name);
    }

    [Fact]
    public void Score_Float32_IsThatOfFloat64()
    {
        using var model = new ConvNet();
        using var wide = new ConvNet();
        wide.load_state_dict(model.state_dict());
        wide.to(float64);

        using var scores = new WideTopoPruner().Score(model, Data(float32), options: options);
        using var expected = new WideTopoPruner().Score(wide, Data(float32), options: options);

        foreach (string name in scores.Names) scores[name].allclose(expected[name], 1e-9, 0).Should().BeTrue(name);
    }

    [Theory, InlineData(NormStatistics.Running), InlineData(NormStatistics.PruningBatch)]
    public void Score_LayersThatNoHookSees_EqualsTheTwinInFloat64AndIsRefusedInFloat32(NormStatistics statistics)
    {
        using var silent = new SilentNet(silent: true);
        using var twin = new SilentNet(silent: false);
        Samples.Disturb(silent);
        twin.load_state_dict(silent.state_dict());
        var pruner = new WideTopoPruner { NormStatistics = statistics };
        var before = ModelState.Of(silent);

        pruner.Invoking(p => p.Prune(silent, Data(float32), 0.5, options)).Should().Throw<UnsupportedModelException>()
            .WithMessage("*float64*'conv'*forward()*to(float64)*can be pruned by SnipPruner*").Which.Module.Should().Be("conv");
        ModelState.Of(silent).ShouldEqual(before);

        silent.to(float64);
        twin.to(float64);
        before = ModelState.Of(silent);
        using var scores = pruner.Score(silent, Data(), options: options);
        using var expected = pruner.Score(twin, Data(), options: options);

        foreach (string name in scores.Names)
        {
            double largest = expected[name].max().ToDouble();
            scores[name].allclose(expected[name], 1e-7, 1e-7 * largest).Should().BeTrue(name);
        }

        ModelState.Of(silent).ShouldEqual(before);
    }

    [Fact]
    public void Prune_ModelThatConvertsItsOutput_IsRefusedButNotByTheTraceAlone()
    {
        using var model = new ConvertingNet();

        new WideTopoPruner().Invoking(p => p.Prune(model, [Samples.Normal(8, [5], 3)], 0.5, options))
            .Should().Throw<UnsupportedModelException>().WithMessage("*returns Float32*AlignmentWeight to 0*SnipPruner*");
        new WideTopoPruner { AlignmentWeight = 0 }.Prune(model, [Samples.Normal(8, [5], 3)], 0.5, options).Dispose();
    }

    [Fact]
    public void Prune_NothingToScoreBy_Throws() =>
        FluentActions.Invoking(() => new WideTopoPruner { NtkWeight = 0, AlignmentWeight = 0 }.Prune(new ConvNet(), Data(float32), 0.5))
            .Should().Throw<InvalidOperationException>().WithMessage("*NtkWeight and AlignmentWeight*");

    [Fact]
    public void Settings_OutsideTheirRange_Throw()
    {
        foreach (double value in new[] { -1, double.NaN, double.PositiveInfinity })
        {
            FluentActions.Invoking(() => new WideTopoPruner { NtkWeight = value }).Should().Throw<ArgumentOutOfRangeException>();
            FluentActions.Invoking(() => new WideTopoPruner { AlignmentWeight = value }).Should().Throw<ArgumentOutOfRangeException>();
            FluentActions.Invoking(() => new WideTopoPruner { DensityDecay = value }).Should().Throw<ArgumentOutOfRangeException>();
            FluentActions.Invoking(() => new WideTopoPruner { Perturbation = value }).Should().Throw<ArgumentOutOfRangeException>();
        }

        FluentActions.Invoking(() => new WideTopoPruner { Perturbation = 0 }).Should().Throw<ArgumentOutOfRangeException>();
        FluentActions.Invoking(() => new WideTopoPruner { Restorations = -1 }).Should().Throw<ArgumentOutOfRangeException>();
    }

    // The library probes the second derivative of a loss, here of one output.
    private static PruningOptions WithLoss() => options with { Loss = (output, _) => output.square().sum() };

    private static PruningData Data(ScalarType type = ScalarType.Float64) =>
        PruningData.From([Samples.Normal(6, [3, 8, 8], dtype: type), Samples.Normal(5, [3, 8, 8], seed: 3, dtype: type)]);

    private static void Set(Module<Tensor, Tensor> model, string name, double value)
    {
        using var noGrad = no_grad();
        model.get_parameter(name)!.fill_(value);
    }

    /// <summary>Converts what flows through it to float32, before a linear layer and at its end.</summary>
    private sealed class ConvertingNet : Module<Tensor, Tensor>
    {
        private readonly Module<Tensor, Tensor> first = Linear(5, 6), relu = ReLU(), last = Linear(6, 3);

        internal ConvertingNet() : base(nameof(ConvertingNet)) => RegisterComponents();

        public override Tensor forward(Tensor input) =>
            last.call(relu.call(first.call(input.to(ScalarType.Float32))).to(ScalarType.Float32)).to(ScalarType.Float32);
    }
}

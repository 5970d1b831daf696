using Px.Pruning.Analysis;
using Px.Pruning.Shrinking;
using Px.Pruning.Tests.Methods;
using Px.Pruning.Tests.Networks;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Analysis;

/// <summary>Numbers of a network of two inputs are those of the same network whose one input holds both.</summary>
public sealed class SeveralInputsAnalysisTests : IDisposable
{
    private static readonly PruningData shapes = PruningData.Shapes([2, 6, 6], [1, 6, 6]);

    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose() => scope.Dispose();

    [Theory, InlineData(0.5), InlineData(0.95)]
    public void Analyze_TwoInputs_CountsTheSame(double sparsity)
    {
        var (two, packed) = SeveralInputsTests.Twins();
        using var result = new RandomPruner().Prune(packed, sparsity, new() { Seed = 5 });

        var analysis = NetworkAnalysis.Analyze(two, shapes, result.Mask);
        using var effective = NetworkAnalysis.EffectiveMask(two, shapes, result.Mask);
        using var expected = NetworkAnalysis.EffectiveMask(packed, [3, 6, 6], result.Mask);

        analysis.PathsUnknown.Should().BeNull();
        analysis.ToString().Should().Be(NetworkAnalysis.Analyze(packed, [3, 6, 6], result.Mask).ToString());
        NetworkAnalysis.Analyze(two, SeveralInputsTests.TwoImages(), result.Mask).ToString().Should().Be(analysis.ToString());
        foreach (string name in expected.Names) effective[name].eq(expected[name]).all().ToBoolean().Should().BeTrue(name);
    }

    [Fact]
    public void NtkAnalysis_TwoInputs_GivesTheSameNumbers()
    {
        var (two, packed) = SeveralInputsTests.Twins();
        var (data, whole) = (SeveralInputsTests.TwoImages(), PruningData.From(SeveralInputsTests.Images()));
        var options = new NtkOptions { Data = DataBudget.Batches(2) };
        var state = ModelState.Of(two);

        Equal(NtkAnalysis.Spectrum(two, data, options: options).Eigenvalues, NtkAnalysis.Spectrum(packed, whole, options: options).Eigenvalues);
        Equal(
            NtkAnalysis.TopEigenvalues(two, data, options: new() { Kernel = options, Count = 3 }).Eigenvalues,
            NtkAnalysis.TopEigenvalues(packed, whole, options: new() { Kernel = options, Count = 3 }).Eigenvalues);
        var (bound, expected) = (
            NtkAnalysis.Bound(two, data, options: new() { Kernel = options }), NtkAnalysis.Bound(packed, whole, options: new() { Kernel = options }));
        Equal([bound.Value, bound.Trace.Value], [expected.Value, expected.Trace.Value]);
        bound.Exceptions.Should().Equal(expected.Exceptions);
        ModelState.Of(two).ShouldEqual(state);
    }

    [Theory, InlineData(false), InlineData(true)]
    public void Shrink_TwoInputs_RemovesTheSameChannelsAndAnswersTheSame(bool fromFactory)
    {
        var (two, packed) = SeveralInputsTests.Twins();
        foreach (var module in (Module[])[two, packed]) Silence(module);
        using var noGrad = no_grad();
        var (left, right) = (randn([5, 2, 6, 6], ScalarType.Float64), randn([5, 1, 6, 6], ScalarType.Float64));
        two.eval();
        var before = two.call(left, right);
        var state = ModelState.Of(two);

        using var small = fromFactory
            ? Shrinker.Shrink(two, () => (PruningModel)new TwoInputNet(), shapes)
            : Shrinker.Shrink(two, SeveralInputsTests.TwoImages());
        using var expected = Shrinker.Shrink(packed, [3, 6, 6]);

        small.Layers.Select(layer => (layer.Name, layer.Inputs, layer.Outputs))
            .Should().Equal(expected.Layers.Select(layer => (layer.Name, layer.Inputs, layer.Outputs)));
        (small.Parameters, small.Flops).Should().Be((expected.Parameters, expected.Flops));
        small.Parameters.Should().BeLessThan(small.ParametersBefore);
        var after = ((Module<Tensor, Tensor, Tensor>)small.Module).call(left, right);
        (after - before).abs().max().ToDouble().Should().BeLessThan(1e-12 * before.abs().max().ToDouble());
        small.Invoking(s => s.Model).Should().Throw<InvalidOperationException>().WithMessage("*ShrinkResult.Module*");
        expected.Model.Should().BeSameAs(packed);
        if (!fromFactory) return;
        ModelState.Of(two).ShouldEqual(state);
        small.Module.Dispose();
    }

    [Fact]
    public void Shrink_IndicesBesideNumbers_IsRefusedAndTheModelStays()
    {
        using var net = new WordsAndNumbers();
        var state = ModelState.Of(net);
        var data = PruningData.From(
            [0], _ => ([arange(12).reshape(4, 3).remainder(10), randn(4, 4)], zeros(4, dtype: ScalarType.Int64)));

        FluentActions.Invoking(() => Shrinker.Shrink(net, data))
            .Should().Throw<UnsupportedModelException>().WithMessage("*Int64*random numbers*floating-point*");

        ModelState.Of(net).ShouldEqual(state);
    }

    [Fact]
    public void Analyze_IndicesBesideNumbers_CountsAndLeavesPathsUnknown()
    {
        using var net = new WordsAndNumbers();
        var data = PruningData.From(
            [0], _ => ([arange(12).reshape(4, 3).remainder(10), randn(4, 4)], zeros(4, dtype: ScalarType.Int64)));

        var analysis = NetworkAnalysis.Analyze(net, data);

        analysis.DenseFlops.Should().Be(2 * ((10 * 5) + (5 * 3)));
        analysis.PathsUnknown.Should().Contain("'words'");
    }

    [Fact]
    public void Analyze_NoShape_IsRefused()
    {
        var (two, _) = SeveralInputsTests.Twins();

        foreach (var action in (Action[])
            [
                () => NetworkAnalysis.Analyze(two, PruningData.None), () => NetworkAnalysis.EffectiveMask(two, PruningData.None),
                () => Shrinker.Shrink(two, PruningData.None),
            ])
        {
            action.Should().Throw<ArgumentException>().WithMessage("*PruningData.Shapes*").WithParameterName("sample");
        }
    }

    // Makes channels that carry nothing: one without weights, and one that nothing reads.
    private static void Silence(Module module)
    {
        using var noGrad = no_grad();
        var weights = module.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        foreach (string name in (string[])["left.weight", "norm.weight", "norm.bias", "right.weight", "right.bias"]) weights[name][1] = 0;
        weights["fc.weight"][.., 3] = 0;
    }

    private static void Equal(IEnumerable<double> numbers, IEnumerable<double> expected)
    {
        double largest = expected.Max();
        foreach (var (a, b) in numbers.Zip(expected)) a.Should().BeApproximately(b, 1e-10 * largest);
    }
}

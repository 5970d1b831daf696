using Px.Bytes;
using Px.Pruning.Analysis;
using Px.Pruning.Masking;
using Px.Pruning.Tests.Networks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Masking;

/// <summary>One tensor in several modules is one tensor, whether they share a handle or not.</summary>
public class TensorAddressTests
{
    [Theory]
    [InlineData(ScalarType.Float64)]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float16)]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Int64)]
    [InlineData(ScalarType.Bool)]
    public void Of_HandlesOfOneTensor_IsEqualAndOfOthersIsNot(ScalarType type)
    {
        using var scope = NewDisposeScope();
        var whole = zeros([4, 4], type);
        long live = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

        var memory = TensorAddress.Of(whole);

        DisposeScopeManager.Statistics.ThreadTotalLiveCount.Should().Be(live);
        whole.sum().IsInvalid.Should().BeFalse();
        TensorAddress.Of(whole.alias()).Should().Be(memory);
        TensorAddress.Of(whole.detach()).Should().Be(memory);
        TensorAddress.Of(whole.clone()).Should().NotBe(memory);
        TensorAddress.Of(whole[0]).Should().NotBe(memory, "a part is not the whole");
        TensorAddress.Of(whole[1]).Should().NotBe(TensorAddress.Of(whole[0]), "as the weights of a flattened LSTM");
        TensorAddress.Of(zeros([0], type)).Should().NotBe(TensorAddress.Of(zeros([0], type)));
    }

    [Fact]
    public void Analyze_TiedEmbedding_CountsItOnce()
    {
        using var scope = NewDisposeScope();
        using var model = new Tied();

        NetworkAnalysis.Analyze(model, [3]).Parameters.Should().Be(4 * 4 + 4 + 4 * 5 + 5);

        SharedParameters.Of(model).Should().BeEquivalentTo(
            model.named_modules().Where(module => module.name is "tokens" or "words").Select(module => module.module));
    }

    [Fact]
    public void Trace_OfAllParameters_CountsATiedEmbeddingOnce()
    {
        using var scope = NewDisposeScope();
        using var model = new Tied();
        var data = (randint(0, 5, [4, 3], int64), zeros(4, int64));
        var options = new NtkTraceOptions { Kernel = new() { Data = DataBudget.All, AllParameters = true } };

        var trace = NtkAnalysis.Trace(model, PruningData.From([data]), options: options);

        double expected = 0;
        string[] names = ["mix.weight", "mix.bias", "words.weight", "words.bias"];
        for (long n = 0; n < 4; n++)
        for (long k = 0; k < 5; k++)
        {
            model.zero_grad();
            model.call(data.Item1.narrow(0, n, 1))[0, k].backward();
            expected += names.Sum(name => model.get_parameter(name)!.grad!.square().sum().ToDouble());
        }

        trace.Value.Should().BeApproximately(expected, 1e-9 * expected);
        trace.Parameters.Should().Be(4 * 4 + 4 + 4 * 5 + 5);
    }

    [Fact]
    public void Trace_SelectionThatIncludesAnotherParameter_IsRefusedByName()
    {
        using var scope = NewDisposeScope();
        using var model = IncludedNets.Create("bilinear");
        var options = new NtkTraceOptions { Kernel = new() { Parameters = IncludedNets.Selection("bilinear"), Data = DataBudget.All } };
        var before = ModelState.Of(model);

        var act = () => NtkAnalysis.Trace(model, PruningData.From([IncludedNets.Data("bilinear")]), options: options);

        act.Should().Throw<ArgumentException>().WithMessage("*'pair.weight'*AllParameters*");
        ModelState.Of(model).ShouldEqual(before);
    }

    private sealed class Tied : Module<Tensor, Tensor>
    {
        private readonly Embedding tokens = Embedding(5, 4, dtype: float64);
        private readonly Linear mix = Linear(4, 4, dtype: float64), words = Linear(4, 5, dtype: float64);

        internal Tied() : base(nameof(Tied))
        {
            words.weight = tokens.weight!;
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => words.call(mix.call(tokens.call(input.to(int64)).mean([1])).tanh());
    }
}

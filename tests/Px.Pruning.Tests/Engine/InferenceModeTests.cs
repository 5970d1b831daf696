using Px.Pruning.Analysis;
using Px.Pruning.Shrinking;
using Px.Pruning.Tests.Methods;
using Px.Pruning.Tests.Networks;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Engine;

/// <summary>A model built under inference mode can be neither changed nor differentiated: refused in words, before anything changes.</summary>
public sealed class InferenceModeTests
{
    private const string Says = "*'*'*inference_mode()*load_state_dict*";

    [Theory, MemberData(nameof(AllPruners.Names), MemberType = typeof(AllPruners))]
    public void Prune_ModelBuiltUnderInferenceMode_IsRefused(string method)
    {
        using var scope = NewDisposeScope();
        using var model = Build();
        var before = ModelState.Of(model);
        var data = PruningData.From([Samples.Normal(8, [3, 8, 8])]);

        AllPruners.Get(method).Invoking(pruner => pruner.Prune(model, data, 0.5)).Should().Throw<UnsupportedModelException>().WithMessage(Says);
        AllPruners.Get(method).Invoking(pruner => pruner.Score(model, data)).Should().Throw<UnsupportedModelException>().WithMessage(Says);

        ModelState.Of(model).ShouldEqual(before);
    }

    [Fact]
    public void OtherCalls_ModelBuiltUnderInferenceMode_AreRefused()
    {
        using var scope = NewDisposeScope();
        using var model = Build();
        using var plain = new ConvNet(ConvNet.Relu.Module);
        using var result = new RandomPruner().Prune(plain, PruningData.None, 0.5);
        var before = ModelState.Of(model);
        var data = PruningData.From([Samples.Normal(8, [3, 8, 8])]);

        ((Action)(() => result.Mask.Bind(model))).Should().Throw<UnsupportedModelException>().WithMessage(Says);
        ((Action)(() => NtkAnalysis.Trace(model, data))).Should().Throw<UnsupportedModelException>().WithMessage(Says);
        ((Action)(() => NetworkAnalysis.Analyze(model, [3, 8, 8]))).Should().Throw<UnsupportedModelException>().WithMessage(Says);
        ((Action)(() => Shrinker.Shrink(model, [3, 8, 8]))).Should().Throw<UnsupportedModelException>().WithMessage(Says);

        ModelState.Of(model).ShouldEqual(before);
    }

    [Fact]
    public void Prune_BufferMadeUnderInferenceMode_IsRefusedByName()
    {
        using var scope = NewDisposeScope();
        using var model = new RawNet { AfterFirst = (m, x) => x * m["kernel"] };
        using (inference_mode()) model.With("kernel", ones(4, 1, 1, float64), isBuffer: true);

        new SnipPruner().Invoking(p => p.Prune(model, [Samples.Normal(8, [2, 5, 5], 2, dtype: float64)], 0.5))
            .Should().Throw<UnsupportedModelException>().WithMessage("'kernel'*inference_mode()*");
    }

    private static Module<Tensor, Tensor> Build()
    {
        using (inference_mode()) return new ConvNet(ConvNet.Relu.Module);
    }
}

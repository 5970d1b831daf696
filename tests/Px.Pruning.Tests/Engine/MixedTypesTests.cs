using System.Runtime.InteropServices;
using Px.Pruning.Tests.Methods;
using Px.Pruning.Tests.Networks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Engine;

/// <summary>Tensors that no hook converts, while scores are computed in another type: pruned rightly or refused in words, never a raw error.</summary>
public sealed class MixedTypesTests
{
    [Theory, MemberData(nameof(AllPruners.Names), MemberType = typeof(AllPruners))]
    public void Prune_FloatBufferInAFunction_ScoresAsInFloat64(string method)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        using var model = new BlurNet();

        ScoresAs(method, model, new BlurNet().to(float64), 1e-3);
    }

    [Theory, MemberData(nameof(AllPruners.Names), MemberType = typeof(AllPruners))]
    public void Prune_HalfPrecisionModelWithABuffer_ScoresAsInFloat32(string method)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        using var model = new BlurNet().to(ScalarType.BFloat16);

        // IMP's training rounds the weights to the model's type.
        ScoresAs(method, model, new BlurNet(), method == "IMP" ? 1e-2 : 1e-5);
    }

    [Theory, MemberData(nameof(AllPruners.Names), MemberType = typeof(AllPruners))]
    public void Prune_IndicesOfAnEmbedding_WorksOrSaysThatNoPathBeginsThere(string method)
    {
        using var scope = NewDisposeScope();
        using Module<Tensor, Tensor> model = new TextNet(), exact = new TextNet().to(float64);
        foreach (var net in new[] { model, exact })
            WorksOrIsRefused(method, net, (arange(24).reshape(8, 3).remainder(10), arange(8).remainder(4)), "*embedding*SnipPruner*");
    }

    [Fact]
    public void Prune_ErrorAboutTypesInTheCallersLoss_IsHandedOn()
    {
        using var scope = NewDisposeScope();
        using var model = new BlurNet();
        Tensor image = ones([1, 1, 2, 2], ScalarType.Float64), kernel = ones([1, 1, 1, 1], ScalarType.Float32);
        var options = new PruningOptions { Loss = (_, _) => functional.conv2d(image, kernel) };

        new SnipPruner().Invoking(pruner => pruner.Prune(model, [Samples.Normal(8, [2, 6, 6])], 0.5, options))
            .Should().Throw<ExternalException>("it is of the caller's making");
    }

    [Fact]
    public void Prune_TensorThatIsNotRegistered_MethodsThatStayInTheModelsTypeWork()
    {
        using var scope = NewDisposeScope();
        using var model = new BlurNet { Hidden = ones(4, 1, 3, 3) };

        foreach (string method in (string[])["SNIP", "IterSNIP", "FORCE", "GraSP", "ProsPR", "NTK-SAP", "Random", "Magnitude", "IMP"])
            AllPruners.Get(method).Prune(model, [Samples.Normal(8, [2, 6, 6])], 0.5).Dispose();
    }

    [Theory]
    [InlineData("PX")]
    [InlineData("SynFlow")]
    [InlineData("LogSynFlow")]
    public void Prune_TensorThatIsNotRegistered_IsRefusedByMethodsThatComputeInFloat64(string method)
    {
        using var scope = NewDisposeScope();
        using var model = new BlurNet { Hidden = ones(4, 1, 3, 3) };

        AllPruners.Get(method).Invoking(pruner => pruner.Prune(model, PruningData.From([Samples.Normal(8, [2, 6, 6])]), 0.5))
            .Should().Throw<UnsupportedModelException>().WithMessage("*Float32*registered*kernel.to(x.dtype)*SnipPruner*");
    }

    private static void ScoresAs(string method, Module<Tensor, Tensor> model, BlurNet wide, double tolerance)
    {
        using (no_grad())
            foreach (var (name, tensor) in wide.state_dict()) tensor.copy_(model.state_dict()[name]);
        var (input, target) = Samples.Normal(8, [2, 6, 6]);
        var type = wide.parameters().First().dtype;
        var before = ModelState.Of(model);

        using var scores = AllPruners.Get(method).Score(model, PruningData.From([(input, target)]), options: new() { Data = DataBudget.All, Seed = 1 });
        using var expected = AllPruners.Get(method).Score(wide, PruningData.From([(input.to(type), target)]), options: new() { Data = DataBudget.All, Seed = 1 });

        foreach (string name in scores.Names)
        {
            using var found = scores[name] * Math.ScaleB(1, scores.Exponent - expected.Exponent);
            found.allclose(expected[name], tolerance, tolerance * expected[name].abs().max().ToDouble()).Should().BeTrue(name);
        }

        ModelState.Of(model).ShouldEqual(before);
    }

    private static void WorksOrIsRefused(string method, Module<Tensor, Tensor> model, (Tensor, Tensor) batch, string message)
    {
        var before = ModelState.Of(model);
        try
        {
            AllPruners.Get(method).Score(model, PruningData.From([batch]), options: new() { Data = DataBudget.All }).Dispose();
        }
        catch (UnsupportedModelException refusal)
        {
            refusal.Message.Should().Match(message);
            refusal.InnerException.Should().BeOfType<ExternalException>();
        }

        ModelState.Of(model).ShouldEqual(before);
    }

    /// <summary>Convolution, a fixed blur by a buffer, ReLU, classifier.</summary>
    private sealed class BlurNet : Module<Tensor, Tensor>
    {
        private readonly Conv2d conv = Conv2d(2, 4, 3, padding: 1);
        private readonly ReLU relu = ReLU();
        private readonly Linear fc = Linear(4, 4);

        public BlurNet() : base(nameof(BlurNet))
        {
            register_buffer("kernel", ones(4, 1, 3, 3).div_(9));
            RegisterComponents();
        }

        /// <summary>Used instead of the buffer.</summary>
        public Tensor? Hidden { get; init; }

        public override Tensor forward(Tensor input)
        {
            var x = functional.conv2d(conv.call(input), Hidden ?? get_buffer("kernel")!, padding: [1], groups: 4);
            return fc.call(relu.call(x).mean([2, 3]));
        }
    }

    /// <summary>Indices [B, T] to an embedding, its mean, a classifier.</summary>
    private sealed class TextNet : Module<Tensor, Tensor>
    {
        private readonly Embedding embedding = Embedding(10, 6);
        private readonly Linear hidden = Linear(6, 8), fc = Linear(8, 4);
        private readonly ReLU relu = ReLU();

        public TextNet() : base(nameof(TextNet)) => RegisterComponents();

        public override Tensor forward(Tensor input) => fc.call(relu.call(hidden.call(embedding.call(input).mean([1]))));
    }
}

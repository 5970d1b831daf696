using Px.Pruning.Tests.Methods;
using Px.Pruning.Tests.Networks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Engine.Paths;

/// <summary>Constants with signs between layers, which a ReLU called as a function hides: no method of paths may score such a network.</summary>
public sealed class PathSignsTests
{
    /// <summary>Code on maps [B, 4, 8, 8] with negative coefficients.</summary>
    public static TheoryData<string, Func<Tensor, Tensor>> WithSigns => new()
    {
        { "Sobel kernel", x => functional.conv2d(x, Kernel(-1, 0, 1, -2, 0, 2, -1, 0, 1).to(x.dtype), padding: [1], groups: 4) },
        { "Laplacian", x => x - functional.avg_pool2d(x, 3, stride: 1, padding: 1) },
        { "signed matrix", x => x.matmul((arange(64).mul_(7).remainder_(11) - 5).reshape(8, 8).to(x.dtype)) },
        { "bicubic resizing", x => functional.interpolate(x, [13, 13], mode: InterpolationMode.Bicubic, align_corners: false) },
    };

    /// <summary>Code without: it must not be refused.</summary>
    public static TheoryData<string, Func<Tensor, Tensor>> WithoutSigns => new()
    {
        { "blur kernel", x => functional.conv2d(x, Kernel(1, 2, 1, 2, 4, 2, 1, 2, 1).to(x.dtype), padding: [1], groups: 4) },
        { "max-pooling", x => functional.max_pool2d(x, 2) },
        { "bilinear resizing", x => functional.interpolate(x, [13, 13], mode: InterpolationMode.Bilinear, align_corners: false) },
        { "channel shuffle", x => x.reshape(-1, 2, 2, 8, 8).transpose(1, 2).flatten(1, 2) },
    };

    [Theory, MemberData(nameof(WithSigns))]
    public void Prune_SignedConstantsBeforeAFunctionalRelu_AreUnknownToTheReportAndRefusedByPaths(string what, Func<Tensor, Tensor> code)
    {
        using var scope = NewDisposeScope();
        using var model = new ConstantNet(code);
        var data = PruningData.From([Samples.Normal(8, [1, 8, 8])]);
        var before = ModelState.Of(model);

        foreach (string method in (string[])["PX", "PX joint", "SynFlow", "SynFlow-L2", "LogSynFlow"])
        {
            AllPruners.Get(method).Invoking(pruner => pruner.Prune(model, data, 0.5))
                .Should().Throw<UnsupportedModelException>(what).WithMessage("*'first'*'second'*negative*can be pruned by SnipPruner*").Which.Module.Should().Be("second");
            ModelState.Of(model).ShouldEqual(before);
        }

        using var result = new SnipPruner().Prune(model, data, 0.5);
        result.Report.IsConnected.Should().BeNull("no path can be followed, {0}", what);
    }

    [Theory, MemberData(nameof(WithoutSigns))]
    public void Prune_PositiveConstants_ArePartOfThePaths(string what, Func<Tensor, Tensor> code)
    {
        using var scope = NewDisposeScope();
        using var model = new ConstantNet(code);

        using var result = new SynFlowPruner().Prune(model, PruningData.Shape(1, 8, 8), 0.5);

        result.Report.OutputsReached.Should().Be(4, what);
    }

    [Theory]
    [InlineData("log_softmax")]
    [InlineData("softmax")]
    [InlineData("sigmoid")]
    public void Prune_ForwardThatEndsInASoftmax_AsksForLogits(string end)
    {
        using var scope = NewDisposeScope();
        using var model = new ConstantNet(x => x, end switch
        {
            "log_softmax" => x => functional.log_softmax(x, 1),
            "softmax" => x => functional.softmax(x, 1),
            _ => functional.sigmoid,
        });

        foreach (string method in (string[])["PX", "SynFlow"])
        {
            AllPruners.Get(method).Invoking(pruner => pruner.Prune(model, PruningData.From([Samples.Normal(8, [1, 8, 8])]), 0.5))
                .Should().Throw<UnsupportedModelException>().WithMessage("*after 'fc', at the end of the model's forward*return logits*");
        }
    }

    [Fact]
    public void Prune_ForwardThatNormalisesTheData_NamesTheDataLoader()
    {
        using var scope = NewDisposeScope();
        using var model = new ConstantNet(x => x) { Begin = x => (x - 0.5) / 0.2 };

        new PathExclusionPruner().Invoking(pruner => pruner.Prune(model, [Samples.Normal(8, [1, 8, 8])], 0.5))
            .Should().Throw<UnsupportedModelException>().WithMessage("The code before 'first'*data loader*").Which.Module.Should().Be("first");
    }

    private static Tensor Kernel(params float[] numbers) => tensor(numbers).reshape(1, 1, 3, 3).expand(4, 1, 3, 3).contiguous();

    /// <summary>A convolution, constant code and a ReLU called as a function, another convolution, a classifier.</summary>
    private sealed class ConstantNet : Module<Tensor, Tensor>
    {
        private readonly Func<Tensor, Tensor> code, end;
        private readonly Conv2d first = Conv2d(1, 4, 3, padding: 1), second = Conv2d(4, 4, 3, padding: 1);
        private readonly Linear fc = Linear(4, 4);

        public ConstantNet(Func<Tensor, Tensor> code, Func<Tensor, Tensor>? end = null) : base(nameof(ConstantNet))
        {
            (this.code, this.end) = (code, end ?? (x => x));
            RegisterComponents();
        }

        public Func<Tensor, Tensor> Begin { get; init; } = x => x;

        public override Tensor forward(Tensor input)
        {
            var x = functional.relu(code(functional.relu(first.call(Begin(input)))));
            return end(fc.call(functional.relu(second.call(x)).mean([2, 3])));
        }
    }
}

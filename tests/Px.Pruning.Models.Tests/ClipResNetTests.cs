using Px.Pruning.Models.Blocks;
using Px.Pruning.Models.Tests.Support;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Models.Tests;

/// <summary>What does not need another implementation's answers; ClipReferenceTests has those.</summary>
public sealed class ClipResNetTests
{
    private static readonly ClipResNetOptions Narrow = new() { Width = 4, InputResolution = 64, EmbeddingSize = 12, Seed = 1 };

    public static TheoryData<ClipResNetOptions, int> Kinds => new()
    {
        { Narrow, 12 },
        { Narrow with { Classes = 5 }, 5 },
        { Narrow with { Pooling = ClipPooling.Average }, 128 },
        { Narrow with { Pooling = ClipPooling.Average, Classes = 5 }, 5 },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Call_OnImages_RunsEveryModuleThroughCallOnce(ClipResNetOptions options, int outputs)
    {
        using var model = ClipResNet.Create(options);
        var fired = model.CountCalls();
        using var input = randn(2, 3, 64, 64);
        using var output = model.call(input);
        output.shape.Should().Equal(2, outputs);
        model.modules().OfType<ReLU>().Should().HaveCount(3 + (3 * 16));
        fired.Values.Should().AllBeEquivalentTo(1);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Backward_OfATrainingStep_ReachesEveryParameterAndLowersTheLoss(ClipResNetOptions options, int outputs)
    {
        using var model = ClipResNet.Create(options).to(ScalarType.Float64);
        using var generator = new Generator(1);
        using var input = randn([8, 3, 64, 64], ScalarType.Float64, generator: generator);
        using var target = arange(8, ScalarType.Int64).remainder(outputs);
        // A constant added to every key shifts all of a query's scores alike, which softmax does not see.
        model.ShouldDescend(() => nn.functional.cross_entropy(model.call(input), target), ignored: name => name == "attnpool.k_proj.bias");
    }

    [Fact]
    public void Call_AttentionOnImagesOfAnotherSize_SaysWhichSizeItTakes()
    {
        using var model = ClipResNet.Create(Narrow);
        using var input = randn(2, 3, 64, 96);
        LiveTensors.ShouldNotGrow(() => model.Invoking(network => network.call(input)).Should().Throw<ArgumentException>().WithMessage("*2×3*2×2*64×64*InputResolution*"));
    }

    [Theory]
    [InlineData(33, 47)]
    [InlineData(65, 97)]
    public void Call_AverageOnImagesOfAnySize_YieldsLogits(int height, int width)
    {
        using var model = ClipResNet.Create(Narrow with { Pooling = ClipPooling.Average, Classes = 7, InputChannels = 1 });
        using var input = randn(2, 1, height, width);
        using var output = model.call(input);
        output.shape.Should().Equal(2, 7);
        output.isfinite().all().ToBoolean().Should().BeTrue();
    }

    [Fact]
    public void Call_AttentionWithZeroKeys_AveragesTheValues()
    {
        // Equal scores give equal weights: c(mean(v(tokens))) with tokens the positions and their mean, whose mean is the mean over the positions.
        using var scope = NewDisposeScope();
        using var untracked = no_grad();
        var pooling = new AttentionPooling(side: 2, channels: 128, outputs: 3);
        pooling.Initialize(null);
        nn.init.zeros_(pooling.get_parameter("k_proj.weight")!);
        nn.init.zeros_(pooling.get_parameter("positional_embedding")!);
        var input = randn(2, 128, 2, 2);
        var layers = pooling.named_children().ToDictionary(child => child.name, child => (Linear)child.module);
        var expected = layers["c_proj"].call(layers["v_proj"].call(input.mean([2, 3])));
        (pooling.call(input) - expected).abs().max().ToSingle().Should().BeLessThan(1e-5f);
        pooling.Dispose();
    }

    [Fact]
    public void To_AnotherType_MovesThePositionEmbeddingsToo()
    {
        using var model = ClipResNet.Create(Narrow);
        model.to(ScalarType.Float64);
        model.parameters().Should().OnlyContain(parameter => parameter.dtype == ScalarType.Float64);
        using var input = randn(2, 3, 64, 64, ScalarType.Float64);
        using var output = model.call(input);
        output.dtype.Should().Be(ScalarType.Float64);
    }

    [Fact]
    public void Create_Weights_AreDrawnAsDocumented()
    {
        using var model = ClipResNet.Create(Narrow with { Width = 8, EmbeddingSize = 64, Classes = 50, Seed = 3 });
        foreach (var (name, parameter) in model.named_parameters())
        {
            if (parameter.dim() == 4)
                parameter.ShouldBeNormal(Math.Sqrt(2.0 / (parameter.numel() / parameter.shape[1])), name);
            else if (name.StartsWith("attnpool", StringComparison.Ordinal) && parameter.dim() == 2)
                parameter.ShouldBeNormal(1 / Math.Sqrt(256), name);
            else if (name.StartsWith("attnpool", StringComparison.Ordinal))
                parameter.ShouldBeUniform(1 / Math.Sqrt(256), name);
            else if (name == "fc.weight")
                parameter.ShouldBeUniform(1 / Math.Sqrt(64), name);
        }
    }

    [Fact]
    public void Create_SameSeed_GivesTheSameWeightsAndLeavesTheGlobalState()
    {
        manual_seed(7);
        using var expected = rand(4);
        manual_seed(7);
        using var first = ClipResNet.Create(Narrow);
        using var found = rand(4);
        using var second = ClipResNet.Create(Narrow);
        using var other = ClipResNet.Create(Narrow with { Seed = 6 });
        found.Floats().Should().Equal(expected.Floats());
        Weights(first).Should().Equal(Weights(second));
        Weights(first).Should().NotEqual(Weights(other));
    }

    public static TheoryData<ClipResNetOptions> BadOptions => new(
        new ClipResNetOptions { Pooling = (ClipPooling)9 },
        new ClipResNetOptions { Classes = 0 },
        new ClipResNetOptions { EmbeddingSize = 0 },
        new ClipResNetOptions { InputResolution = 0 },
        new ClipResNetOptions { InputResolution = 225 },
        new ClipResNetOptions { InputChannels = 0 },
        new ClipResNetOptions { Width = 0 },
        new ClipResNetOptions { Width = 7 });

    [Theory]
    [MemberData(nameof(BadOptions))]
    public void Create_OptionsOutsideTheirRange_AreRefusedBeforeAnyTensorIsMade(ClipResNetOptions options)
    {
        var before = LiveTensors.Count;
        FluentActions.Invoking(() => ClipResNet.Create(options)).Should().Throw<ArgumentOutOfRangeException>();
        LiveTensors.Count.Should().Be(before);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Create_ForwardBackwardAndDispose_LeavesNoTensors(ClipResNetOptions options, int outputs) => LiveTensors.ShouldNotGrow(() =>
    {
        using var model = ClipResNet.Create(options);
        using var input = randn(2, 3, 64, 64);
        using var output = model.call(input);
        output.shape[1].Should().Be(outputs);
        using var loss = output.sum();
        loss.backward();
    });

    [Fact]
    public void Create_InsideADisposeScope_OutlivesIt()
    {
        ClipResNet model;
        using (NewDisposeScope())
            model = ClipResNet.Create(Narrow);
        using var input = randn(2, 3, 64, 64);
        model.call(input).Dispose();
        model.Dispose();
    }

    [Fact]
    public void ToString_OfANetwork_NamesItAndCountsParametersAndFlops()
    {
        using var model = ClipResNet.Create(Narrow);
        // The output projection: 12 · 128 weights, once.
        model.ToString().Should().StartWith("CLIP ResNet-50: ").And.Contain("3 x 64 x 64").And.MatchRegex(@"attnpool\.c_proj +Linear +12 +1,548 +3,072\n");
    }

    private static float[] Weights(ClipResNet model) => [.. model.parameters().SelectMany(parameter => parameter.Floats())];
}

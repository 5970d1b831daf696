using Px.Pruning.Models.StateDicts;
using Px.Pruning.Models.Tests.Support;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Models.Tests;

/// <summary>Files with the keys of the three pre-trainings, at a fraction of their width, made by this library's writers.</summary>
public sealed class PretrainedTests : IDisposable
{
    private static readonly ResNetOptions Narrow = new() { Width = 4, Classes = 7, Seed = 5 };

    private static readonly ClipResNetOptions NarrowClip = new() { Width = 4, InputResolution = 64, EmbeddingSize = 12, Seed = 5 };

    private static readonly DeepLabOptions NarrowDeepLab = new() { Width = 4, HeadChannels = 8, LowLevelChannels = 6, Classes = 3, Seed = 5 };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("resnet50.pth")]
    [InlineData("resnet50.safetensors")]
    public void ImageNet_OfAnotherNumberOfClasses_KeepsAllButTheClassifier(string name)
    {
        var path = ImageNetFile(name);
        using var model = Pretrained.ImageNet(path, Narrow);
        ShouldHoldTheFormula(model, ResNet.Create(Narrow), "", "fc.");
        using var fresh = ResNet.Create(Narrow);
        model.get_parameter("fc.weight")!.Floats().Should().Equal(fresh.get_parameter("fc.weight")!.Floats(), "the classifier is the seed's");
    }

    [Fact]
    public void ImageNet_OfTheFilesOwnNumberOfClasses_StillHasANewClassifier()
    {
        using var model = Pretrained.ImageNet(ImageNetFile("resnet50.pth"), Narrow with { Classes = 9 });
        using var fresh = ResNet.Create(Narrow with { Classes = 9 });
        model.get_parameter("fc.bias")!.Floats().Should().Equal(fresh.get_parameter("fc.bias")!.Floats());
    }

    [Fact]
    public void MoCoV2_OfACheckpoint_TakesTheQueryEncoder()
    {
        using var model = Pretrained.MoCoV2(MoCoFile(), Narrow);
        ShouldHoldTheFormula(model, ResNet.Create(Narrow), "", "fc.");
    }

    [Theory]
    [InlineData("visual.", ClipPooling.Attention, null)]
    [InlineData("visual.", ClipPooling.Attention, 7)]
    [InlineData("visual.", ClipPooling.Average, 7)]
    [InlineData("", ClipPooling.Attention, null)]
    public void Clip_InHalfPrecision_KeepsAllButTheClassifier(string prefix, ClipPooling pooling, int? classes)
    {
        using var model = Pretrained.Clip(ClipFile(prefix), NarrowClip with { Pooling = pooling, Classes = classes });
        model.parameters().Should().OnlyContain(parameter => parameter.dtype == ScalarType.Float32);
        ShouldHoldTheFormula(model, ClipResNet.Create(NarrowClip), "", "fc.");
    }

    [Theory]
    [InlineData(Pretraining.ImageNet), InlineData(Pretraining.MoCoV2), InlineData(Pretraining.Clip)]
    public void DeepLab_OnAnyPretraining_HasTheFilesBackboneAndANewHead(Pretraining pretraining)
    {
        var path = pretraining switch { Pretraining.ImageNet => ImageNetFile("r.pth"), Pretraining.MoCoV2 => MoCoFile(), _ => ClipFile("visual.") };
        using var model = Pretrained.DeepLab(pretraining, path, NarrowDeepLab);
        ShouldHoldTheFormula(model, pretraining == Pretraining.Clip ? ClipResNet.Create(NarrowClip) : ResNet.Create(Narrow), "backbone.", "classifier.");
        using var fresh = DeepLab.Create(model.Options);
        model.get_parameter("classifier.aspp.project.0.weight")!.Floats().Should().Equal(fresh.get_parameter("classifier.aspp.project.0.weight")!.Floats());
    }

    [Fact]
    public void Load_AnotherPretrainingsFile_SaysWhoseItIs()
    {
        Refused(() => Pretrained.ImageNet(MoCoFile(), Narrow)).WithMessage("*no supervised ImageNet ResNet*'fc.weight'*looks like a MoCo v2*tensors: *");
        Refused(() => Pretrained.MoCoV2(ImageNetFile("r.pth"), Narrow)).WithMessage("*no MoCo v2*'module.encoder_q.conv1.weight'*looks like a supervised*conv1.weight, bn1.weight*, …");
        Refused(() => Pretrained.Clip(ImageNetFile("r.pth"), NarrowClip)).WithMessage("*no CLIP*'visual.conv3.weight'*looks like a supervised*");
        Refused(() => Pretrained.ImageNet(ClipFile("visual."), Narrow)).WithMessage("*looks like a CLIP*");
        Refused(() => Pretrained.DeepLab(Pretraining.ImageNet, MoCoFile(), NarrowDeepLab)).WithMessage("*looks like a MoCo v2*");
    }

    [Fact]
    public void Load_SomethingElse_ListsWhatItHolds()
    {
        using var tensor = ones(2);
        var path = Save("other.pth", new Dictionary<string, Tensor> { ["a"] = tensor, ["b"] = tensor });
        Refused(() => Pretrained.MoCoV2(path, Narrow)).WithMessage("*Its 2 tensors: a, b").And.Message.Should().NotContain("looks like");
    }

    [Fact]
    public void Load_ANetworkOfAnotherDepthOrWidth_IsRefusedAndLeavesNoTensors()
    {
        var path = ImageNetFile("r.pth");
        LiveTensors.ShouldNotGrow(() =>
        {
            FluentActions.Invoking(() => Pretrained.ImageNet(path, Narrow with { Depth = 101 })).Should().Throw<StateDictMismatchException>().WithMessage("*layer3.22.conv1.weight*");
            FluentActions.Invoking(() => Pretrained.DeepLab(Pretraining.ImageNet, path, NarrowDeepLab with { Width = 8 })).Should().Throw<StateDictMismatchException>().WithMessage("*backbone.conv1.weight: *");
        }, biasedConvolutions: 1);
    }

    [Fact]
    public void Load_WithBadOptions_IsRefusedBeforeTheFileIsRead()
    {
        FluentActions.Invoking(() => Pretrained.ImageNet("none.pth", new ResNetOptions { Classes = 0 })).Should().Throw<ArgumentOutOfRangeException>();
        FluentActions.Invoking(() => Pretrained.Clip("none.pth", new ClipResNetOptions { Width = 1 })).Should().Throw<ArgumentOutOfRangeException>();
        FluentActions.Invoking(() => Pretrained.DeepLab((Pretraining)9, "none.pth")).Should().Throw<ArgumentOutOfRangeException>();
        FluentActions.Invoking(() => Pretrained.ImageNet("none.pth")).Should().Throw<FileNotFoundException>();
    }

    [Fact]
    public void Load_TheSameFileTwice_LeavesNoTensors()
    {
        var path = ImageNetFile("r.pth");
        LiveTensors.ShouldNotGrow(() => Pretrained.ImageNet(path, Narrow).Dispose());
    }

    private static FluentAssertions.Specialized.ExceptionAssertions<InvalidDataException> Refused(Func<nn.Module> load) =>
        FluentActions.Invoking(load).Should().Throw<InvalidDataException>();

    /// <summary>Everything but the fresh part is what <see cref="FormulaWeights"/> gave the network that was saved.</summary>
    private static void ShouldHoldTheFormula(nn.Module model, nn.Module saved, string prefix, string fresh)
    {
        using var scope = NewDisposeScope();
        FormulaWeights.Fill(saved);
        var expected = saved.state_dict();
        var loaded = model.state_dict().Where(pair => !pair.Key.StartsWith(fresh, StringComparison.Ordinal) && pair.Value.is_floating_point()).ToList();
        loaded.Should().HaveCountGreaterThan(200);
        foreach (var (name, tensor) in loaded)
        {
            name.Should().StartWith(prefix);
            var original = expected[name[prefix.Length..]];
            (saved is ClipResNet ? original.to(ScalarType.Float16).to(ScalarType.Float32) : original).Floats().Should().Equal(tensor.Floats(), name);
        }

        saved.Dispose();
    }

    private string ImageNetFile(string name)
    {
        using var source = ResNet.Create(Narrow with { Classes = 9 });
        FormulaWeights.Fill(source);
        return Save(name, source.state_dict());
    }

    // MoCo v2 has two encoders, the second a moving average of the first, an MLP as their last layer, and a queue of keys.
    private string MoCoFile()
    {
        using var scope = NewDisposeScope();
        using var source = ResNet.Create(Narrow);
        FormulaWeights.Fill(source);
        var encoder = source.state_dict().Where(pair => !pair.Key.StartsWith("fc.", StringComparison.Ordinal)).ToList();
        var tensors = encoder.ToDictionary(pair => $"module.encoder_q.{pair.Key}", pair => pair.Value);
        foreach (var (name, tensor) in encoder)
            tensors.Add($"module.encoder_k.{name}", zeros_like(tensor));
        foreach (var (name, shape) in new (string, long[])[] { ("fc.0.weight", [128, 128]), ("fc.0.bias", [128]), ("fc.2.weight", [16, 128]), ("fc.2.bias", [16]) })
            tensors.Add($"module.encoder_q.{name}", ones(shape));
        tensors.Add("module.queue", ones(16, 32));
        tensors.Add("module.queue_ptr", zeros(1, ScalarType.Int64));
        return Save("moco.pth.tar", tensors);
    }

    private string ClipFile(string prefix)
    {
        using var scope = NewDisposeScope();
        using var source = ClipResNet.Create(NarrowClip);
        FormulaWeights.Fill(source);
        var tensors = source.state_dict().ToDictionary(pair => prefix + pair.Key, pair => pair.Value.is_floating_point() ? pair.Value.to(ScalarType.Float16) : pair.Value);
        if (prefix.Length > 0)
            tensors.Add("token_embedding.weight", ones(3, 4));
        return Save("clip.pt", tensors);
    }

    private string Save(string name, Dictionary<string, Tensor> tensors)
    {
        var path = _folder.Path(name);
        if (name.EndsWith(".safetensors", StringComparison.Ordinal))
            SafetensorsFile.Save(path, tensors);
        else
            CheckpointFile.Save(path, tensors);
        return path;
    }
}

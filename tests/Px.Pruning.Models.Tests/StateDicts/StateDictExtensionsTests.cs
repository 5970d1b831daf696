using Px.Pruning.Models.StateDicts;
using Px.Pruning.Models.Tests.Support;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Models.Tests.StateDicts;

public sealed class StateDictExtensionsTests
{
    [Fact]
    public void LoadSafetensors_WhatSaveSafetensorsWrote_GivesEqualNetworks()
    {
        using var folder = new TemporaryFolder();
        using var first = Tiny(1);
        using var second = Tiny(2);
        using var input = randn(2, 3, 32, 32);
        first.call(input).Dispose(); // moves the running statistics and the counters
        first.SaveSafetensors(folder.Path("x.safetensors"));
        second.LoadSafetensors(folder.Path("x.safetensors")).IsEmpty.Should().BeTrue();
        Snapshot(second).Should().BeEquivalentTo(Snapshot(first), options => options.WithStrictOrdering());

        using var read = SafetensorsFile.Load(folder.Path("x.safetensors"));
        read.Metadata.Should().ContainSingle().Which.Should().Be(new KeyValuePair<string, string>("format", "pt"));
        read["bn1.num_batches_tracked"].Longs().Should().Equal(1);
    }

    [Fact]
    public void LoadStateDict_IntoAModule_KeepsParametersModesAndGradients()
    {
        using var source = Tiny(1);
        using var target = Tiny(2);
        using var input = randn(2, 3, 32, 32);
        using var loss = target.call(input).sum();
        loss.backward();
        target.eval();
        var parameters = target.parameters().ToList();
        var gradient = Bytes(parameters[0].grad!);
        target.LoadStateDict(source.state_dict());
        target.parameters().Zip(parameters).All(pair => ReferenceEquals(pair.First, pair.Second)).Should().BeTrue();
        parameters.Should().OnlyContain(parameter => parameter.requires_grad);
        Bytes(parameters[0].grad!).Should().Equal(gradient);
        target.training.Should().BeFalse();
    }

    [Fact]
    public void LoadStateDict_EveryKindOfMismatch_IsReportedAtOnceAndNothingIsLoaded()
    {
        using var source = Tiny(1);
        using var target = Tiny(2);
        using var one = ones(1);
        using var two = ones(1, dtype: ScalarType.ComplexFloat32);
        using var extra = ones(3);
        var tensors = source.state_dict();
        tensors.Remove("conv1.weight");
        tensors["linear.bias"] = one; // load_state_dict would broadcast this
        tensors["bn1.running_mean"] = two;
        tensors["other.weight"] = extra;
        var before = Snapshot(target);

        var mismatch = FluentActions.Invoking(() => target.LoadStateDict(tensors)).Should().Throw<StateDictMismatchException>().Which.Mismatch;
        mismatch.Missing.Should().Equal("conv1.weight");
        mismatch.Unexpected.Should().Equal("other.weight");
        mismatch.Conflicting.Select(conflict => conflict.Name).Should().BeEquivalentTo("linear.bias", "bn1.running_mean");
        mismatch.ToString().Should().ContainAll("conv1.weight", "AllowMissing", "other.weight", "AllowUnexpected", "linear.bias: Float32 [10] in the module, Float32 [1] among the tensors", "AllowConflicting");
        Snapshot(target).Should().BeEquivalentTo(before);
    }

    [Fact]
    public void LoadStateDict_MismatchesThatAreAllowed_AreSkippedAndReturned()
    {
        using var source = CifarResNet.Create(new CifarResNetOptions { Depth = 8, Width = 4, Classes = 7, Seed = 1 });
        using var target = Tiny(2);
        var tensors = source.state_dict();
        var before = Snapshot(target);
        FluentActions.Invoking(() => target.LoadStateDict(tensors, new StateDictOptions { AllowMissing = true, AllowUnexpected = true })).Should().Throw<StateDictMismatchException>();
        var mismatch = target.LoadStateDict(tensors, new StateDictOptions { AllowConflicting = true });
        mismatch.Conflicting.Select(conflict => conflict.Name).Should().BeEquivalentTo("linear.weight", "linear.bias");
        var (after, loaded) = (Snapshot(target), Snapshot(source));
        foreach (var name in after.Keys)
            after[name].Should().Equal(name.StartsWith("linear", StringComparison.Ordinal) ? before[name] : loaded[name], name);
    }

    [Fact]
    public void LoadStateDict_OtherTypes_AreConverted()
    {
        using var source = nn.Linear(2, 2);
        using var target = nn.Linear(2, 2);
        using var weight = source.weight.detach().to(ScalarType.Float64);
        using var bias = source.bias!.detach().to(ScalarType.BFloat16);
        target.LoadStateDict(new Dictionary<string, Tensor> { ["weight"] = weight, ["bias"] = bias });
        target.weight.Floats().Should().Equal(source.weight.Floats());
        target.bias!.dtype.Should().Be(ScalarType.Float32);
    }

    [Fact]
    public void LoadStateDict_FilesWithoutStepCounters_Fit()
    {
        using var source = Tiny(1);
        using var target = Tiny(2);
        var tensors = source.state_dict().Where(pair => !pair.Key.EndsWith("num_batches_tracked", StringComparison.Ordinal)).ToDictionary();
        tensors.Count.Should().BeLessThan(source.state_dict().Count);
        target.LoadStateDict(tensors).IsEmpty.Should().BeTrue();

        using var norm = nn.BatchNorm2d(2);
        using var ones2 = ones(2);
        norm.LoadStateDict(new Dictionary<string, Tensor> { ["weight"] = ones2, ["bias"] = ones2, ["running_mean"] = ones2, ["running_var"] = ones2 }).IsEmpty.Should().BeTrue();
    }

    [Fact]
    public void LoadSafetensors_AgainAndAgain_LeavesNoTensors()
    {
        using var folder = new TemporaryFolder();
        using var model = Tiny(1);
        model.SaveSafetensors(folder.Path("x"));
        LiveTensors.ShouldNotGrow(() =>
        {
            model.LoadSafetensors(folder.Path("x"));
            model.SaveSafetensors(folder.Path("y"));
        });
    }

    [Fact]
    public void LoadStateDict_NamesBehindACommonBeginning_NamesTheOptionThatTakesItOff()
    {
        using var source = nn.Linear(2, 2);
        using var target = nn.Linear(2, 2);
        var tensors = source.state_dict().ToDictionary(pair => $"model.encoder.{pair.Key}", pair => pair.Value);
        var load = FluentActions.Invoking(() => target.LoadStateDict(tensors));
        load.Should().Throw<StateDictMismatchException>().WithMessage("*'model.encoder.'*CheckpointOptions.Prefix*");
        tensors.Remove("model.encoder.bias");
        load.Should().Throw<StateDictMismatchException>().Which.Message.Should().NotContain("Prefix");
    }

    [Fact]
    public void LoadCheckpoint_WhatSaveCheckpointWrote_GivesEqualNetworks()
    {
        using var folder = new TemporaryFolder();
        using var first = Tiny(1);
        using var second = Tiny(2);
        first.SaveCheckpoint(folder.Path("x.pth"));
        second.LoadCheckpoint(folder.Path("x.pth")).IsEmpty.Should().BeTrue();
        Snapshot(second).Should().BeEquivalentTo(Snapshot(first), options => options.WithStrictOrdering());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("encoder")]
    public void LoadWeights_EitherFormatUnderAnyName_IsToldByContent(string? prefix)
    {
        using var folder = new TemporaryFolder();
        using var source = Tiny(1);
        var tensors = source.state_dict().ToDictionary(pair => prefix is null ? $"module.{pair.Key}" : $"{prefix}.{pair.Key}", pair => pair.Value);
        SafetensorsFile.Save(folder.Path("a.pth"), tensors);
        CheckpointFile.Save(folder.Path("b.safetensors"), tensors);
        foreach (var file in Directory.GetFiles(folder.Root))
        {
            using var target = Tiny(2);
            target.LoadWeights(file, checkpoint: new CheckpointOptions { Prefix = prefix }).IsEmpty.Should().BeTrue();
            Snapshot(target).Should().BeEquivalentTo(Snapshot(source));
        }
    }

    [Theory]
    [InlineData("module.model.encoder.", "module.model.encoder.")]
    [InlineData("module._orig_mod.encoder.", "module.encoder.")]
    [InlineData("encoder._orig_mod.", "encoder.")]
    public void LoadWeights_NamesBehindACommonBeginning_LoadWhenTheAdviceIsFollowed(string before, string advice)
    {
        using var folder = new TemporaryFolder();
        using var source = nn.Linear(2, 2);
        var tensors = source.state_dict().ToDictionary(pair => before + pair.Key, pair => pair.Value);
        tensors[before.StartsWith("module.", StringComparison.Ordinal) ? "module.other.x" : "other.x"] = source.weight;
        SafetensorsFile.Save(folder.Path("x.safetensors"), tensors);
        CheckpointFile.Save(folder.Path("x.pth"), tensors);
        foreach (var file in Directory.GetFiles(folder.Root))
        {
            using var target = nn.Linear(2, 2);
            FluentActions.Invoking(() => target.LoadWeights(file)).Should().Throw<StateDictMismatchException>().WithMessage($"*'{advice}' before its name*");
            target.LoadWeights(file, checkpoint: new CheckpointOptions { Prefix = advice }).IsEmpty.Should().BeTrue();
            target.weight.Floats().Should().Equal(source.weight.Floats());
        }
    }

    [Theory]
    [InlineData("model", "model.net.")]
    [InlineData("model.", "model.net.")]
    public void LoadWeights_APrefixThatIsTooShort_IsToldTheWholeOne(string prefix, string advice)
    {
        using var folder = new TemporaryFolder();
        using var source = nn.Linear(2, 2);
        CheckpointFile.Save(folder.Path("x.pth"), source.state_dict().ToDictionary(pair => $"model.net.{pair.Key}", pair => pair.Value));
        using var target = nn.Linear(2, 2);
        FluentActions.Invoking(() => target.LoadWeights(folder.Path("x.pth"), checkpoint: new CheckpointOptions { Prefix = prefix }))
            .Should().Throw<StateDictMismatchException>().WithMessage($"*'{advice}' before its name*");
        target.LoadWeights(folder.Path("x.pth"), checkpoint: new CheckpointOptions { Prefix = advice }).IsEmpty.Should().BeTrue();
    }

    [Theory]
    [InlineData("features.module.0.weight", "classifier.weight")] // PyTorch's ImageNet example runs the features of a VGG in parallel
    [InlineData("module.features.module.0.weight", "module.classifier.weight")]
    [InlineData("features.0.module._orig_mod.weight", "classifier.module.weight")]
    public void LoadWeights_WrappersOfSubmodules_AreTakenOff(string features, string classifier)
    {
        using var folder = new TemporaryFolder();
        using var target = nn.Sequential(("features", nn.Sequential(("0", nn.Linear(2, 2, hasBias: false)))), ("classifier", nn.Linear(2, 2, hasBias: false)));
        using var one = ones(2, 2);
        using var two = full([2, 2], 2f);
        var tensors = new Dictionary<string, Tensor> { [features] = one, [classifier] = two };
        SafetensorsFile.Save(folder.Path("x.safetensors"), tensors);
        CheckpointFile.Save(folder.Path("x.pth"), tensors);
        foreach (var file in Directory.GetFiles(folder.Root))
        {
            target.LoadWeights(file).IsEmpty.Should().BeTrue();
            target.get_parameter("features.0.weight")!.Floats().Should().Equal(1, 1, 1, 1);
            target.get_parameter("classifier.weight")!.Floats().Should().Equal(2, 2, 2, 2);
        }
    }

    [Fact]
    public void LoadWeights_AModuleOfTheUsersThatIsCalledModule_KeepsItsName()
    {
        using var folder = new TemporaryFolder();
        using var source = nn.Sequential(("module", nn.Linear(2, 2)));
        using var target = nn.Sequential(("module", nn.Linear(2, 2)));
        source.SaveCheckpoint(folder.Path("x.pth"));
        target.LoadWeights(folder.Path("x.pth")).IsEmpty.Should().BeTrue();
        target.get_parameter("module.weight")!.Floats().Should().Equal(source.get_parameter("module.weight")!.Floats());
        CheckpointFile.Save(folder.Path("y.pth"), source.state_dict().ToDictionary(pair => $"module.{pair.Key}", pair => pair.Value)); // and in parallel
        target.LoadWeights(folder.Path("y.pth")).IsEmpty.Should().BeTrue();
    }

    [Theory]
    [InlineData("U32", 4)]
    [InlineData("U64", 8)]
    [InlineData("U16", 2)]
    [InlineData("F8_E4M3", 1)]
    [InlineData("F8_E5M2", 1)]
    public void LoadWeights_ATypeThatTorchSharpLacksUnderAnotherPrefix_BlocksNothing(string type, int size)
    {
        using var folder = new TemporaryFolder();
        var json = $$$"""{"scales.x":{"dtype":"{{{type}}}","shape":[1],"data_offsets":[0,{{{size}}}]},"net.weight":{"dtype":"F32","shape":[1,1],"data_offsets":[{{{size}}},{{{size + 4}}}]}}""";
        folder.Write("x", [.. SafetensorsBytes.File(json, size), .. BitConverter.GetBytes(7f)]);
        using var target = nn.Linear(1, 1, hasBias: false);
        target.LoadWeights(folder.Path("x"), checkpoint: new CheckpointOptions { Prefix = "net" }).IsEmpty.Should().BeTrue();
        target.weight.Floats().Should().Equal(7);
        FluentActions.Invoking(() => target.LoadWeights(folder.Path("x"))).Should().Throw<InvalidDataException>().WithMessage($"*'scales.x' has the type {type}*CheckpointOptions.Prefix*");
        FluentActions.Invoking(() => SafetensorsFile.Load(folder.Path("x"))).Should().Throw<InvalidDataException>();
    }

    [Theory]
    [InlineData(0x80)]
    [InlineData('L')]
    public void LoadWeights_SafetensorsThatBeginLikeAPickle_AreToldApart(int headerLength)
    {
        using var folder = new TemporaryFolder();
        const string json = """{"weight":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}""";
        using var bytes = SafetensorsMalformedTests.File(json.PadRight(headerLength), 1);
        folder.Write("x", bytes.ToArray());
        using var target = nn.Linear(1, 1, hasBias: false);
        FluentActions.Invoking(() => target.LoadWeights(folder.Path("x"))).Should().Throw<StateDictMismatchException>().Which.Mismatch.Conflicting.Should().ContainSingle();
    }

    private static CifarResNet Tiny(long seed) => CifarResNet.Create(new CifarResNetOptions { Depth = 8, Width = 4, Seed = seed });

    private static Dictionary<string, byte[]> Snapshot(nn.Module module) => module.state_dict().ToDictionary(pair => pair.Key, pair => Bytes(pair.Value));

    private static byte[] Bytes(Tensor tensor) => tensor.Bytes();
}

using System.Text.Json;
using Px.Pruning.Models.StateDicts;
using Px.Pruning.Models.Tests.Support;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Models.Tests.StateDicts;

public sealed class CheckpointFileTests
{
    private static readonly Dictionary<ScalarType, string> Names = new()
    {
        [ScalarType.Byte] = "uint8", [ScalarType.Int8] = "int8", [ScalarType.Int16] = "int16", [ScalarType.Int32] = "int32", [ScalarType.Int64] = "int64", [ScalarType.Bool] = "bool",
        [ScalarType.Float16] = "float16", [ScalarType.BFloat16] = "bfloat16", [ScalarType.Float32] = "float32", [ScalarType.Float64] = "float64",
        [ScalarType.ComplexFloat32] = "complex64", [ScalarType.ComplexFloat64] = "complex128",
    };

    private static readonly JsonElement Reference = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Reference", "checkpoints.json"))).RootElement.GetProperty("files");

    public static TheoryData<string> GoldenFiles => new(Reference.EnumerateObject().Select(file => file.Name));

    public static TheoryData<ScalarType> Types => new(Names.Keys);

    /// <summary>What <c>Reference/checkpoints.py</c> wrote.</summary>
    internal static string Golden(string name) => Path.Combine(AppContext.BaseDirectory, "Reference", "checkpoints", name);

    [Theory]
    [MemberData(nameof(GoldenFiles))]
    public void Load_AFileThatPyTorchWrote_GivesWhatItLoads(string name)
    {
        using var read = CheckpointFile.Load(Golden(name));
        var expected = Reference.GetProperty(name).EnumerateObject().ToDictionary(tensor => tensor.Name.StartsWith("module.", StringComparison.Ordinal) ? tensor.Name["module.".Length..] : tensor.Name, tensor => tensor.Value);
        read.Keys.Should().Equal(expected.Keys);
        foreach (var (key, tensor) in read)
        {
            Names[tensor.dtype].Should().Be(expected[key][0].GetString(), key);
            tensor.shape.Should().Equal(Longs(expected[key][1]), key);
            tensor.stride().Should().Equal(Longs(expected[key][2]), key);
            Convert.ToHexString(tensor.Bytes()).Should().BeEquivalentTo(expected[key][3].GetString(), key);
            tensor.requires_grad.Should().BeFalse();
        }
    }

    [Fact]
    public void GoldenFiles_HoldEveryTypeAndEveryLayout()
    {
        Reference.EnumerateObject().Should().HaveCountGreaterThanOrEqualTo(14);
        foreach (var file in (string[])["zip.pth", "legacy.pth"])
            Reference.GetProperty(file).EnumerateObject().Select(tensor => tensor.Value[0].GetString()).Should().Contain(Names.Values, file);
        Reference.GetProperty("layouts.pth").EnumerateObject().Count(tensor => !Longs(tensor.Value[2]).Contains(1)).Should().BeGreaterThan(1);
    }

    [Theory]
    [InlineData("layouts.pth")]
    [InlineData("layouts-legacy.pth")]
    public void Load_TensorsThatShareMemory_StillShareIt(string name)
    {
        using var read = CheckpointFile.Load(Golden(name));
        using (no_grad())
            read["tied"].fill_(-1);
        read["whole"].Floats().Should().OnlyContain(value => value == -1);
        read["row"].Floats().Should().OnlyContain(value => value == -1);
        read["channels_last"].Floats().Should().NotContain(-1);
    }

    [Theory]
    [InlineData("training.pth")]
    [InlineData("training-legacy.pth")]
    [InlineData("training4.pth")]
    public void Load_ATrainingCheckpoint_TellsItsPlainValues(string name)
    {
        using var read = CheckpointFile.Load(Golden(name));
        read.Keys.Should().Contain("1.num_batches_tracked").And.NotContain(key => key.StartsWith("module", StringComparison.Ordinal));
        read.Metadata.Should().BeEquivalentTo(new Dictionary<string, string>
        {
            ["epoch"] = "3", ["arch"] = "naïve ✓", ["best"] = "91.5", ["done"] = "True", ["negative"] = "-5", ["large"] = "1099511627776", ["dtype"] = "torch.float16",
        });
    }

    [SharedDataFact]
    public void Load_ThePretrainedResNet20_EqualsItsSafetensorsTwin()
    {
        using var read = CheckpointFile.Load(SharedData.Path("resnet20-cifar10/resnet20.pth"));
        using var twin = SafetensorsFile.Load(SharedData.Path("resnet20-cifar10/resnet20.safetensors"));
        read.Count.Should().Be(97);
        read.Keys.Should().BeEquivalentTo(twin.Keys);
        foreach (var (name, tensor) in read)
        {
            tensor.dtype.Should().Be(twin[name].dtype);
            tensor.shape.Should().Equal(twin[name].shape);
            tensor.Bytes().Should().Equal(twin[name].Bytes(), name);
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Load_WhatWasSaved_IsTheSameBitForBit(ScalarType type)
    {
        using var folder = new TemporaryFolder();
        using var scope = NewDisposeScope();
        var all = Tensors.RandomBits(type, 3, 4, 5);
        var tensors = new Dictionary<string, Tensor>
        {
            ["all"] = all, ["turned"] = all.transpose(0, 2), ["slice"] = all.narrow(1, 1, 2), ["scalar"] = Tensors.RandomBits(type), ["none"] = Tensors.RandomBits(type, 0, 3), ["naïve ✓ 😀\n"] = Tensors.RandomBits(type, 300, 300), [""] = Tensors.RandomBits(type, 1),
        };
        CheckpointFile.Save(folder.Path("x"), tensors);
        using var read = CheckpointFile.Load(folder.Path("x"));
        read.Keys.Should().Equal(tensors.Keys);
        foreach (var (name, tensor) in tensors)
        {
            read[name].dtype.Should().Be(type);
            read[name].shape.Should().Equal(tensor.shape);
            read[name].Bytes().Should().Equal(tensor.Bytes(), name);
        }
    }

    [TorchFact]
    public void Save_EveryType_LoadsInPyTorchWithWeightsOnlyToo()
    {
        using var folder = new TemporaryFolder();
        using var scope = NewDisposeScope();
        var tensors = Names.ToDictionary(pair => pair.Value, pair => Tensors.RandomBits(pair.Key, 3, 2));
        tensors["naïve ✓"] = Tensors.RandomBits(ScalarType.Float32);
        tensors["empty"] = Tensors.RandomBits(ScalarType.Float32, 0, 3);
        tensors["turned"] = Tensors.RandomBits(ScalarType.Int64, 300, 300).t();
        CheckpointFile.Save(folder.Path("x.pth"), tensors);
        TorchFactAttribute.RunScript("read_checkpoint.py", folder.Path("x.pth")).Should().Equal(tensors.Select(pair =>
            $"{pair.Key} {Names[pair.Value.dtype]} [{string.Join(", ", pair.Value.shape)}] {Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(pair.Value.Bytes()))}"));
    }

    [Fact]
    public void Save_Nothing_LoadsAsNoTensorsAtAll()
    {
        using var stream = new MemoryStream();
        CheckpointFile.Save(stream, new Dictionary<string, Tensor>());
        stream.Position = 0;
        FluentActions.Invoking(() => CheckpointFile.Load(stream)).Should().Throw<InvalidDataException>().WithMessage("*tensors neither at the top nor under*");
    }

    [Fact]
    public void Save_ThousandsOfTensors_ReadBack()
    {
        using var value = tensor(new[] { 1f });
        using var stream = new MemoryStream();
        CheckpointFile.Save(stream, Enumerable.Range(0, 70_000).ToDictionary(i => $"{i}", _ => value)); // more than zip files had room for at first
        stream.Position = 0;
        using var read = CheckpointFile.Load(stream, new CheckpointOptions { MaximumExpansion = 10 });
        read.Count.Should().Be(70_000);
        read["69999"].Floats().Should().Equal(1);
    }

    [Fact]
    public void Load_AStreamInTheMiddle_StartsThereAndLeavesItOpen()
    {
        using var value = tensor(new[] { 1L, 2L });
        using var stream = new MemoryStream();
        stream.Write([1, 2, 3]);
        CheckpointFile.Save(stream, new Dictionary<string, Tensor> { ["x"] = value });
        stream.Position = 3;
        using var read = CheckpointFile.Load(stream);
        read["x"].Longs().Should().Equal(1, 2);
        stream.CanRead.Should().BeTrue();
    }

    [Fact]
    public void Save_WhenWritingFails_KeepsTheOldFile()
    {
        using var folder = new TemporaryFolder();
        using var value = tensor(new[] { 1f });
        var tensors = new FailsLate { ["x"] = value };
        folder.Write("x", 1, 2, 3);
        FluentActions.Invoking(() => CheckpointFile.Save(folder.Path("x"), tensors)).Should().Throw<InvalidOperationException>();
        Directory.GetFiles(folder.Root).Should().ContainSingle();
        File.ReadAllBytes(folder.Path("x")).Should().Equal(1, 2, 3);
    }

    [Fact]
    public void Load_AStreamThatCannotSeek_IsRefused() =>
        FluentActions.Invoking(() => CheckpointFile.Load(new System.IO.Compression.GZipStream(Stream.Null, System.IO.Compression.CompressionMode.Decompress)))
            .Should().Throw<ArgumentException>().WithMessage("*seek*");

    [Fact]
    public void Load_AMissingFile_NamesIt() =>
        FluentActions.Invoking(() => CheckpointFile.Load("no-such.pth")).Should().Throw<FileNotFoundException>().WithMessage("*no-such.pth*");

    [Theory]
    [InlineData(0.5)]
    [InlineData(double.NaN)]
    public void Load_AnExpansionThatIsNone_IsRefused(double expansion) =>
        FluentActions.Invoking(() => CheckpointFile.Load(Golden("zip.pth"), new CheckpointOptions { MaximumExpansion = expansion })).Should().Throw<ArgumentOutOfRangeException>();

    [Fact]
    public void LoadAndSave_InADisposeScope_LeaveOnlyTheResult()
    {
        using var value = rand(10, 10);
        LiveTensors.ShouldNotGrow(() =>
        {
            using var stream = new MemoryStream();
            CheckpointFile.Save(stream, new Dictionary<string, Tensor> { ["x"] = value });
            stream.Position = 0;
            StateDict read;
            using (NewDisposeScope())
                read = CheckpointFile.Load(stream);
            read["x"].Bytes().Should().Equal(value.Bytes());
            read.Dispose();
        });
    }

    private static IEnumerable<long> Longs(JsonElement array) => array.EnumerateArray().Select(value => value.GetInt64());
}

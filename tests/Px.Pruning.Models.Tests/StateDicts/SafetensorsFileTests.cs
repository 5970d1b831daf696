using System.Text;
using Px.Pruning.Models.StateDicts;
using Px.Pruning.Models.Tests.Support;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Models.Tests.StateDicts;

public sealed class SafetensorsFileTests
{
    [Fact]
    public void Save_TwoTensorsAndMetadata_WritesThePublishedLayoutByteForByte()
    {
        using var a = tensor(new[] { 1f, -2f });
        using var b = tensor(new byte[] { 7, 8, 9 });
        using var stream = new MemoryStream();
        SafetensorsFile.Save(stream, new Dictionary<string, Tensor> { ["b"] = b, ["a"] = a }, new Dictionary<string, string> { ["format"] = "pt" });

        // The wider type comes first; the header is padded with spaces to a multiple of 8; data is little-endian.
        const string json = """{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[3],"data_offsets":[8,11]}}""";
        var header = Encoding.ASCII.GetBytes(json.PadRight(144));
        byte[] expected = [144, 0, 0, 0, 0, 0, 0, 0, .. header, 0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0, 7, 8, 9];
        stream.ToArray().Should().Equal(expected);
    }

    [Fact]
    public void Save_Nothing_WritesAnEmptyObject()
    {
        using var stream = new MemoryStream();
        SafetensorsFile.Save(stream, new Dictionary<string, Tensor>());
        stream.ToArray().Should().Equal([8, 0, 0, 0, 0, 0, 0, 0, .. "{}      "u8]);
        stream.Position = 0;
        using var read = SafetensorsFile.Load(stream);
        read.Should().BeEmpty();
        read.Metadata.Should().BeEmpty();
    }

    private static readonly ScalarType[] TensorTypes = [ScalarType.Bool, ScalarType.Byte, ScalarType.Int8, ScalarType.Int16, ScalarType.Int32, ScalarType.Int64,
        ScalarType.Float16, ScalarType.BFloat16, ScalarType.Float32, ScalarType.Float64, ScalarType.ComplexFloat32];

    public static TheoryData<ScalarType> Types => new(TensorTypes);

    [Theory]
    [MemberData(nameof(Types))]
    public void Load_WhatWasSaved_IsTheSameBitForBit(ScalarType type)
    {
        using var folder = new TemporaryFolder();
        using var all = Tensors.RandomBits(type, 3, 4, 5);
        using var some = all.transpose(0, 2);
        using var slice = all.narrow(1, 1, 2);
        using var scalar = Tensors.RandomBits(type);
        using var none = Tensors.RandomBits(type, 0, 3);
        var tensors = new Dictionary<string, Tensor> { ["all"] = all, ["some"] = some, ["slice"] = slice, ["scalar"] = scalar, ["none"] = none };
        var metadata = new Dictionary<string, string> { ["who"] = "a \"quoted\" \\ naïve ✓ 😀\n", [""] = "" };
        SafetensorsFile.Save(folder.Path("x"), tensors, metadata);
        using var read = SafetensorsFile.Load(folder.Path("x"));

        read.Metadata.Should().BeEquivalentTo(metadata);
        read.Keys.Should().BeEquivalentTo(tensors.Keys);
        foreach (var (name, tensor) in tensors)
        {
            read[name].dtype.Should().Be(type);
            read[name].shape.Should().Equal(tensor.shape);
            read[name].Bytes().Should().Equal(tensor.Bytes(), name);
        }
    }

    [Fact]
    public void Load_AWrittenFile_LeavesDataAligned()
    {
        using var folder = new TemporaryFolder();
        using var wide = tensor(new[] { 1.0 });
        using var narrow = tensor(new byte[] { 1 });
        SafetensorsFile.Save(folder.Path("x"), new Dictionary<string, Tensor> { ["a"] = narrow, ["b"] = wide });
        using var stream = File.OpenRead(folder.Path("x"));
        var header = Px.Safetensors.SafetensorsReader.Read(stream, stream.Length, "x");
        (header.DataStart % 8).Should().Be(0);
        header.Entries.Select(entry => (entry.Name, entry.Begin)).Should().Equal(("b", 0), ("a", 8));
    }

    [Fact]
    public void Load_AStreamInTheMiddle_StartsThereAndLeavesItOpen()
    {
        using var value = tensor(new[] { 1L, 2L });
        using var stream = new MemoryStream();
        stream.Write([1, 2, 3]);
        SafetensorsFile.Save(stream, new Dictionary<string, Tensor> { ["x"] = value });
        stream.Position = 3;
        using var read = SafetensorsFile.Load(stream);
        read["x"].Longs().Should().Equal(1, 2);
        stream.CanRead.Should().BeTrue();
    }

    [PythonFact]
    public void Save_EveryType_ReadsBackInPython()
    {
        using var folder = new TemporaryFolder();
        using var scope = NewDisposeScope();
        var tensors = TensorTypes.ToDictionary(type => type.ToString(), type => Tensors.RandomBits(type, 3, 2));
        tensors["scalär \"é\""] = Tensors.RandomBits(ScalarType.Float32);
        SafetensorsFile.Save(folder.Path("x"), tensors, new Dictionary<string, string> { ["format"] = "pt" });
        var hashes = PythonFactAttribute.RunScript("read_safetensors.py", folder.Path("x")).ToDictionary(line => line[..line.LastIndexOf(' ')], line => line[(line.LastIndexOf(' ') + 1)..]);
        hashes.Should().HaveCount(tensors.Count);
        hashes.Should().ContainKeys("BFloat16 BF16 [3, 2]", "ComplexFloat32 C64 [3, 2]", "Byte U8 [3, 2]", "scalär \"é\" F32 []");
        foreach (var (name, tensor) in tensors)
            hashes.Single(pair => pair.Key.StartsWith(name + " ", StringComparison.Ordinal)).Value.Should().Be(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(tensor.Bytes())));
    }

    [SharedDataFact]
    public void Load_AFileThatPythonWrote_HasItsTensors()
    {
        using var read = SafetensorsFile.Load(SharedData.Path("resnet20-cifar10/resnet20.safetensors"));
        read.Count.Should().Be(97);
        read.Metadata["format"].Should().Be("pt");
        read["layer3.0.conv1.weight"].shape.Should().Equal(64, 32, 3, 3);
    }

    [Fact]
    public void Save_TypesThatTheFormatLacks_AreRefusedAndLeaveNoFile()
    {
        using var folder = new TemporaryFolder();
        using var value = zeros(2, dtype: ScalarType.ComplexFloat64);
        FluentActions.Invoking(() => SafetensorsFile.Save(folder.Path("x"), new Dictionary<string, Tensor> { ["odd"] = value }))
            .Should().Throw<ArgumentException>().WithMessage("*'odd'*ComplexFloat64*");
        Directory.GetFiles(folder.Root).Should().BeEmpty();
    }

    [Fact]
    public void Save_WhenWritingFails_KeepsTheOldFile()
    {
        using var folder = new TemporaryFolder();
        folder.Write("x", 1, 2, 3);
        using var value = tensor(new[] { 1f });
        var tensors = new FailsLate { ["x"] = value };
        FluentActions.Invoking(() => SafetensorsFile.Save(folder.Path("x"), tensors)).Should().Throw<InvalidOperationException>();
        Directory.GetFiles(folder.Root).Should().ContainSingle().Which.Should().Be(folder.Path("x"));
        File.ReadAllBytes(folder.Path("x")).Should().Equal(1, 2, 3);
    }

    [Fact]
    public void Save_TheMetadataName_IsReserved()
    {
        using var value = tensor(1f);
        FluentActions.Invoking(() => SafetensorsFile.Save(Stream.Null, new Dictionary<string, Tensor> { ["__metadata__"] = value })).Should().Throw<ArgumentException>();
    }

    [Fact]
    public void Load_AStreamThatCannotSeek_IsRefused() =>
        FluentActions.Invoking(() => SafetensorsFile.Load(new System.IO.Compression.GZipStream(Stream.Null, System.IO.Compression.CompressionMode.Decompress)))
            .Should().Throw<ArgumentException>().WithMessage("*seek*");

    [Fact]
    public void Load_AMissingFile_NamesIt() =>
        FluentActions.Invoking(() => SafetensorsFile.Load("no-such.safetensors")).Should().Throw<FileNotFoundException>().WithMessage("*no-such.safetensors*");

    [Fact]
    public void LoadAndSave_InADisposeScope_LeaveOnlyTheResult()
    {
        using var value = rand(10, 10);
        LiveTensors.ShouldNotGrow(() =>
        {
            using var stream = new MemoryStream();
            SafetensorsFile.Save(stream, new Dictionary<string, Tensor> { ["x"] = value });
            stream.Position = 0;
            StateDict read;
            using (NewDisposeScope())
                read = SafetensorsFile.Load(stream);
            read["x"].Bytes().Should().Equal(value.Bytes());
            read.Dispose();
        });
    }
}

using Px.Pruning.Models.StateDicts;
using Px.Pruning.Models.Tests.Support;

namespace Px.Pruning.Models.Tests.StateDicts;

public sealed class SafetensorsMalformedTests
{
    private const string Good = """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}""";

    [Fact]
    public void Load_TheFileThatTheOthersSpoil_Succeeds()
    {
        using var read = SafetensorsFile.Load(File(Good, 4));
        read.Keys.Should().Equal("a", "b");
    }

    [Theory]
    [InlineData("""{"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]},"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}""", 4)] // any order
    [InlineData("""  {}""", 0, "start with '{'")]
    [InlineData("""{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"b":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}""", 1)]
    [InlineData("""{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"note":{"x":[1,null]}}}     """, 1)] // fields of later versions
    [InlineData("""{"__metadata__":{},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}""", 1)]
    // JSON
    [InlineData("""{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}""", 2, "not a valid")]
    [InlineData("""{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}} x""", 2, "not a valid")]
    [InlineData("""{} {}""", 0, "not a valid")]
    [InlineData("""["a"]""", 0, "start with '{'")]
    [InlineData("""{"a":1}""", 0, "'a' is not an object")]
    [InlineData("""{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2],"x":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}}""",2, "not a valid")]
    [InlineData("""{"\uD800":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}""", 0, "not Unicode")]
    // names
    [InlineData("""{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"a":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}""", 4, "'a' appears twice")]
    [InlineData("""{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"\u0061":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}""", 4, "'a' appears twice")]
    [InlineData("""{"__metadata__":{},"__metadata__":{}}""", 0, "appears twice")]
    [InlineData("""{"__metadata__":{"x":"1","x":"2"}}""", 0, "'x' appears twice")]
    [InlineData("""{"__metadata__":{"x":1}}""", 0, "'x' is not a text")]
    [InlineData("""{"__metadata__":["x"]}""", 0, "not an object")]
    // fields
    [InlineData("""{"a":{"shape":[2],"data_offsets":[0,2]}}""", 2, "'a' needs")]
    [InlineData("""{"a":{"dtype":"U8","data_offsets":[0,2]}}""", 2, "'a' needs")]
    [InlineData("""{"a":{"dtype":"U8","shape":[2]}}""", 2, "'a' needs")]
    [InlineData("""{"a":{"dtype":"U8","dtype":"I8","shape":[2],"data_offsets":[0,2]}}""", 2, "dtype twice")]
    [InlineData("""{"a":{"dtype":"U8","shape":[2],"shape":[2],"data_offsets":[0,2]}}""", 2, "shape twice")]
    [InlineData("""{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2],"data_offsets":[0,2]}}""", 2, "data_offsets twice")]
    [InlineData("""{"a":{"dtype":"X8","shape":[2],"data_offsets":[0,2]}}""", 2, "unknown dtype 'X8'")]
    [InlineData("""{"a":{"dtype":"u8","shape":[2],"data_offsets":[0,2]}}""", 2, "unknown dtype 'u8'")]
    [InlineData("""{"a":{"dtype":8,"shape":[2],"data_offsets":[0,2]}}""", 2, "dtype of tensor 'a'")]
    [InlineData("""{"a":{"dtype":"U64","shape":[1],"data_offsets":[0,8]}}""", 8, "'a' has the type U64")] // valid, but not in TorchSharp
    [InlineData("""{"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}}""", 1, "F8_E4M3")]
    [InlineData("""{"a":{"dtype":"F4","shape":[1],"data_offsets":[0,1]}}""", 1, "no size")] // half a byte
    [InlineData("""{"a":{"dtype":"U8","shape":2,"data_offsets":[0,2]}}""", 2, "shape of tensor 'a'")]
    [InlineData("""{"a":{"dtype":"U8","shape":[-2],"data_offsets":[0,2]}}""", 2, "shape of tensor 'a'")]
    [InlineData("""{"a":{"dtype":"U8","shape":[2.0],"data_offsets":[0,2]}}""", 2, "shape of tensor 'a'")]
    [InlineData("""{"a":{"dtype":"U8","shape":[2e0],"data_offsets":[0,2]}}""", 2, "shape of tensor 'a'")]
    [InlineData("""{"a":{"dtype":"U8","shape":["2"],"data_offsets":[0,2]}}""", 2, "shape of tensor 'a'")]
    [InlineData("""{"a":{"dtype":"U8","shape":[[2]],"data_offsets":[0,2]}}""", 2, "shape of tensor 'a'")]
    [InlineData("""{"a":{"dtype":"U8","shape":[9223372036854775808],"data_offsets":[0,2]}}""", 2, "shape of tensor 'a'")]
    [InlineData("""{"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]}}""", 0, "no size")] // 2⁶⁴ = 0
    [InlineData("""{"a":{"dtype":"F64","shape":[2305843009213693952],"data_offsets":[0,0]}}""", 0, "no size")] // 8·2⁶¹ = 0
    [InlineData("""{"a":{"dtype":"U8","shape":[0,9223372036854775807,9223372036854775807],"data_offsets":[0,0]}}""", 0, "no size")] // strides overflow
    // offsets
    [InlineData("""{"a":{"dtype":"U8","shape":[2],"data_offsets":[0]}}""", 2, "'a' needs")]
    [InlineData("""{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2,2]}}""", 2, "more than 2 numbers")]
    [InlineData("""{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,1]}}""", 1, "takes 2 bytes")]
    [InlineData("""{"a":{"dtype":"U8","shape":[2],"data_offsets":[2,0]}}""", 2, "takes 2 bytes")]
    [InlineData("""{"a":{"dtype":"U8","shape":[2],"data_offsets":[-2,0]}}""", 2, "data_offsets of tensor 'a'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[9223372036854775804,9223372036854775808]}}""", 4, "data_offsets of tensor 'a'")]
    [InlineData("""{"a":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}""", 3, "gap")]
    [InlineData("""{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[3,5]}}""", 5, "gap")]
    [InlineData("""{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}""", 3, "overlaps")]
    [InlineData("""{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}""", 2, "overlaps")]
    [InlineData(Good, 3, "truncated")]
    [InlineData(Good, 5, "longer than it says")]
    [InlineData("{}", 1, "longer than it says")]
    [InlineData("""{"a":{"dtype":"U8","shape":[4611686018427387904],"data_offsets":[0,4611686018427387904]}}""", 2, "no size")]
    [InlineData("""{"a":{"dtype":"U8","shape":[1152921504606846975],"data_offsets":[0,1152921504606846975]}}""", 2, "truncated")] // nothing of that size is allocated
    public void Load_AHeader_IsAcceptedOrRefusedForTheRightReason(string header, int dataLength, string? reason = null)
    {
        var before = LiveTensors.Count;
        var load = () => SafetensorsFile.Load(File(header, dataLength)).Dispose();
        if (reason is null)
            load.Should().NotThrow();
        else
            load.Should().Throw<InvalidDataException>().Which.Message.Should().Contain(reason);
        LiveTensors.Count.Should().Be(before);
    }

    [Fact]
    public void Load_MoreThan64Dimensions_IsRefused()
    {
        var header = """{"a":{"dtype":"U8","shape":[SIZES],"data_offsets":[0,1]}}""".Replace("SIZES", string.Join(",", Enumerable.Repeat(1, 65)), StringComparison.Ordinal);
        FluentActions.Invoking(() => SafetensorsFile.Load(File(header, 1))).Should().Throw<InvalidDataException>().WithMessage("*more than 64*");
        using var read = SafetensorsFile.Load(File(header.Replace("[1,", "[", StringComparison.Ordinal), 1));
        read["a"].dim().Should().Be(64);
    }

    [Fact]
    public void Load_BytesThatAreNotUtf8_AreRefused()
    {
        var file = File(Good, 4).ToArray();
        file[8 + 2] = 0xFF; // the name
        FluentActions.Invoking(() => SafetensorsFile.Load(new MemoryStream(file))).Should().Throw<InvalidDataException>();
    }

    [Fact]
    public void Load_ABoolThatIsNeither_IsRefused()
    {
        var file = File("""{"a":{"dtype":"BOOL","shape":[2],"data_offsets":[0,2]}}""", 2).ToArray();
        file[^1] = 2;
        FluentActions.Invoking(() => SafetensorsFile.Load(new MemoryStream(file))).Should().Throw<InvalidDataException>().WithMessage("*'a'*other than 0 and 1*");
    }

    [Theory]
    [InlineData(new byte[0], "0 bytes")]
    [InlineData(new byte[] { 1, 2, 3, 4, 5, 6, 7 }, "7 bytes")]
    [InlineData(new byte[] { 0, 0, 0, 0, 0, 0, 0, 0 }, "start with '{'")]
    [InlineData(new byte[] { 2, 0, 0, 0, 0, 0, 0, 0, (byte)'{' }, "truncated")]
    [InlineData(new byte[] { 255, 255, 255, 255, 255, 255, 255, 255, 0 }, "at most 100000000")]
    [InlineData(new byte[] { 1, 225, 245, 5, 0, 0, 0, 0, 0 }, "at most 100000000")] // 100,000,001
    [InlineData(new byte[] { 0, 225, 245, 5, 0, 0, 0, 0, 0 }, "truncated")] // 100,000,000, and 1 byte there
    public void Load_BytesThatAreNoHeader_AreRefused(byte[] bytes, string reason)
    {
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        FluentActions.Invoking(() => SafetensorsFile.Load(new MemoryStream(bytes))).Should().Throw<InvalidDataException>().WithMessage($"*{reason}*");
        (GC.GetAllocatedBytesForCurrentThread() - allocated).Should().BeLessThan(10_000_000);
    }

    [Fact]
    public void Load_AMalformedFile_IsNamedInTheMessage()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("weights.safetensors", 1, 2);
        FluentActions.Invoking(() => SafetensorsFile.Load(path)).Should().Throw<InvalidDataException>().WithMessage($"'{path}' is not a valid safetensors file*");
    }

    // Names alone are the tests' data: xunit writes down every byte of a test's data before any test runs.
    private static readonly Dictionary<string, Func<byte[]>> Headers = new()
    {
        ["tensors"] = () => SafetensorsBytes.Empties(20_000),
        ["a name"] = () => SafetensorsBytes.File($$"""{"{{new string('x', 3_000_000)}}":1}"""),
        ["a name of control characters"] = () => SafetensorsBytes.File($$"""{"{{string.Concat(Enumerable.Repeat("\\u0001", 500_000))}}":1}"""),
        ["texts"] = () => SafetensorsBytes.File("{\"__metadata__\":{" + string.Join(',', Enumerable.Range(0, 100_000).Select(i => $"\"{i:x}\":\"\"")) + "}}"),
        ["a type"] = () => SafetensorsBytes.File($$$"""{"a":{"dtype":"{{{new string('x', 3_000_000)}}}"}}"""),
        ["a shape"] = () => SafetensorsBytes.File($$$"""{"a":{"shape":[{{{string.Join(',', Enumerable.Repeat(1, 1_000_000))}}}]}}"""),
        ["fields"] = () => SafetensorsBytes.File("{\"a\":{" + string.Join(',', Enumerable.Range(0, 100_000).Select(i => $"\"{i:x}\":0")) + "}}"),
    };

    public static TheoryData<string> Greedy => new(Headers.Keys);

    [Theory]
    [MemberData(nameof(Greedy))]
    public void Load_AHeaderThatBecomesMoreThanItsBytes_IsRefusedWithinItsMemory(string what) =>
        MeasuredLoad.RunSafetensors(Headers[what]()).Should().NotBeNull(what);

    [Fact]
    public void Load_ThousandsOfEmptyTensors_NeedALargerExpansion()
    {
        var file = SafetensorsBytes.Empties(20_000);

        FluentActions.Invoking(() => SafetensorsFile.Load(new MemoryStream(file))).Should().Throw<InvalidDataException>().WithMessage("*2 times*maximumExpansion*");

        using var read = SafetensorsFile.Load(new MemoryStream(file), maximumExpansion: 20);
        read.Count.Should().Be(20_000);
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(double.NaN)]
    public void Load_AnExpansionBelowOne_IsRefused(double expansion) =>
        FluentActions.Invoking(() => SafetensorsFile.Load(File(Good, 4), expansion)).Should().Throw<ArgumentOutOfRangeException>();

    internal static MemoryStream File(string header, int dataLength) => new(SafetensorsBytes.File(header, dataLength));
}

using Px.Pruning.Models.StateDicts;
using Px.Pruning.Models.Tests.Support;
using static Px.Pruning.Models.Tests.Support.CheckpointBytes;

namespace Px.Pruning.Models.Tests.StateDicts;

/// <summary>Every way in which PyTorch writes a tensor down, as pickles byte by byte: <c>torch/_utils.py</c> and <c>torch/_tensor.py</c> of PyTorch 2.x.</summary>
public sealed class CheckpointTensorKindsTests
{
    private const string Hooks = @"ccollections\nOrderedDict\n)R";

    private static readonly byte[] ThreeFloats = [.. BitConverter.GetBytes(1f), .. BitConverter.GetBytes(-2f), .. BitConverter.GetBytes(3f)];

    public static TheoryData<string, float> LazySigns => new()
    {
        { "}", 1 },
        { "N", 1 },
        { @"}U\x03neg\x89s", 1 },
        { @"}U\x03neg\x88s", -1 },
        { @"}(U\x03neg\x88U\x04conj\x89u", -1 },
    };

    [Theory]
    [MemberData(nameof(LazySigns))]
    public void Load_ALazilyNegatedTensor_HasItsSigns(string metadata, float sign)
    {
        var made = Dictionary(("x", Tensor(metadata: metadata)), ("p", $@"ctorch._utils\n_rebuild_parameter\n({Tensor(metadata: metadata)}\x88{Hooks}tR"));
        foreach (var file in (byte[][])[Archive(made, ThreeFloats).ToArray(), Legacy(made, ThreeFloats)])
        {
            using var read = CheckpointFile.Load(new MemoryStream(file));
            read["x"].Floats().Should().Equal(sign, -2 * sign, 3 * sign);
            read["p"].Floats().Should().Equal(sign, -2 * sign, 3 * sign);
        }
    }

    [Fact]
    public void Load_ALazilyNegatedTensor_LeavesWhatSharesItsMemory()
    {
        var made = Dictionary(("x", Tensor(metadata: @"}U\x03neg\x88s")), ("y", Tensor()));
        using var read = CheckpointFile.Load(Archive(made, ThreeFloats));
        read["x"].Floats().Should().Equal(-1, 2, -3);
        read["y"].Floats().Should().Equal(1, -2, 3);
    }

    [Theory]
    [InlineData(@"}U\x04conj\x88s", "resolve_conj()")]
    [InlineData(@"}(U\x03neg\x88U\x04conj\x88u", "resolve_conj()")]
    [InlineData(@"}U\x07unheard\x88s", "'unheard'")]
    public void Load_AnotherLazyBit_IsRefusedUnlessNobodyAsks(string metadata, string reason) => RefusedAlone(Tensor(metadata: metadata), reason);

    [Theory]
    [InlineData("LongStorage", @"}U\x03neg\x88s")]
    [InlineData("FloatStorage", @"]")]
    [InlineData("FloatStorage", @"}N")]
    public void Load_LazyBitsThatCannotBe_AreRefused(string storage, string metadata) =>
        MeasuredLoad.Run(Archive(Dictionary(("x", Tensor(storage: storage, metadata: metadata))), ThreeFloats).ToArray()).Should().Contain("arguments that it does not take");

    [Fact]
    public void Load_LazilyNegatedTensorsOverAndOver_StayWithinTheirMemory()
    {
        var tensor = Tensor(metadata: @"}U\x03neg\x88s");
        var negated = string.Concat(Enumerable.Range(0, 20_000).Select(i => $@"X\x05\x00\x00\x00{i:d5}{tensor}s"));
        MeasuredLoad.Run(Archive(Pickled("}" + negated + "."), ThreeFloats).ToArray()).Should().Contain("MaximumExpansion");
    }

    public static TheoryData<string, string> Unreadable => new()
    {
        { @"ctorch._utils\n_rebuild_sparse_tensor\n(ctorch.serialization\n_get_layout\nU\x10torch.sparse_coo\x85R)tR", "to_dense()" },
        { @"ctorch._utils\n_rebuild_sparse_csr_tensor\n(ctorch.serialization\n_get_layout\nU\x10torch.sparse_csr\x85R)tR", "to_dense()" },
        { @"ctorch._utils\n_rebuild_nested_tensor\n(NNNNtR", "nested" },
        { @"ctorch._utils\n_rebuild_qtensor\n(NK\x00))ctorch\nper_tensor_affine\n\x85\x89}tR", "dequantize()" },
        { @"ctorch._utils\n_rebuild_meta_tensor_no_storage\n(ctorch\nfloat32\nK\x02\x85K\x01\x85\x89tR", "'meta'" },
        { @"ctorch._utils\n_rebuild_device_tensor_from_numpy\n(cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85C\x01btRctorch\nfloat32\nU\x05xla:0\x89tR", "cpu()" },
        { @"ctorch._utils\n_rebuild_xla_tensor\n(NNNNtR", "cpu()" },
        { @"ctorch._utils\n_rebuild_wrapper_subclass\n(ctorch\nTensor\nNNNNNNNtR", "plain tensors" },
        { @"ctorch._utils\n_rebuild_tensor_v3\n((U\x07storagectorch.storage\nUntypedStorage\nU\x011U\x03cpuK\x04tQK\x00K\x02\x85K\x01\x85\x89}ctorch\nuint16\ntR", "torch.uint16" },
        { @"ctorch._utils\n_rebuild_tensor_v3\n((U\x07storagectorch.storage\nUntypedStorage\nU\x011U\x03cpuK\x04tQK\x00K\x04\x85K\x01\x85\x89}ctorch\nfloat8_e4m3fn\n}tR", "torch.float8_e4m3fn" },
        { @"ctorch.nn.parameter\nUninitializedParameter\n\x88\x85R", "lazy layer" },
    };

    [Theory]
    [MemberData(nameof(Unreadable))]
    public void Load_ATensorOfAKindThatIsNotRead_IsRefusedUnlessNobodyAsks(string tensor, string reason) => RefusedAlone(tensor, reason);

    [Fact]
    public void Load_AQuantisedStorageOfTheOldFormat_IsSteppedOver()
    {
        const string quantised = @"ctorch._utils\n_rebuild_qtensor\n((U\x07storagectorch\nQInt32Storage\nU\x011U\x03cpuK\x01tQK\x00))ctorch\nper_tensor_affine\n\x85\x89}tR";
        byte[] pickle = Dictionary(("bad.x", quantised), ("good.y", Tensor()));
        byte[] keys = [.. "](X"u8, 1, 0, 0, 0, (byte)'1', .. "X"u8, 1, 0, 0, 0, (byte)'0', .. "e."u8];
        byte[] file = [.. LegacyStart, .. pickle, .. keys, .. BitConverter.GetBytes(1L), 9, 9, 9, 9, .. BitConverter.GetBytes(3L), .. ThreeFloats];
        using var read = CheckpointFile.Load(new MemoryStream(file), new CheckpointOptions { Prefix = "good" });
        read["y"].Floats().Should().Equal(1, -2, 3);
    }

    [Theory]
    [InlineData(@"ctorch\nTensor\n")]
    [InlineData(@"ctorch.nn.parameter\nParameter\n")]
    public void Load_ATensorWithAttributes_IsTheTensor(string type)
    {
        var tensor = $@"ctorch._tensor\n_rebuild_from_type_v2\n(ctorch._utils\n_rebuild_tensor_v2\n{type}{Arguments()}}}U\x04nameU\x01astR";
        using var read = CheckpointFile.Load(Archive(Dictionary(("x", tensor)), ThreeFloats));
        read["x"].Floats().Should().Equal(1, -2, 3);
    }

    [Fact]
    public void Load_ATensorOfAClassOfTheUsers_IsRefusedByName()
    {
        var tensor = $@"ctorch._tensor\n_rebuild_from_type_v2\n(ctorch._utils\n_rebuild_tensor_v2\ncmine\nWeight\n{Arguments()}}}tR";
        MeasuredLoad.Run(Archive(Dictionary(("x", tensor)), ThreeFloats).ToArray()).Should().Contain("'mine.Weight'");
        MeasuredLoad.Run(Archive(Dictionary(("x", tensor), ("y", Tensor())), ThreeFloats).ToArray(), new CheckpointOptions { AllowUnknownObjects = true }).Should().BeNull();
    }

    [Fact]
    public void Load_AttributesWithinAttributes_AreRefused()
    {
        const string start = @"ctorch._tensor\n_rebuild_from_type_v2\n(ctorch._tensor\n_rebuild_from_type_v2\nctorch\nTensor\n";
        MeasuredLoad.Run(Archive(Dictionary(("x", start + $@"(ctorch._utils\n_rebuild_tensor_v2\nctorch\nTensor\n{Arguments()}}}t}}tR")), ThreeFloats).ToArray())
            .Should().Contain("arguments that it does not take");
    }

    [Fact]
    public void Load_ATensorOfAnotherDevice_IsTheTensorOnTheCpu()
    {
        var tensor = $@"ctorch._utils\n_rebuild_device_tensor_from_cpu_tensor\n({Tensor()}ctorch\nfloat32\nU\x06mtia:0\x89tR";
        using var read = CheckpointFile.Load(Archive(Dictionary(("x", tensor)), ThreeFloats));
        read["x"].Floats().Should().Equal(1, -2, 3);
    }

    /// <summary>Whether a tensor is refused by name, while another one beside it loads by its prefix, or where others are ignored.</summary>
    private static void RefusedAlone(string tensor, string reason)
    {
        var file = Archive(Dictionary(("bad.x", tensor), ("good.y", Tensor())), ThreeFloats).ToArray();
        MeasuredLoad.Run(file).Should().ContainAll("tensor 'bad.x' cannot be read", reason, "CheckpointOptions.Prefix");
        using (var read = CheckpointFile.Load(new MemoryStream(file), new CheckpointOptions { Prefix = "good" }))
            read["y"].Floats().Should().Equal(1, -2, 3);
        using (var read = CheckpointFile.Load(new MemoryStream(file), new CheckpointOptions { AllowUnknownObjects = true }))
            read.Keys.Should().Equal("good.y");
    }

    private static string Tensor(string storage = "FloatStorage", string metadata = "") => $@"ctorch._utils\n_rebuild_tensor_v2\n{Arguments(storage, metadata)}R";

    // Storage, offset, sizes, strides, no gradient, no hooks, and what metadata there is.
    private static string Arguments(string storage = "FloatStorage", string metadata = "") =>
        $@"((U\x07storagectorch\n{storage}\nU\x010U\x03cpuK\x03tQK\x00K\x03\x85K\x01\x85\x89{Hooks}{metadata}t";

    private static byte[] Dictionary(params (string Name, string Value)[] entries) =>
        Pickled("}" + string.Concat(entries.Select(entry => $@"U\x{entry.Name.Length:x2}{entry.Name}{entry.Value}s")) + ".");

    private static byte[] Pickled(string text) => Python(text.Replace(@"\n", "\n", StringComparison.Ordinal));
}

using System.IO.Compression;
using Px.Bytes;
using Px.Pruning.Masking;
using Px.Pruning.Ranking;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests;

/// <summary>Layers whose scores, weights or masks take more bytes than a span holds.</summary>
public sealed class LargeLayerTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose() => scope.Dispose();

    [Theory]
    [InlineData(ScalarType.Float64)]
    [InlineData(ScalarType.Float32)]
    public void Select_InParts_IsTheSameAsAtOnce(ScalarType type)
    {
        // Few values, so that cuts fall among ties; and negative ones.
        var parameters = new[] { 1000L, 1, 0, 77 }.Select((size, i) => new ScoredParameter(
            $"w{i}", (randn(size, float64) * 4).round().to(type), rand(size).gt(0.3))).ToList();
        foreach (long count in new long[] { 0, 1, 13, 300, 500, 700, 2000 })
        {
            var whole = TopK.Select(parameters, count);
            using (new Parts(16)) Equal(TopK.Select(parameters, count), whole);
        }
    }

    [Fact]
    public void Select_Float32_IsTheSameAsFloat64()
    {
        // Random bits: subnormal, large and negative scores.
        var scores = tensor(Enumerable.Range(0, 5000).Select(i => BitConverter.Int32BitsToSingle(unchecked(i * 0x3C6EF372)))
            .Where(float.IsFinite).ToArray());
        var alive = ones(scores.shape, ScalarType.Bool);
        foreach (long count in Enumerable.Range(0, 60).Select(i => (i * 83L) + 1))
            Equal(TopK.Select([new("w", scores, alive)], count), TopK.Select([new("w", scores.to(float64), alive)], count));
    }

    [Fact]
    public void MasksAndFiles_InParts_AreTheSameAsAtOnce()
    {
        using var mask = new PruningMask([KeyValuePair.Create("w", rand(33, 7).gt(0.5)), KeyValuePair.Create("v", rand(5).gt(0.5))]);
        var left = new Dictionary<string, Tensor> { ["w"] = rand(33, 7).gt(0.2), ["v"] = ones(5, ScalarType.Bool) };
        using var stream = new MemoryStream();
        mask.Save(stream);
        using var shuffled = mask.ShuffleWithinLayers(4);
        using var held = HeldWeights.Shuffle(mask, left, 4);

        using (new Parts(16))
        {
            using var again = new PruningMask(mask.Names.Select(name => KeyValuePair.Create(name, mask[name])));
            (again.KeptIn("w"), again.Kept).Should().Be((mask["w"].sum().ToInt64(), mask.Kept));
            using var other = new MemoryStream();
            again.Save(other);
            other.ToArray().Should().Equal(stream.ToArray());
            other.Position = 0;
            using var read = PruningMask.Load(other);
            using var unseekable = PruningMask.Load(new BrotliStream(Compressed(stream.ToArray()), CompressionMode.Decompress));
            using var shuffledInParts = mask.ShuffleWithinLayers(4);
            using var heldInParts = HeldWeights.Shuffle(mask, left, 4);
            foreach (string name in mask.Names)
                Equal([read[name], unseekable[name], shuffledInParts[name], heldInParts[name]], [mask[name], mask[name], shuffled[name], held[name]]);
            var bytes = stream.ToArray();
            bytes[^3] = 7;
            FluentActions.Invoking(() => PruningMask.Load(new MemoryStream(bytes))).Should().Throw<InvalidDataException>().WithMessage("*'v'*value 7 at index 2;*");
        }
    }

    [Fact]
    public void Phew_InParts_IsTheSameAsAtOnce()
    {
        using var net = Sequential(Linear(8, 9), ReLU(), Linear(9, 4));
        var options = new PruningOptions { Seed = 2, Scope = PruningScope.LayerWise };
        using var whole = new PhewPruner().Score(net, PruningData.Shape(8), options: options);
        using (new Parts(16))
        using (var parts = new PhewPruner().Score(net, PruningData.Shape(8), options: options))
            Equal(whole.Names.Select(name => parts[name]), whole.Names.Select(name => whole[name]));
    }

    /// <summary>2²⁸ + 2¹⁴ weights: 1 GiB of them, and more than 2³¹ bytes of scores.</summary>
    [LargeMemoryFact(12)]
    public void Prune_LayerOfMoreScoresThanASpanHolds_KeepsTheLargest()
    {
        const long Rows = (1 << 14) + 1, Columns = 1 << 14, Kept = Columns + 200;
        using var noGrad = no_grad();
        using var net = Sequential(("w", nn.Linear(Columns, Rows, hasBias: false)));
        var weight = net.get_parameter("w.weight")!;
        weight.fill_(0.5f);
        weight[TensorIndex.Single(Rows - 1)] = -2f; // beyond the first 2³¹ bytes of scores
        weight[TensorIndex.Single(0), TensorIndex.Slice(0, 100)] = 3f;

        using var result = new MagnitudePruner().Prune(net, sparsity: 1 - (Kept / (double)(Rows * Columns)));

        result.Mask.Kept.Should().Be(Kept);
        result.Mask["w.weight"][0].sum().ToInt64().Should().Be(200, "100 are larger, and of equal ones the first are kept");
        result.Mask["w.weight"][Rows - 1].all().ToBoolean().Should().BeTrue();
        weight.count_nonzero().ToInt64().Should().Be(Kept);
    }

    /// <summary>2³¹ + 3 places: by hand after a change of masks or files, since it takes minutes.</summary>
    [LargeMemoryFact(10, byHand: true)]
    public void Mask_OfMoreThanASpanOfPlaces_CountsShufflesAndIsSaved()
    {
        const long Size = (1L << 31) + 3;
        var tensor = zeros(Size, ScalarType.Bool);
        tensor[TensorIndex.Slice(Size - 5, Size)] = true;
        string file = Path.GetTempFileName();
        try
        {
            using var mask = new PruningMask([KeyValuePair.Create("w", tensor)]);
            tensor.Dispose();
            mask.Kept.Should().Be(5);
            mask.Save(file);
            using (var read = PruningMask.Load(file)) read["w"][TensorIndex.Slice(Size - 5, Size)].all().ToBoolean().Should().BeTrue();
            using var shuffled = mask.ShuffleWithinLayers(1);
            shuffled.Kept.Should().Be(5);
            shuffled["w"][TensorIndex.Slice(Size - 5, Size)].any().ToBoolean().Should().BeFalse();
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static void Equal(IEnumerable<Tensor> found, IEnumerable<Tensor> expected)
    {
        var pairs = found.Zip(expected).ToList();
        pairs.Should().NotBeEmpty();
        foreach (var (a, b) in pairs)
        {
            (a.dtype, a.numel()).Should().Be((b.dtype, b.numel()));
            a.eq(b).all().ToBoolean().Should().BeTrue();
        }
    }

    private static MemoryStream Compressed(byte[] bytes)
    {
        var compressed = new MemoryStream();
        using (var stream = new BrotliStream(compressed, CompressionMode.Compress, leaveOpen: true)) stream.Write(bytes);
        compressed.Position = 0;
        return compressed;
    }

    /// <summary>Until disposed, tensors are gone through in parts of so many bytes, and none is one span.</summary>
    private sealed class Parts : IDisposable
    {
        private readonly (long Span, int Part) found = (TensorMemory.LargestSpan, TensorMemory.Part);

        internal Parts(int bytes) => (TensorMemory.LargestSpan, TensorMemory.Part) = (0, bytes);

        public void Dispose() => (TensorMemory.LargestSpan, TensorMemory.Part) = found;
    }
}

using System.Security.Cryptography;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Masking;

/// <summary>Networks whose files are looked at, and their state as bytes.</summary>
internal static class PrunedNets
{
    internal static MaskedNet Masked(long seed)
    {
        manual_seed(seed);
        return new MaskedNet();
    }

    internal static AllTypes Types(long seed)
    {
        manual_seed(seed);
        return new AllTypes();
    }

    /// <summary>The names that state_dict() has, each with type, shape and a hash of the numbers.</summary>
    internal static SortedDictionary<string, string> State(Module model)
    {
        using var scope = NewDisposeScope();
        var state = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, tensor) in model.state_dict())
            state[name] = $"{tensor.dtype} [{string.Join(", ", tensor.shape)}] {Hash(tensor)}";
        return state;
    }

    internal static string Hash(Tensor tensor) => Convert.ToHexString(SHA256.HashData(tensor.detach().cpu().contiguous().bytes));

    /// <summary>A mask over every parameter of two or more dimensions, bound for a moment, so that the others are zero.</summary>
    internal static PruningMask Prune(Module model, double density, Dictionary<string, string>? metadata = null)
    {
        using var random = MaskedNet.RandomMask(model, density, 5);
        var mask = new PruningMask(random.Names.Select(name => KeyValuePair.Create(name, random[name])), metadata);
        mask.Bind(model).Dispose();
        return mask;
    }

    internal static byte[] File(Module model, PruningMask mask)
    {
        using var stream = new MemoryStream();
        PrunedFile.Save(stream, model, mask);
        return stream.ToArray();
    }

    internal static PruningMask Load(byte[] file, Module model) => PrunedFile.Load(new MemoryStream(file), model);

    /// <summary>Parameters of every floating-point type, some without a mask, and buffers of other types.</summary>
    internal sealed class AllTypes : Module<Tensor, Tensor>
    {
        private readonly Parameter scalar = Of([], float32);

        internal AllTypes() : base(nameof(AllTypes))
        {
            foreach (var (name, shape, type) in new (string, long[], ScalarType)[]
            {
                ("doubles", [3, 5], float64), ("halves", [40, 7], float16), ("brains", [9, 11], bfloat16), ("singles", [2, 3, 3, 3], float32), ("none", [0, 3], float32),
                ("bias", [6], bfloat16),
            })
                register_parameter(name, Of(shape, type));
            register_buffer("steps", tensor(1L << 40));
            register_buffer("flags", tensor(new[] { true, false, true }));
            register_buffer("bytes", arange(5, dtype: ScalarType.Byte));
            register_buffer("noNumber", tensor(new[] { double.NaN, -0.0, double.NegativeInfinity }));
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => input * scalar;

        private static Parameter Of(long[] shape, ScalarType type) => Parameter(randn(shape).to(type));
    }

    /// <summary>Two layers that are one: its weight has two names.</summary>
    internal sealed class Twice : Module<Tensor, Tensor>
    {
        private readonly Linear first, second, head = Linear(4, 2);

        internal Twice() : base(nameof(Twice))
        {
            first = second = Linear(4, 4);
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => head.call(second.call(first.call(input)));
    }
}

using System.Reflection;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Engine;

// Floating-point parameters and buffers that the model's own forward reads: those of no layer and no norm, which hooks replace.
internal sealed class RawTensors
{
    private readonly List<RawTensor> tensors;

    // roles: what the caller says they are, by name.
    internal RawTensors(nn.Module model, IReadOnlyList<HookedModule> modules, IReadOnlyDictionary<string, RawTensorRole>? roles)
    {
        var replaced = modules.SelectMany(Replaced).OfType<Tensor>().Select(tensor => tensor.Handle).ToHashSet();
        var slopes = modules.Select(hooked => (hooked.Module as PReLU)?.weight.Handle).ToHashSet();
        tensors =
        [
            .. model.named_parameters().Select(p => (p.name, tensor: (Tensor)p.parameter))
                .Concat(model.named_buffers().Select(b => (b.name, tensor: b.buffer)))
                .Where(entry => entry.tensor.is_floating_point() && entry.tensor.numel() > 0 && !replaced.Contains(entry.tensor.Handle))
                .Select(entry => new RawTensor(entry.name, entry.tensor, isSlope: slopes.Contains(entry.tensor.Handle))),
        ];
        foreach (var (name, role) in roles ?? new Dictionary<string, RawTensorRole>()) Decide(name, role);
    }

    // Whether the roles that no option gives have been looked for, which depends on no weight.
    internal bool AreKnown { get; set; }

    // Tensors whose role could not be told though they take part.
    internal IReadOnlyList<RawTensor> Unclear { get; set; } = [];

    internal IEnumerable<RawTensor> Undecided => tensors.Where(raw => raw is { Role: null, IsSlope: false });

    internal bool ScaleByNegativeNumbers => tensors.Exists(raw => raw.Role == RawTensorRole.Scale && raw.HasNegativeNumbers);

    // The first that shifts by anything; null where none does.
    internal RawTensor? Shift => tensors.Find(raw => raw.Role == RawTensorRole.Shift && raw.IsAnything);

    // Gives the model's code other values until disposed: fresh ones, or null for a tensor's own. The managed tensor that the code reads
    // points to another native one meanwhile: the caller's own is never written, so that value, type, gradient and version stay.
    internal IDisposable? Lend(Func<RawTensor, Tensor?> value)
    {
        if (tensors.Count == 0) return null;
        var lent = new LentTensors();
        try
        {
            foreach (var raw in tensors)
                if (value(raw) is { } other) lent.Exchange(raw.Tensor, other.DetachFromDisposeScope());
            return lent;
        }
        catch
        {
            lent.Dispose();
            throw;
        }
    }

    private static IEnumerable<Tensor?> Replaced(HookedModule hooked) =>
    [
        hooked.Weighted?.Weight, hooked.Weighted?.Bias, hooked.Norm?.Gamma, hooked.Norm?.Beta, hooked.Norm?.RunningMean,
        hooked.Norm?.RunningVariance,
    ];

    private void Decide(string name, RawTensorRole role)
    {
        var raw = tensors.Find(raw => raw.Name == name && !raw.IsSlope) ?? throw new ArgumentException(
            $"PruningOptions.RawTensors names '{name}', which is no parameter or buffer that the model's own forward reads. The model has "
            + $"{(tensors.Count == 0 ? "none" : string.Join(", ", tensors.Select(raw => $"'{raw.Name}'")))}.", nameof(name));
        raw.Role = Require.Defined(role, "Not a role of a raw tensor.");
    }

    private sealed class LentTensors : IDisposable
    {
        private static readonly FieldInfo? Native = Array.Find(
            typeof(Tensor).GetFields(BindingFlags.Instance | BindingFlags.NonPublic), field => field.FieldType == typeof(IntPtr));

        private readonly List<(Tensor Tensor, Tensor Other)> exchanged = [];

        internal void Exchange(Tensor tensor, Tensor other)
        {
            Swap(tensor, other);
            exchanged.Add((tensor, other));
        }

        public void Dispose()
        {
            foreach (var (tensor, other) in exchanged)
            {
                Swap(tensor, other);
                other.Dispose();
            }

            exchanged.Clear();
        }

        private static void Swap(Tensor a, Tensor b)
        {
            var field = Native ?? throw new NotSupportedException(
                "This version of TorchSharp keeps a tensor's handle where it cannot be changed, so that parameters which the model's "
                + "forward reads cannot be given other values. Please report the version.");
            object? handle = field.GetValue(a);
            field.SetValue(a, field.GetValue(b));
            field.SetValue(b, handle);
        }
    }
}

// isSlope: whether it belongs to an activation module, which methods of paths replace.
internal sealed class RawTensor(string name, Tensor tensor, bool isSlope)
{
    internal string Name { get; } = name;

    // The caller's own object.
    internal Tensor Tensor { get; } = tensor;

    internal bool IsSlope { get; } = isSlope;

    // Null where it is not known, or the output does not depend on it.
    internal RawTensorRole? Role { get; set; }

    internal bool HasNegativeNumbers => Any(numbers => numbers.lt(0));

    internal bool IsAnything => Any(numbers => numbers.ne(0));

    // Its value in another type, in no graph; null where it has that type. Fresh.
    internal Tensor? As(ScalarType dtype)
    {
        if (Tensor.dtype == dtype) return null;
        using var own = Tensor.detach();
        return own.to(dtype);
    }

    // Its value in a network of paths whose weights are |θ|ᵖᵒʷᵉʳ: a scale is such a weight, a shift is dropped. Null for its own. Fresh.
    internal Tensor? OnPaths(int power, ScalarType dtype)
    {
        if (Role is null) return As(dtype);
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var own = Tensor.detach().to(dtype);
        var value = (Role, power) switch
        {
            (RawTensorRole.Shift, _) => zeros_like(own),
            // A parameter that is zero may be trained; a buffer's zeros are no connections.
            (_, 0) => Tensor is Parameter ? ones_like(own) : own.ne(0).to(dtype),
            (_, 1) => own.abs(),
            _ => own.square(),
        };
        return value.MoveToOuterDisposeScope();
    }

    private bool Any(Func<Tensor, Tensor> test)
    {
        using var scope = NewDisposeScope();
        return test(Tensor.detach()).any().ToBoolean();
    }
}

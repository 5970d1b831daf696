using System.Text;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Masking;

internal static class MaskAlgebra
{
    // |A ∩ B|: how many weights both masks keep.
    public static long CountCommon(PruningMask a, PruningMask b)
    {
        MaskMismatch.ThrowIfAny(a, b);
        return a.Names.Sum(name => CountCommon(a, b, name));
    }

    // |A ∩ B| in one parameter, which both masks have in one shape.
    public static long CountCommon(PruningMask a, PruningMask b, string name)
    {
        using var both = a[name].logical_and(b[name]);
        return MaskTensors.CountTrue(both);
    }

    // |A ∩ B| / min(|A|, |B|); 1 where both are empty, 0 where only one is.
    public static double Overlap(double common, long a, long b) => a == 0 && b == 0 ? 1 : common == 0 ? 0 : common / Math.Min(a, b);

    // |A ∩ B| / |A ∪ B|; 1 where both are empty.
    public static double Jaccard(long common, long a, long b) => a + b == common ? 1 : (double)common / (a + b - common);

    // A new mask, one parameter after the other, in the order of a.
    public static PruningMask Combine(PruningMask a, PruningMask b, Func<Tensor, Tensor, Tensor> combine)
    {
        MaskMismatch.ThrowIfAny(a, b);
        using var scope = NewDisposeScope();
        return PruningMask.Adopt(a.Names.Select(name => KeyValuePair.Create(name, combine(a[name], b[name]))));
    }
}

// Compares what a mask covers, by name and shape, with what it is to be used on, and lists every difference in one message.
internal static class MaskMismatch
{
    private const int Listed = 20;

    // Checks that a model has every masked parameter in the mask's shape; it may have more. ArgumentException: It has not.
    public static void ThrowIfAny(Module model, PruningMask mask)
    {
        var (missing, reshaped) = (new List<string>(), new List<string>());
        foreach (string name in mask.Names)
        {
            if (model.get_parameter(name) is not { } parameter) missing.Add(name);
            else if (!Same(parameter.shape, mask[name].shape)) reshaped.Add(name);
        }

        if (missing.Count + reshaped.Count == 0)
            return;
        var spare = model.named_parameters().Where(p => p.parameter.dim() > 1 && !mask.Contains(p.name)).ToList();
        throw new ArgumentException(
            new StringBuilder("The mask does not fit the model, which is unchanged.")
                .Append(List("The model lacks", missing, name => $"'{name}' {Text(mask[name].shape)}"))
                .Append(List("Of another shape are", reshaped,
                name => $"'{name}' (mask {Text(mask[name].shape)}, model {Text(model.get_parameter(name)!.shape)})"))
                .Append(List("Without a mask are the model's", missing.Count > 0 ? spare
                : [], p => $"'{p.name}' {Text(p.parameter.shape)}"))
                .ToString(),
            nameof(model));
    }

    // Checks that two masks cover the same parameters in the same shapes. ArgumentException: They do not.
    public static void ThrowIfAny(PruningMask mask, PruningMask other)
    {
        ArgumentNullException.ThrowIfNull(other);
        var missing = mask.Names.Where(name => !other.Contains(name)).ToList();
        var unexpected = other.Names.Where(name => !mask.Contains(name)).ToList();
        var reshaped = mask.Names.Except(missing).Where(name => !Same(mask[name].shape, other[name].shape)).ToList();
        if (missing.Count + unexpected.Count + reshaped.Count == 0)
            return;
        throw new ArgumentException(
            new StringBuilder("The masks are not over the same parameters.")
                .Append(List("Only the first has", missing, name => $"'{name}' {Text(mask[name].shape)}"))
                .Append(List("Only the second has", unexpected, name => $"'{name}' {Text(other[name].shape)}"))
                .Append(List("Of different shapes are", reshaped,
                name => $"'{name}' ({Text(mask[name].shape)} and {Text(other[name].shape)})"))
                .ToString(),
            nameof(other));
    }

    private static string List<T>(string title, List<T> items, Func<T, string> text) => items.Count == 0
        ? ""
        : $" {title}: {string.Join(", ", items.Take(Listed).Select(text))}{(items.Count > Listed ? $" and {items.Count - Listed} more" : "")}.";

    private static bool Same(long[] a, long[] b) => a.AsSpan().SequenceEqual(b);

    private static string Text(long[] shape) => $"[{string.Join(", ", shape)}]";
}

using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Masking;

internal static class MaskAlgebra
{
    // |A ∩ B|, the number of weights that both masks keep.
    internal static long CountCommon(PruningMask a, PruningMask b)
    {
        MaskMismatch.ThrowIfAny(a, b);
        return a.Names.Sum(name => CountCommon(a, b, name));
    }

    // |A ∩ B| in one parameter, which both masks have in one shape.
    internal static long CountCommon(PruningMask a, PruningMask b, string name)
    {
        using var both = a[name].logical_and(b[name]);
        return MaskTensors.CountTrue(both);
    }

    // |A ∩ B| / min(|A|, |B|); 1 where both are empty, 0 where only one is.
    internal static double Overlap(double common, long a, long b) => a == 0 && b == 0 ? 1 : common == 0 ? 0 : common / Math.Min(a, b);

    // |A ∩ B| / |A ∪ B|; 1 where both are empty.
    internal static double Jaccard(long common, long a, long b) => a + b == common ? 1 : (double)common / (a + b - common);

    // Combines the masks of each parameter into a new mask.
    internal static PruningMask Combine(PruningMask a, PruningMask b, Func<Tensor, Tensor, Tensor> combine)
    {
        MaskMismatch.ThrowIfAny(a, b);
        using var scope = NewDisposeScope();
        return PruningMask.Adopt(a.Names.Select(name => KeyValuePair.Create(name, combine(a[name], b[name]))));
    }
}

// Compares a mask's names and shapes with those of a model or another mask, and lists every difference in one message.
internal static class MaskMismatch
{
    private const int Listed = 20;

    // The model may have parameters that the mask does not cover.
    internal static void ThrowIfAny(Module model, PruningMask mask)
    {
        var (missing, reshaped) = (new List<string>(), new List<string>());
        foreach (string name in mask.Names)
        {
            if (model.get_parameter(name) is not { } parameter) missing.Add(name);
            else if (!Same(parameter.shape, mask[name].shape)) reshaped.Add(name);
        }

        if (missing.Count + reshaped.Count == 0) return;
        var spare = model.named_parameters().Where(p => missing.Count > 0 && p.parameter.dim() > 1 && !mask.Contains(p.name)).ToList();
        throw new ArgumentException(
            "The mask does not fit the model, which is unchanged."
            + List("The model lacks", missing, name => $"'{name}' {Text(mask[name])}")
            + List("Of another shape are", reshaped,
                name => $"'{name}' (mask {Text(mask[name])}, model {Text(model.get_parameter(name)!)})")
            + List("Without a mask are the model's", spare, p => $"'{p.name}' {Text(p.parameter)}"),
            nameof(model));
    }

    internal static void ThrowIfAny(PruningMask mask, PruningMask other)
    {
        ArgumentNullException.ThrowIfNull(other);
        var missing = mask.Names.Where(name => !other.Contains(name)).ToList();
        var unexpected = other.Names.Where(name => !mask.Contains(name)).ToList();
        var reshaped = mask.Names.Except(missing).Where(name => !Same(mask[name].shape, other[name].shape)).ToList();
        if (missing.Count + unexpected.Count + reshaped.Count == 0) return;
        throw new ArgumentException(
            "The masks are not over the same parameters."
            + List("Only the first has", missing, name => $"'{name}' {Text(mask[name])}")
            + List("Only the second has", unexpected, name => $"'{name}' {Text(other[name])}")
            + List("Of different shapes are", reshaped, name => $"'{name}' ({Text(mask[name])} and {Text(other[name])})"),
            nameof(other));
    }

    internal static string List<T>(string title, List<T> items, Func<T, string> text)
    {
        if (items.Count == 0) return "";
        string more = items.Count > Listed ? $" and {items.Count - Listed} more" : "";
        return $" {title}: {string.Join(", ", items.Take(Listed).Select(text))}{more}.";
    }

    private static bool Same(long[] a, long[] b) => a.AsSpan().SequenceEqual(b);

    private static string Text(Tensor tensor) => ShapeText.Of(tensor.shape);
}

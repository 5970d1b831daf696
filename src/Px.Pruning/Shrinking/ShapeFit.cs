using TorchSharp.Modules;
using static TorchSharp.torch;
using Module = TorchSharp.torch.nn.Module;

namespace Px.Pruning.Shrinking;

// Removes channels from layers so that they have the shapes of a small network's tensors.
internal static class ShapeFit
{
    internal static void Apply(Module model, IReadOnlyDictionary<string, Tensor> state)
    {
        using var scope = NewDisposeScope();
        // All layers are checked before the first is written.
        var layers = model.named_modules().Prepend((name: "", module: model)).DistinctBy(m => m.module, ReferenceEqualityComparer.Instance)
            .Select(m => (m.module, Kept: Kept(m.name, m.module, state))).Where(layer => layer.Kept is not null).ToList();
        foreach (var (module, kept) in layers)
        {
            var (inputs, outputs, groups) = kept!.Value;
            using var small = LayerState.Select(module, First(inputs), First(outputs), groups, null, null);
            small.Install(module);
        }
    }

    // Inputs, outputs and groups that a layer keeps; null for a module without channels to lose.
    private static (long Inputs, long Outputs, long Groups)? Kept(string name, Module module, IReadOnlyDictionary<string, Tensor> state)
    {
        if (module is not (Convolution or Linear or NormBase or GroupNorm or PReLU { num_parameters: > 1 })) return null;
        string key = Key(name, module is NormBase { affine: false } ? "running_mean" : "weight");
        if (module is NormBase { affine: false, track_running_stats: false })
        {
            throw new UnsupportedModelException($"'{name}' has neither parameters nor running statistics, so that no state says how many "
                + "channels it keeps.") { Module = name };
        }

        if (module is GroupNorm { affine: false }) return null;
        if (!state.TryGetValue(key, out var tensor))
            throw new ArgumentException($"The state has no '{key}'. Give the state of the whole small network.", nameof(state));
        using var found = LayerState.Of(module);
        long[] before = (module is NormBase { affine: false } ? found.Mean : found.Weight)!.shape, after = tensor.shape;
        var kept = module switch
        {
            Convolution m => Kept(m, before, after),
            Linear => (after.Length == 2 ? after[1] : 0, after[0], 1),
            GroupNorm m => (after[0], after[0], m.num_groups * after[0] / before[0]),
            _ => (after[0], after[0], after[0]),
        };
        bool fits = before.Length == after.Length && before.Zip(after, (b, a) => 1 <= a && a <= b).All(smaller => smaller)
            && kept.Item1 > 0 && kept.Item3 > 0
            && (module is not GroupNorm norm || after[0] * norm.num_groups % before[0] == 0);
        return fits
            ? kept
            : throw new ArgumentException(
                $"'{key}' has the shape {ShapeText.Of(after)} in the state and {ShapeText.Of(before)} in the model, which cannot be shrunk "
                + "to that.", nameof(state));
    }

    // The size of a group does not change, so that the channels give the number of groups.
    private static (long, long, long) Kept(Convolution m, long[] before, long[] after)
    {
        if (before.Length != after.Length || !before.AsSpan(2).SequenceEqual(after.AsSpan(2))) return default;
        var (channels, inGroup) = (after[0], after[1]);
        if (m.groups == 1) return m.transposed ? (channels, inGroup, 1) : (inGroup, channels, 1);
        long size = before[0] / m.groups, groups = channels / size;
        if (inGroup != before[1] || channels % size != 0) return default;
        return m.transposed ? (channels, groups * inGroup, groups) : (groups * inGroup, channels, groups);
    }

    private static string Key(string module, string member) => module.Length == 0 ? member : $"{module}.{member}";

    private static int[] First(long count) => [.. Enumerable.Range(0, (int)count)];
}

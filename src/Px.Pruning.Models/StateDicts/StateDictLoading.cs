using Px.Bytes;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Models.StateDicts;

// Compares named tensors with a module's, and copies them if they fit.
internal static class StateDictLoading
{
    // removed: what was taken off the file's names, for the message.
    // Throws StateDictMismatchException if they do not fit; then nothing was loaded.
    internal static StateDictMismatch Load(
        nn.Module module, IReadOnlyDictionary<string, Tensor> tensors, StateDictOptions? options, string removed)
    {
        var owned = module.state_dict();
        // A tied tensor has several names.
        var targets = owned.GroupBy(pair => TensorAddress.Of(pair.Value))
            .Select(same => new Target(same.First().Value, [.. same.Select(pair => pair.Key)])).ToList();
        var conflicts = targets.SelectMany(target => Conflicts(target, tensors)).ToList();
        var mismatch = new StateDictMismatch
        {
            Missing = Missing(module, targets, tensors),
            Unexpected = [.. tensors.Keys.Where(name => !owned.ContainsKey(name))],
            Conflicting = conflicts,
            Removed = removed,
        };
        if (!(options ?? new StateDictOptions()).Allow(mismatch))
            throw new StateDictMismatchException(mismatch);

        var ambiguous = conflicts.Where(conflict => conflict.OtherName is not null).Select(conflict => conflict.Name).ToHashSet();
        using var untracked = no_grad();
        foreach (var target in targets)
        {
            if (Fitting(target, tensors) is [var name, ..] && !ambiguous.Contains(name))
                target.Tensor.copy_(tensors[name]);
        }

        return mismatch;
    }

    private static List<string> Missing(nn.Module module, List<Target> targets, IReadOnlyDictionary<string, Tensor> tensors)
    {
        var missing = targets.Where(target => !target.Names.Exists(tensors.ContainsKey)).SelectMany(target => target.Names).ToList();
        if (missing.Count > 0)
        {
            var counters = StepCounters(module).ToHashSet(StringComparer.Ordinal);
            missing.RemoveAll(counters.Contains);
        }

        return missing;
    }

    // Names with another shape or kind of number; and where several names of one tensor fit, those whose values differ from the first's.
    private static IEnumerable<StateDictConflict> Conflicts(Target target, IReadOnlyDictionary<string, Tensor> tensors)
    {
        foreach (var name in target.Names)
        {
            if (tensors.TryGetValue(name, out var source) && !Fits(target.Tensor, source))
                yield return Conflict(target.Tensor, name, source);
        }

        if (Fitting(target, tensors) is not [var first, ..] fitting)
            yield break;
        foreach (var other in fitting.Skip(1))
        {
            if (!AreEqual(target.Tensor, tensors[first], tensors[other]))
                yield return Conflict(target.Tensor, first, tensors[other]) with { OtherName = other };
        }
    }

    private static List<string> Fitting(Target target, IReadOnlyDictionary<string, Tensor> tensors) =>
        target.Names.FindAll(name => tensors.TryGetValue(name, out var source) && Fits(target.Tensor, source));

    private static bool Fits(Tensor target, Tensor source) =>
        target.shape.AsSpan().SequenceEqual(source.shape) && target.is_complex() == source.is_complex();

    private static StateDictConflict Conflict(Tensor target, string name, Tensor source) => new()
    {
        Name = name, ModuleShape = target.shape, TensorShape = source.shape, ModuleType = target.dtype, TensorType = source.dtype,
    };

    // Whether both would make the same of the module's tensor, NaNs included.
    private static bool AreEqual(Tensor target, Tensor first, Tensor second)
    {
        if (first.Handle == second.Handle)
            return true;
        using var untracked = no_grad();
        using var temporaries = NewDisposeScope();
        var (a, b) = (first.to(target.dtype).to(target.device), second.to(target.dtype).to(target.device));
        return a.eq(b).logical_or(a.ne(a).logical_and(b.ne(b))).all().item<bool>();
    }

    // Batch norm counts its steps since PyTorch 0.4.1; older files lack the counters, and PyTorch itself forgives that.
    private static IEnumerable<string> StepCounters(nn.Module module) =>
        module.named_modules().Prepend((name: "", module)).Where(pair => pair.module is NormBase)
            .Select(pair => pair.name.Length == 0 ? "num_batches_tracked" : $"{pair.name}.num_batches_tracked");

    // A tensor of the module, and all its names.
    private sealed record Target(Tensor Tensor, List<string> Names);
}

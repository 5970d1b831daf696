using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Px.Pruning.Engine;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Reporting;

// What a report says beside its layers. Parameters: of the whole model; null where they are not known.
// Unseen: layers of which hooks do not see every use. UnseenNote: what is lost by that, in words; null for nothing.
internal sealed record ReportFacts(
    long? Parameters, IReadOnlyList<LayerReport> Untouched, IReadOnlyList<string> Unseen, string? UnseenNote)
{
    private const int Listed = 5;

    internal static ReportFacts None { get; } = new(null, [], [], null);

    internal long KeptWithoutScore { get; init; }

    // Selected weights that were not ranked, since the output does not depend on them.
    internal IReadOnlyList<LayerReport> Unused { get; private init; } = [];

    internal static ReportFacts Of(Network network)
    {
        var weights = network.Slots.Select(slot => slot.Layer.Weight).ToDictionary(weight => weight.Handle, weight => (Tensor)weight);
        // What a native module shares with a layer has a handle of its own.
        var others = network.Model.named_parameters().DistinctBy(p => p.parameter.Handle)
            .Where(p => !weights.ContainsKey(p.parameter.Handle) && !weights.Values.Any(weight => IsSame(weight, p.parameter))).ToList();
        return new(
            weights.Values.Sum(weight => weight.numel()) + others.Sum(p => p.parameter.numel()),
            [.. others.Where(p => p.parameter.dim() > 1).Select(p => Describe(network, p.name, p.parameter))],
            [.. network.Unhooked.Concat(network.UsedElsewhere.Select(use => use.Layer)).Distinct()],
            Note(network))
        { Unused = [.. network.Unused.Select(slot => Dense(slot.Name, slot.Layer.Type, slot.Layer.Weight))] };
    }

    // Whether two handles lie on the same memory; on another device than the CPU that is not told.
    private static bool IsSame(Tensor a, Tensor b)
    {
        if (a.numel() == 0 || a.dtype != b.dtype || a.device_type != DeviceType.CPU || b.device_type != DeviceType.CPU) return false;
        if (!a.shape.AsSpan().SequenceEqual(b.shape) || !a.is_contiguous() || !b.is_contiguous()) return false;
        using var first = a.detach();
        using var second = b.detach();
        return Unsafe.AreSame(ref MemoryMarshal.GetReference(first.bytes), ref MemoryMarshal.GetReference(second.bytes));
    }

    private static LayerReport Describe(Network network, string name, Tensor parameter) =>
        Dense(name, Owner(network.Model, name).GetType().Name, parameter);

    private static LayerReport Dense(string name, string type, Tensor parameter) => new()
    {
        Name = name,
        Type = type,
        Kept = parameter.numel(),
        Total = parameter.numel(),
        UnitsAlive = 0,
        Units = 0,
    };

    // The innermost module that a parameter's name leads to.
    private static nn.Module Owner(nn.Module model, string name) => model.named_modules()
        .Where(module => name.StartsWith(module.name + ".", StringComparison.Ordinal))
        .OrderByDescending(module => module.name.Length).Select(module => module.module).FirstOrDefault() ?? model;

    private static string? Note(Network network)
    {
        if (network.IsSeenWhole) return null;
        var parts = new List<string>();
        if (network.Unhooked.Count > 0)
            parts.Add($"Reached by forward(), which runs no hooks: {List(network.Unhooked)}.");
        if (network.UsedElsewhere is [var first, ..])
        {
            int more = network.UsedElsewhere.Count - 1;
            parts.Add($"'{first.Parameter}' is {first.What}{(more > 0 ? $"; {more} more are used like that" : "")}.");
        }

        return string.Join(" ", parts) + " So FLOPs and connections are not known, and the binding cannot watch these uses: call "
            + "Apply(optimizer) after each step. Call every layer through call() to have all three.";
    }

    private static string List(IReadOnlyList<string> names) =>
        string.Join(", ", names.Take(Listed)) + (names.Count > Listed ? $" and {names.Count - Listed} more" : "");
}

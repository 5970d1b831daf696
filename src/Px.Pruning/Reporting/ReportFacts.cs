using Px.Bytes;
using Px.Pruning.Engine;
using Px.Pruning.Masking;
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

    // What a network without paths from input to output does.
    internal string Cut { get; private init; } = Dead;

    internal const string Dead = "the network answers the same to every input";

    internal static string CutOf(Network network) => network.HasGates ? Dead + ", except for constants that gates multiply" : Dead;

    // Weights that a method of paths did not rank, since they feed only gates.
    internal IReadOnlyList<LayerReport> GateWeights { get; init; } = [];

    // Selected weights that were not ranked, since the output does not depend on them.
    internal IReadOnlyList<LayerReport> Unused { get; private init; } = [];

    internal static ReportFacts Of(Network network)
    {
        var weights = network.Slots.Concat(network.Included).Select(slot => slot.Weight).DistinctBy(TensorAddress.Of).ToList();
        var ranked = weights.Select(TensorAddress.Of).ToHashSet();
        var others = network.Model.named_parameters().Where(p => ranked.Add(TensorAddress.Of(p.parameter))).ToList();
        var owners = new ParameterOwners(network.Model);
        return new(
            weights.Sum(weight => weight.numel()) + others.Sum(p => p.parameter.numel()),
            [.. others.Where(p => p.parameter.dim() > 1).Select(p => Describe(owners.Find(p.name).Owner, p.name, p.parameter))],
            [.. network.Unhooked.Concat(network.UsedElsewhere.Select(use => use.Layer)).Distinct()],
            Note(network))
        {
            Cut = CutOf(network),
            GateWeights = [.. network.GateWeights.Select(GateWeight)],
            Unused = [.. network.Unused.Select(slot => Dense(slot.Name, slot.Layer.Type, slot.Weight))],
        };
    }

    private static LayerReport GateWeight(WeightSlot slot)
    {
        long all = slot.Weight.numel(), weights = all - slot.Ranked, units = all == 0 ? 0 : slot.Units * weights / all;
        return new() { Name = slot.Name, Type = slot.Layer.Type, Kept = weights, Total = weights, UnitsAlive = units, Units = units };
    }

    private static LayerReport Describe(nn.Module owner, string name, Tensor parameter) =>
        Dense(name, owner.GetType().Name, parameter);

    private static LayerReport Dense(string name, string type, Tensor parameter) => new()
    {
        Name = name,
        Type = type,
        Kept = parameter.numel(),
        Total = parameter.numel(),
        UnitsAlive = 0,
        Units = 0,
    };

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

using Px.Experiments.Reports.Charts;
using Px.Experiments.Reports.Html;

namespace Px.Experiments.Reports.Sections;

/// <summary>What accuracies say, in three sentences: who is ahead where most was removed, who broke down there, and which differences are significant.</summary>
public static class Sentences
{
    private const int Named = 3;

    /// <summary>The sentences; none where nothing was pruned and trained.</summary>
    public static IReadOnlyList<string> Of(Study study)
    {
        if (!study.IsTrained || study.Sparsities.Count == 0)
            return [];
        var compared = study.Sparsities.Select(sparsity => new Comparison(study, sparsity)).ToList();
        var groups = compared[^1].Groups.OrderByDescending(group => group.After.Mean).ToList();
        return groups.Count == 1
            ? [$"{Share(study)} {Value(groups[0])} has {Percent(groups[0])}{Dense(study)}."]
            : [First(study, groups), Last(study, groups), Verdict.Of(compared)];
    }

    private static string First(Study study, List<Group> groups)
    {
        if (study.IsAtChance(groups[0]))
            return $"{Share(study)} no network is above chance ({Words.Share(study.Chance!.Value)}), so that none is best{Dense(study)}.";
        var next = groups.Skip(1).TakeWhile(group => !study.IsAtChance(group)).Take(Named - 1).Select(Value).ToList();
        return $"{Share(study)} {groups[0].Series.Label} has the highest mean, {Percent(groups[0])}{(next.Count == 0 ? "" : $", before {Words.List(next)}")}{Dense(study)}.";
    }

    private static string Last(Study study, List<Group> groups)
    {
        var guessing = study.Sparsities.Select(sparsity => (Sparsity: sparsity, Names: study.At(sparsity).Where(study.IsAtChance).Select(group => group.Series.Label).ToList()))
            .Where(at => at.Names.Count > 0).Select(at => $"{Names(at.Names)} at {Words.Share(at.Sparsity)}").ToList();
        var floor = Scale.Floor(groups.Select(group => group.After.Mean));
        var low = groups.Where(group => group.After.Mean < floor && !study.IsAtChance(group)).Select(Value).ToList();
        if (guessing.Count + low.Count == 0)
            return $"No method falls far below the others there: {groups[^1].Series.Label} is last with {Percent(groups[^1])}.";
        string[] parts =
        [
            .. low.Count == 0 ? Array.Empty<string>() : [$"far below the others there {(low.Count == 1 ? "is" : "are")} {Words.List(low)}"],
            .. guessing.Count == 0 ? Array.Empty<string>() : [$"not above chance are {Words.List(guessing)}"],
        ];
        var text = string.Join("; ", parts);
        return $"{char.ToUpperInvariant(text[0])}{text[1..]}.";
    }

    private static string Names(List<string> names) => names.Count <= 2 * Named ? Words.List(names) : $"{Words.Count(names.Count)} methods";

    private static string Share(Study study) => $"With {Words.Share(study.Sparsities[^1])} of the weights removed";

    private static string Value(Group group) => $"{group.Series.Label} ({Percent(group)})";

    private static string Percent(Group group) => Words.Percent(group.After.Mean, group.After.Deviation);

    private static string Dense(Study study) => study.Dense is { } dense ? $"; the dense network has {Percent(dense)}" : "";
}

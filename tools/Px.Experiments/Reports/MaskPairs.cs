using Px.Pruning;
using Px.Pruning.Analysis;

namespace Px.Experiments.Reports;

/// <summary>How much the masks of some methods have in common: of two methods on the same seed, of one between its seeds.</summary>
public sealed class MaskPairs
{
    private readonly Dictionary<(int, int), List<MaskPair>> pairs = [];

    /// <summary>Means over pairs of masks.</summary>
    /// <param name="Overlap"><see cref="PruningMask.Overlap"/>.</param>
    /// <param name="Jaccard"><see cref="PruningMask.Jaccard"/>.</param>
    /// <param name="ByChance">The overlap that random masks of the same layer densities have on average.</param>
    /// <param name="Count">Pairs.</param>
    public sealed record Mean(double Overlap, double Jaccard, double ByChance, int Count);

    /// <summary>Reads the masks of groups of one sparsity, those of one seed or one method at a time. Damaged files are left out, and masks of different networks are not compared.</summary>
    public MaskPairs(IReadOnlyList<Group> groups)
    {
        var files = (from i in Enumerable.Range(0, groups.Count)
                     from seed in groups[i].All.Where(found => found.MaskFile is not null).DistinctBy(found => found.Result.Cell.Seed)
                     select (Group: i, seed.Result.Cell.Seed, File: seed.MaskFile!)).ToList();
        foreach (var seed in files.GroupBy(file => file.Seed))
            Compare([.. seed.Select(file => (file.Group, file.File))]);
        foreach (var group in files.GroupBy(file => file.Group))
            Compare([.. group.Select(file => (file.Group, file.File))]);
    }

    /// <summary>Means over the pairs of masks, and their number; null where there is none.</summary>
    public Mean? this[int group, int other] => pairs.TryGetValue((group, other), out var found)
        ? new Mean(found.Average(pair => pair.Overlap), found.Average(pair => pair.Jaccard), found.Average(pair => pair.ExpectedOverlap), found.Count)
        : null;

    private void Compare(IReadOnlyList<(int Group, string File)> files)
    {
        var masks = new List<(int Group, PruningMask Mask)>();
        try
        {
            masks.AddRange(files.Select(file => (file.Group, Mask: TryLoad(file.File))).Where(loaded => loaded.Mask is not null)!);
            if (masks.Count < 2 || TryCompare([.. masks.Select((loaded, i) => KeyValuePair.Create($"{i}", loaded.Mask))]) is not { } comparison)
                return;
            for (var i = 0; i < masks.Count; i++)
            {
                for (var j = 0; j < i; j++)
                    Add((masks[j].Group, masks[i].Group), comparison[j, i]);
            }
        }
        finally
        {
            masks.ForEach(pair => pair.Mask.Dispose());
        }
    }

    private void Add((int, int) key, MaskPair pair)
    {
        if (!pairs.TryGetValue(key, out var found))
            pairs[key] = found = [];
        found.Add(pair);
    }

    private static PruningMask? TryLoad(string file)
    {
        try
        {
            return PruningMask.Load(file);
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static MaskComparison? TryCompare(IReadOnlyList<KeyValuePair<string, PruningMask>> masks)
    {
        try
        {
            return MaskComparison.Of(masks);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}

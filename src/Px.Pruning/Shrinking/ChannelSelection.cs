namespace Px.Pruning.Shrinking;

// Which channels are left, and what the network then costs, exactly: the cost of a group depends on which others are gone.
internal sealed class ChannelSelection
{
    private readonly ChannelStructure structure;
    private readonly ChannelOptions options;
    private readonly HashSet<ChannelGroup> removed = [];
    private readonly List<Family> families;
    private readonly int[] inputs, outputs;

    internal ChannelSelection(ChannelStructure structure, ChannelOptions options)
    {
        (this.structure, this.options) = (structure, options);
        inputs = [.. structure.Layers.Select(layer => layer.Inputs.Length)];
        outputs = [.. structure.Layers.Select(layer => layer.Outputs.Length)];
        families =
        [
            .. structure.Groups.Where(group => group.WhyStays is null).GroupBy(group => string.Join(' ', group.Parts))
                .Select(family => new Family([.. family], options.RoundTo)),
        ];
        Weights = structure.OtherWeights;
        Channels = outputs.Sum();
        foreach (var layer in structure.Layers) Count(layer, sign: 1);
    }

    internal long Flops { get; private set; }

    // Of convolutions and linear layers.
    internal long Weights { get; private set; }

    internal long Channels { get; private set; }

    // The removed groups' numbers in the channel graph.
    internal IReadOnlySet<int> Nodes => removed.Select(group => group.Node).ToHashSet();

    // Without one group, or all but one, of each family in turn: what splits channels by a number or a share is then found out.
    internal static ChannelSelection Trial(ChannelStructure structure)
    {
        var trial = new ChannelSelection(structure, new ChannelOptions());
        for (int index = 0; index < trial.families.Count; index++)
        {
            var family = trial.families[index];
            int count = index % 2 == 0 ? 1 : family.Left.Count - 1;
            for (int i = 0; i < count && trial.CanLose(family, 1); i++) trial.Remove(family, 1);
        }

        return trial;
    }

    // Removes the groups with the lowest scores until no more than that is left; of equal scores the later. False where no more can go.
    internal bool Remove(Func<ChannelGroup, double> score, double most, Func<ChannelSelection, long> measure)
    {
        foreach (var family in families) family.Rank(score, options.Ranking);
        while (measure(this) > most)
        {
            if (families.Where(family => !family.IsBlocked).Reverse().MinBy(family => family.Next) is not { } lowest) return false;
            int count = lowest.Step;
            // A layer only loses channels, so that a family that cannot lose any now never can.
            if (!CanLose(lowest, count)) lowest.IsBlocked = true;
            else Remove(lowest, count);
        }

        return true;
    }

    // The scores of the groups: sums over the weights that are left of those that write them, and how many they are.
    internal Dictionary<ChannelGroup, (double Sum, long Weights)> Scores(PruningScores scores)
    {
        var names = scores.Names.ToHashSet();
        var sums = new Dictionary<ChannelGroup, (double Sum, long Weights)>();
        foreach (var layer in structure.Layers.Where(layer => names.Contains(layer.Slot)))
        {
            using var left = layer.Mask(IsLeft);
            using var alive = scores[layer.Slot] * left;
            double[] written = layer.Sums(alive, outputs: true);
            long weights = layer.WeightsPerOutput(inputs[layer.Index]);
            for (int unit = 0; unit < written.Length; unit++)
            {
                var (sum, count) = sums.GetValueOrDefault(layer.Outputs[unit]);
                sums[layer.Outputs[unit]] = (sum + written[unit], count + weights);
            }
        }

        return sums;
    }

    internal PruningMask Mask(IReadOnlyDictionary<string, string>? metadata = null) => PruningMask.Adopt(
        structure.Layers.Where(layer => layer.IsFirstOfSlot)
            .Select(layer => KeyValuePair.Create(layer.Slot, layer.Mask(IsLeft))), metadata);

    private bool IsLeft(ChannelGroup group) => !removed.Contains(group);

    private bool CanLose(Family family, int count) => family.Left.Count > count && family.Left[0].Parts.TrueForAll(part =>
        inputs[part.Layer] - (count * part.Inputs) >= 1
        && (part.Outputs == 0 || outputs[part.Layer] - (count * part.Outputs) >= options.MinimumPerLayer));

    private void Remove(Family family, int count)
    {
        foreach (var group in family.Left[^count..])
        {
            removed.Add(group);
            foreach (var (index, ins, outs) in group.Parts)
            {
                Count(structure.Layers[index], sign: -1);
                inputs[index] -= ins;
                outputs[index] -= outs;
                Channels -= outs;
                Count(structure.Layers[index], sign: 1);
            }
        }

        family.Left.RemoveRange(family.Left.Count - count, count);
        family.FindNext(options.Ranking);
    }

    private void Count(ChannelLayer layer, int sign)
    {
        long weights = sign * outputs[layer.Index] * layer.WeightsPerOutput(inputs[layer.Index]);
        Flops += 2 * layer.Positions * weights;
        if (layer.IsFirstOfSlot) Weights += weights;
    }

    // Groups that are tied to the same layers, with as many channels of each: all cost the same. The lowest ranked is the last.
    private sealed class Family(List<ChannelGroup> left, int roundTo)
    {
        private readonly int whole = left.Count;
        private Func<ChannelGroup, double> score = _ => 0;
        private double mean;

        internal List<ChannelGroup> Left { get; } = left;

        internal bool IsBlocked { get; set; }

        // The rank of what goes next, the lowest first.
        internal double Next { get; private set; }

        // How many groups go at once, so that every layer keeps a multiple of the number.
        internal int Step { get; private set; }

        internal void Rank(Func<ChannelGroup, double> scores, ChannelRanking ranking)
        {
            score = scores;
            var ordered = Left.OrderByDescending(scores).ThenBy(group => group.Node).ToList();
            Left.Clear();
            Left.AddRange(ordered);
            mean = Left.Average(group => Math.Abs(scores(group)));
            FindNext(ranking);
        }

        internal void FindNext(ChannelRanking ranking)
        {
            int size = Left[0].Parts.Where(part => part.Outputs > 0).Select(part => part.Outputs).Aggregate(roundTo, Divisor);
            Step = Left.Count % (roundTo / size) is > 0 and var rest ? rest : roundTo / size;
            double next = Left[^Math.Min(Step, Left.Count)..].Average(score);
            Next = ranking switch
            {
                ChannelRanking.LayerWise => (double)(whole - Left.Count + Step) / whole,
                ChannelRanking.RelativeToLayer => mean == 0 ? 0 : next / mean,
                _ => next,
            };
        }

        private static int Divisor(int a, int b) => b == 0 ? a : Divisor(b, a % b);
    }
}

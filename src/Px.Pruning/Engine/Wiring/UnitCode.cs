namespace Px.Pruning.Engine.Wiring;

// Finds which unit of a source arrives where with 2·log₂(units) samples instead of one a unit: in sample 2b the units whose index has bit b
// set send a signal, in sample 2b + 1 the others. Sources that arrive at different units send at the same time.
internal sealed class UnitCode
{
    private readonly UnitProbe probe;
    private readonly bool[][] feeds;
    private readonly int[] groupOf;
    private readonly List<int> firstSample = []; // by group
    private readonly List<(int Group, int Bit, int Value)> samples = [];

    internal UnitCode(UnitProbe probe, bool[][] feeds)
    {
        (this.probe, this.feeds) = (probe, feeds);
        groupOf = Groups();
        for (int group = 0; group <= groupOf.Max(); group++)
        {
            int bits = Enumerable.Range(0, groupOf.Length).Where(source => groupOf[source] == group)
                .Max(source => Bits(probe.SourceUnits[source]));
            firstSample.Add(samples.Count);
            for (int bit = 0; bit < bits; bit++) samples.AddRange([(group, bit, 1), (group, bit, 0)]);
        }
    }

    // Adds the links of every source that arrives unit by unit; returns the sources that do not.
    internal List<int> Decode(List<(int Unit, UnitLink Link)>[] links, CancellationToken token)
    {
        var reached = probe.Send(samples.Count, Sends, alone: false, token);
        var mixed = new List<int>();
        for (int source = 0; source < groupOf.Length; source++)
            if (!Decode(source, reached, links[source])) mixed.Add(source);
        return mixed;
    }

    private bool Decode(int source, bool[][] reached, List<(int Unit, UnitLink Link)> links)
    {
        foreach (var (target, unit) in Fed(source))
        {
            if (Word(source, reached[target], unit, probe.TargetUnits[target]) is not { } word)
            {
                links.Clear();
                return false;
            }

            links.Add((word, new UnitLink(target, unit)));
        }

        return true;
    }

    // The unit whose code arrives, or null where none or several do.
    private int? Word(int source, bool[] reached, int unit, int units)
    {
        int word = 0;
        for (int sample = firstSample[groupOf[source]], bit = 0; bit < Bits(probe.SourceUnits[source]); bit++, sample += 2)
        {
            bool set = reached[sample * units + unit];
            if (set == reached[(sample + 1) * units + unit]) return null;
            if (set) word |= 1 << bit;
        }

        return word < probe.SourceUnits[source] ? word : null;
    }

    private bool Sends(int sample, int source, int unit)
    {
        var (group, bit, value) = samples[sample];
        return groupOf[source] == group && bit < Bits(probe.SourceUnits[source]) && ((unit >> bit) & 1) == value;
    }

    // Puts each source into the first group in which no other source arrives at the same units.
    private int[] Groups()
    {
        var groups = new int[probe.SourceUnits.Count];
        var taken = new List<bool[][]>();
        for (int source = 0; source < groups.Length; source++)
        {
            List<(int Target, int Unit)> fed = [.. Fed(source)];
            int group = taken.FindIndex(arrived => !fed.Exists(at => arrived[at.Target][at.Unit]));
            if (group < 0)
            {
                group = taken.Count;
                taken.Add([.. probe.TargetUnits.Select(units => new bool[units])]);
            }

            groups[source] = group;
            foreach (var (target, unit) in fed) taken[group][target][unit] = true;
        }

        return groups;
    }

    // The units of targets that a source feeds.
    private IEnumerable<(int Target, int Unit)> Fed(int source)
    {
        for (int target = 0; target < feeds.Length; target++)
        {
            for (int unit = 0; unit < probe.TargetUnits[target]; unit++)
                if (feeds[target][source * probe.TargetUnits[target] + unit]) yield return (target, unit);
        }
    }

    private static int Bits(int units) => units <= 1 ? 0 : 32 - int.LeadingZeroCount(units - 1);
}

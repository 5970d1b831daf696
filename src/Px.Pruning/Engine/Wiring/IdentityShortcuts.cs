namespace Px.Pruning.Engine.Wiring;

// Removes identity shortcuts, links that only skip layers.
internal sealed class IdentityShortcuts
{
    private readonly UnitProbe probe;
    private readonly bool[][] feeds, adds;
    private readonly bool[,] reaches; // [source, call]: whether the source reaches the call, directly or through other calls

    internal IdentityShortcuts(UnitProbe probe, bool[][] feeds, bool[][] adds)
    {
        (this.probe, this.feeds, this.adds) = (probe, feeds, adds);
        reaches = Closure();
    }

    // Removes from each source's links those to a unit to which another source that this one reaches adds as well.
    internal void Remove(List<(int Unit, UnitLink Link)>[] links)
    {
        for (int source = 0; source < links.Length; source++)
        {
            int from = source;
            links[source].RemoveAll(entry => IsShortcut(from, entry.Link));
        }
    }

    private bool IsShortcut(int source, UnitLink link)
    {
        int units = probe.TargetUnits[link.Port];
        for (int other = source + 1; other < probe.SourceUnits.Count; other++)
            if (reaches[source, other - 1] && adds[link.Port][other * units + link.Unit]) return true;
        return false;
    }

    private bool[,] Closure()
    {
        int calls = probe.Calls.Count;
        var closure = new bool[calls + 1, calls];
        for (int source = calls; source >= 0; source--)
        {
            for (int call = source; call < calls; call++)
            {
                int units = probe.TargetUnits[call];
                if (!feeds[call].AsSpan(source * units, units).Contains(true)) continue;
                closure[source, call] = true;
                for (int later = call + 1; later < calls; later++) closure[source, later] |= closure[call + 1, later];
            }
        }

        return closure;
    }
}

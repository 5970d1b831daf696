namespace Px.Benchmarks.Comparison;

/// <summary>
/// Ours and theirs for one method, to be run in turn: against the authors' way in C# in one process, against Python in a process each.
/// </summary>
internal sealed class Match : IDisposable
{
    private readonly WorkerProcess ours, theirs;
    private readonly string ourSide, theirSide;

    private Match(WorkerProcess ours, WorkerProcess theirs, string ourSide = "", string theirSide = "")
    {
        this.ours = ours;
        this.theirs = theirs;
        this.ourSide = ourSide;
        this.theirSide = theirSide;
    }

    internal static Match Start(Opponent opponent, int threads, string folder, bool keepMemory)
    {
        if (opponent == Opponent.Authors)
        {
            var both = WorkerProcess.Sides(Worker.Both, threads, folder, Problem.Standard, keepMemory);
            return new(both, both, LibrarySide.Name, AuthorsSide.Name);
        }

        return new(
            WorkerProcess.Ours(threads, folder, Problem.Standard, keepMemory),
            WorkerProcess.Python(threads, folder, Problem.Standard, keepMemory));
    }

    /// <summary>One call of either side, ours first.</summary>
    internal (MatchRun Ours, MatchRun Theirs) Run(Contest contest) => (Run(ours, contest, ourSide), Run(theirs, contest, theirSide));

    public void Dispose()
    {
        ours.Dispose();
        if (theirs != ours) theirs.Dispose();
    }

    private static MatchRun Run(WorkerProcess worker, Contest contest, string side)
    {
        var start = worker.Usage();
        var times = new TimedRun(worker.Ask("run", contest, contest.Rounds, side));
        return new(times, worker.Usage() - start);
    }
}

namespace Px.Pruning.Walks;

/// <summary>The choice among a range of units: running sums of their weights.</summary>
/// <param name="First">The first unit.</param>
/// <param name="Cumulative">Running sums, one a unit; the last one is positive.</param>
/// <param name="Total">The sum of the weights; 0 where all are zero and each unit that is open is as likely as another.</param>
internal sealed record StepRow(int First, double[] Cumulative, double Total)
{
    internal static StepRow Of(int first, int count, Func<int, double> weight, Func<int, bool> isOpen)
    {
        var cumulative = new double[count];
        bool any = Accumulate(cumulative, i => weight(first + i));
        double total = any ? cumulative[^1] : 0;
        if (!any) Accumulate(cumulative, i => isOpen(first + i) ? 1 : 0);
        return new StepRow(first, cumulative, total);
    }

    /// <summary>Fills in running sums; false where they are zero.</summary>
    private static bool Accumulate(Span<double> cumulative, Func<int, double> weight)
    {
        double sum = 0;
        for (int i = 0; i < cumulative.Length; i++) cumulative[i] = sum += weight(i);
        return sum > 0;
    }
}

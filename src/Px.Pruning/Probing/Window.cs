namespace Px.Pruning.Probing;

/// <summary>What the outputs of a convolution read along one axis.</summary>
/// <param name="Reach">Rows from the first to the last that one output reads, at least 1: dilation · (kernel − 1) + 1.</param>
/// <param name="Stride">How many rows further the next output reads, at least 1.</param>
/// <param name="Before">Rows of padding before the first.</param>
/// <param name="After">Rows of padding after the last.</param>
internal readonly record struct Window(long Reach, long Stride, long Before, long After)
{
    /// <summary>How many outputs an input of so many rows has.</summary>
    internal long Outputs(long rows) => (rows + Before + After - Reach) / Stride + 1;

    /// <summary>The first and the last output that read nothing outside a run of rows, padding least of all; the last is the smaller where there is none.</summary>
    /// <param name="rows">How many rows the input has.</param>
    /// <param name="start">The first row of the run.</param>
    /// <param name="length">How many rows it has, at least 0.</param>
    internal (long First, long Last) Inside(long rows, long start, long length)
    {
        long first = (start + Before + Stride - 1) / Stride;
        return length < Reach ? (first, first - 1) : (first, Math.Min((start + length + Before - Reach) / Stride, Outputs(rows) - 1));
    }

    /// <summary>
    /// Leaves out rows of a run of equal ones. The outputs that read nothing outside the run are equal, and one of them is enough; for every other
    /// one so many rows as the stride can go. All other outputs see what they saw before, since the rows behind the run move by whole outputs.
    /// </summary>
    /// <param name="rows">How many rows the input has.</param>
    /// <param name="start">The first row of the run.</param>
    /// <param name="length">How many rows it has, at least 0.</param>
    /// <returns>The rows that stay, and for each output the one that it equals among those of the shortened input; null where no row can go.</returns>
    internal (long[] Rows, long[] Outputs)? Shorten(long rows, long start, long length)
    {
        var (first, last) = Inside(rows, start, length);
        long surplus = last - first, gone = surplus * Stride;
        if (surplus <= 0) return null;
        var stay = Count(rows).Where(row => row < start || row >= start + gone);
        var equal = Count(Outputs(rows)).Select(output => Math.Max(Math.Min(output, first), output - surplus));
        return ([.. stay], [.. equal]);
    }

    private static IEnumerable<long> Count(long count) => Enumerable.Range(0, checked((int)count)).Select(i => (long)i);
}

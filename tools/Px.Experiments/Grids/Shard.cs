using System.Globalization;
using Px.Runner.CommandLines;

namespace Px.Experiments.Grids;

/// <summary>A part of a grid, for one of several machines.</summary>
/// <param name="Index">Which, from 0 to <paramref name="Count"/> − 1.</param>
/// <param name="Count">How many parts there are, at least 1.</param>
public sealed record Shard(int Index, int Count)
{
    private const string Rule = "--shard must be I/N, I from 0 to N - 1 with N at most 100000, or auto";

    /// <summary>Everything.</summary>
    public static Shard Whole { get; } = new(0, 1);

    /// <summary>Reads <c>2/16</c>, or <c>auto</c>: the task of a Slurm job array.</summary>
    /// <param name="text">What the user said.</param>
    /// <param name="environment">The value of an environment variable.</param>
    /// <exception cref="UsageException">It is neither, or this is no task of an array without gaps.</exception>
    public static Shard Parse(string text, Func<string, string?> environment)
    {
        if (text == "auto")
            return OfSlurm(environment);
        var parts = text.Split('/');
        return parts.Length == 2 && Whole(parts[0]) is { } index && Whole(parts[1]) is { } count && count is >= 1 and <= 100_000 && index < count
            ? new Shard(index, count)
            : throw new UsageException($"{Rule}, not '{text}'");

        static int? Whole(string number) => int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null;
    }

    /// <summary>This part of the cells, in their order.</summary>
    /// <remarks>Every <see cref="Count"/>-th cell of those sorted by method, so that each part has its share of the slow ones.</remarks>
    public IReadOnlyList<Cell> Of(IReadOnlyList<Cell> cells) =>
    [
        .. cells.Index().OrderBy(cell => Cost(cell.Item), StringComparer.Ordinal).Where((_, rank) => rank % Count == Index).OrderBy(cell => cell.Index).Select(cell => cell.Item),
    ];

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Index}/{Count}");

    // What is equal here takes about equally long.
    private static string Cost(Cell cell) => string.Create(CultureInfo.InvariantCulture, $"{cell.Model} {cell.Data} {cell.Initialization} {cell.Method} {cell.Rounds:D5}");

    private static Shard OfSlurm(Func<string, string?> environment)
    {
        int Number(string name) => int.TryParse(environment(name), NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw new UsageException($"--shard auto: {name} is not set; this is no task of a Slurm job array. {Rule}");
        var (task, count, first, last) = (Number("SLURM_ARRAY_TASK_ID"), Number("SLURM_ARRAY_TASK_COUNT"), Number("SLURM_ARRAY_TASK_MIN"), Number("SLURM_ARRAY_TASK_MAX"));
        return last - first + 1 == count
            ? new Shard(task - first, count)
            : throw new UsageException("--shard auto: the job array has gaps, so that its number of tasks is not that of all parts. Say --shard I/N");
    }
}

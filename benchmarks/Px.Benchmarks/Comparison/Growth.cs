namespace Px.Benchmarks.Comparison;

/// <summary>One way for a problem to grow, everything else fixed and small.</summary>
/// <param name="Name">What grows, from where to where.</param>
/// <param name="Points">Its size, the problem of that size, and the number of rounds; with more than one round the whole call is timed.</param>
internal sealed record Growth(string Name, IReadOnlyList<(double Size, Problem Problem, int Rounds)> Points)
{
    private const int FewImages = 8;

    internal static IReadOnlyList<Growth> All { get; } =
    [
        new("rounds 1-100", [.. new[] { 1, 10, 100 }.Select(rounds => ((double)rounds, new Problem(20, 16, FewImages), rounds))]),
        new("batch 32-512", [.. new[] { 32, 128, 512 }.Select(batch => ((double)batch, new Problem(20, 16, batch), 1))]),
        new("ResNet-20-110", [.. new[] { 20, 44, 110 }.Select(depth => ((double)depth, new Problem(depth, 16, 32), 1))]),
        // 0.27, 2.5 and 25 million weights.
        new("0.27-25 M", [.. new[] { 16, 49, 154 }.Select(width => (Math.Pow(width, 2), new Problem(20, width, FewImages), 1))]),
    ];
}

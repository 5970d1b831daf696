using System.Globalization;

namespace Px.Benchmarks.Comparison;

/// <summary>What to measure, and how often.</summary>
internal sealed record ComparisonOptions
{
    internal static string Usage =>
        """
        usage: ./build.sh bench [--quick] [--only time|floor|memory|growth] [--against authors|python] [--threads 1,2]
                                [--keep-memory] [--neighbour] [METHOD ...]
               ./build.sh bench check
               ./build.sh bench channels|channels-accuracy [--help]
               ./build.sh bench collapse
               ./build.sh bench models
               ./build.sh bench micro [BenchmarkDotNet's arguments]

        Time and memory of each method against the same algorithm run the way its authors run it; time against bare passes of the
        network; and how cost grows.
        Methods: METHODS
          --quick        three pairs of runs instead of 7 to 41; growth from end to end, in one run each
          --only         one of the four tables
          --against      the authors' way in C# on the same libtorch (authors, the default; it has no PHEW), or in Python on Python's
          --threads      the numbers of threads to time with
          --keep-memory  both sides' C library keeps the memory it is given back: times without page faults
          --neighbour    another process keeps one core busy meanwhile
          METHOD         only these
          check          whether the authors' way computes the published formulas, in C# and in Python
          channels       forward passes, steps and memory at half of the FLOPs; channels-accuracy: what they learn
          collapse       layers without weights by method and compression
          models         a forward pass and a training step of ResNet-18 against torchvision's
          micro          a round against a bare forward and backward pass, a masked training step
        """.Replace("METHODS", string.Join(", ", Comparison.Contests.All.Select(contest => contest.Name)), StringComparison.Ordinal);

    // Runs of a fraction of a second are at the mercy of neighbours: there may be more of them.
    private static readonly TimeSpan enough = TimeSpan.FromSeconds(15);
    private const int FewestPairs = 7, MostPairs = 41, QuickPairs = 3;

    private static readonly string[] Tables = ["time", "floor", "memory", "growth"];

    internal bool Quick { get; init; }

    internal IReadOnlyList<string> Only { get; init; } = Tables;

    internal IReadOnlyList<int> Threads { get; init; } = [1, 2];

    internal IReadOnlyList<Contest> Contests { get; init; } = Comparison.Contests.All;

    /// <summary>Whether the C library's allocator keeps what is freed, on both sides, when times are taken.</summary>
    internal bool KeepMemory { get; init; }

    /// <summary>Whom times and memory are compared with.</summary>
    internal Opponent Against { get; init; } = Opponent.Authors;

    /// <summary>Whether another process keeps one core busy.</summary>
    internal bool Neighbour { get; init; }

    /// <summary>The opponent in a table's title.</summary>
    internal string OpponentName => Against == Opponent.Authors ? "the authors' way in C#" : "the authors' way in Python";

    /// <summary>What a table's title says of the circumstances.</summary>
    internal string Conditions => (KeepMemory ? ", memory kept" : "") + (Neighbour ? ", beside a busy neighbour" : "");

    /// <summary>The methods that the opponent has.</summary>
    internal IEnumerable<Contest> Opponents => Contests.Where(contest => Against == Opponent.Python || contest.IsInCSharp);

    /// <summary>Whether to time another pair of runs.</summary>
    internal bool NeedsMore(int pairs, TimeSpan elapsed) =>
        Quick ? pairs < QuickPairs : pairs < FewestPairs || (pairs < MostPairs && elapsed < enough);

    /// <summary>The options, or null where the arguments make no sense.</summary>
    internal static ComparisonOptions? Parse(IReadOnlyList<string> arguments)
    {
        var options = new ComparisonOptions();
        var chosen = new List<Contest>();
        for (int i = 0; i < arguments.Count; i++)
        {
            string? value = i + 1 < arguments.Count ? arguments[i + 1] : null;
            switch (arguments[i])
            {
                case "--quick":
                    options = options with { Quick = true };
                    break;
                case "--keep-memory":
                    options = options with { KeepMemory = true };
                    break;
                case "--neighbour":
                    options = options with { Neighbour = true };
                    break;
                case "--against" when value is "authors" or "python":
                    options = options with { Against = value == "python" ? Opponent.Python : Opponent.Authors };
                    i++;
                    break;
                case "--only" when Tables.Contains(value):
                    options = options with { Only = [value!] };
                    i++;
                    break;
                case "--threads" when value is not null && Counts(value) is { } counts:
                    options = options with { Threads = counts };
                    i++;
                    break;
                case var name when Find(name) is { } contest:
                    chosen.Add(contest);
                    break;
                default:
                    return null;
            }
        }

        return chosen.Count > 0 ? options with { Contests = chosen } : options;
    }

    private static Contest? Find(string name) =>
        Comparison.Contests.All.FirstOrDefault(contest => contest.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    private static List<int>? Counts(string list)
    {
        var counts = new List<int>();
        foreach (string part in list.Split(','))
        {
            if (!int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int count) || count < 1) return null;
            counts.Add(count);
        }

        return counts;
    }
}

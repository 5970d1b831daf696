using System.Globalization;
using Px.Experiments.Inputs;
using Px.Experiments.Running;
using Px.Runner.CommandLines;
using Px.Runner.Experiments;
using Px.Runner.Images;

namespace Px.Experiments.Grids;

/// <summary>Refuses what cannot be run before anything is.</summary>
public static class GridCheck
{
    /// <summary>All methods.</summary>
    public static IReadOnlyList<string> Methods { get; } = [Cell.Dense, .. MethodCatalog.Names];

    /// <summary>All data sets.</summary>
    public static IReadOnlyList<string> Data { get; } = [.. KnownImages.Names, .. SegmentationSets.Names];

    /// <summary>Looks at every value of a grid.</summary>
    /// <param name="grid">The grid.</param>
    /// <param name="source">Where it comes from, for errors.</param>
    /// <exception cref="UsageException">A value is none of those that there are; the message says which there are.</exception>
    public static void Require(Grid grid, string source)
    {
        Known("models", grid.Models, Architecture.Names);
        Known("data", grid.Data, Data);
        Known("initializations", grid.Initializations, Initializations.Names);
        Known("methods", grid.Methods, Methods);
        Known("scoredOn", [grid.ScoredOn], ScoredSamples.Names);
        InRange("sparsities", grid.Sparsities, sparsity => sparsity >= 0 && sparsity < 1, "at least 0 and below 1");
        InRange("rounds", grid.Rounds, rounds => rounds is >= 1 and <= 10_000, "from 1 to 10000");
        InRange("seeds", grid.Seeds, seed => seed >= 0, "at least 0");
        InRange("minimumDensity", [grid.MinimumDensity], density => density >= 0 && density < 1, "at least 0 and below 1");
        InRange("epochs", Given(grid.Epochs), epochs => epochs >= 0, "at least 0");
        InRange("batch", Given(grid.Batch), batch => batch >= 1, "at least 1");
        InRange("learningRate", Given(grid.LearningRate), rate => rate > 0 && double.IsFinite(rate), "a number above 0");
        InRange("trainSamples", Given(grid.TrainSamples), samples => samples >= 1, "at least 1");
        InRange("testSamples", Given(grid.TestSamples), samples => samples >= 1, "at least 1");
        InRange("spectrumSamples", [grid.SpectrumSamples], samples => samples >= 0, "at least 0");
        InRange("timingRepeats", [grid.TimingRepeats], repeats => repeats >= 1, "at least 1");
        foreach (var (model, data, start) in from model in grid.Models from data in grid.Data from start in grid.Initializations select (model, data, start))
        {
            if (Misfit(model, data, start) is { } problem)
                throw new UsageException($"{source}: {problem}");
        }

        void Known(string what, IReadOnlyList<string> given, IReadOnlyList<string> known)
        {
            Some(what, given.Count);
            if (given.FirstOrDefault(name => !known.Contains(name)) is { } unknown)
                throw new UsageException($"{source}: {what} must be of {string.Join(", ", known)}, not '{unknown}'");
        }

        void InRange<T>(string what, IReadOnlyList<T> given, Func<T, bool> isRight, string range)
            where T : IFormattable
        {
            if (what is "sparsities" or "seeds")
                Some(what, given.Count);
            foreach (var value in given.Where(value => !isRight(value)))
                throw new UsageException($"{source}: {what} must be {range}, not {value.ToString(null, CultureInfo.InvariantCulture)}");
        }

        void Some(string what, int count)
        {
            if (count == 0)
                throw new UsageException($"{source}: {what} must name one at least");
        }
    }

    // Why a network does not work on a data set, or with some weights; null where it does.
    private static string? Misfit(string model, string data, string start)
    {
        if (Architecture.Segments(model) != SegmentationSets.Names.Contains(data))
            return $"{model} does not work on {data}: {List(Architecture.Names.Where(Architecture.Segments))} need {List(SegmentationSets.Names)}, and the others do not work on these";
        if (!Architecture.CanBegin(model, start))
            return $"there are no pretrained weights '{start}' for {model}; there are for {List(Architecture.Names.Where(name => Architecture.CanBegin(name, start)))}";
        return start == Initializations.Cifar10 && data != KnownImages.Cifar10
            ? $"weights '{start}' come with a classifier of {KnownImages.Cifar10}, and do not work on {data}"
            : null;

        static string List(IEnumerable<string> names) => string.Join(", ", names);
    }

    private static T[] Given<T>(T? value)
        where T : struct => value is { } given ? [given] : [];
}

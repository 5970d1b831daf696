using System.Globalization;
using Px.Experiments.Inputs;
using Px.Runner.CommandLines;
using Px.Runner.Experiments;
using Px.Runner.Images;
using Px.Runner.Training;

namespace Px.Experiments.Grids;

/// <summary>Refuses what cannot be run before anything is.</summary>
public static class GridCheck
{
    /// <summary>All methods.</summary>
    public static IReadOnlyList<string> Methods { get; } = [Cell.Dense, .. MethodCatalog.Names];

    /// <summary>All data sets.</summary>
    public static IReadOnlyList<string> Data { get; } = [.. KnownImages.Names, SegmentationSets.Voc2012];

    /// <summary>All initialisations.</summary>
    public static IReadOnlyList<string> Initializations { get; } = [Cell.FromScratch, .. WeightFile.Pretrainings.Keys];

    /// <summary>Looks at every value of a grid.</summary>
    /// <param name="grid">The grid.</param>
    /// <param name="source">Where it comes from, for errors.</param>
    /// <exception cref="UsageException">A value is none of those that there are; the message says which there are.</exception>
    public static void Require(Grid grid, string source)
    {
        Known("models", grid.Models, Architecture.Names);
        Known("data", grid.Data, Data);
        Known("initializations", grid.Initializations, Initializations);
        Known("methods", grid.Methods, Methods);
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
        foreach (var model in grid.Models)
        {
            if (grid.Data.FirstOrDefault(data => (model == Architecture.DeepLab) != (data == SegmentationSets.Voc2012)) is { } data)
                throw new UsageException($"{source}: {model} does not work on {data}: {Architecture.DeepLab} and {SegmentationSets.Voc2012} belong together");
            if (grid.Initializations.Any(start => start != Cell.FromScratch) && !Architecture.CanBePretrained(model))
                throw new UsageException($"{source}: there are no pretrained weights for {model}; there are for {string.Join(", ", Architecture.Names.Where(Architecture.CanBePretrained))}");
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

    private static T[] Given<T>(T? value)
        where T : struct => value is { } given ? [given] : [];
}

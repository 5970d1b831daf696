using System.Globalization;
using Px.Experiments.Grids;
using Px.Experiments.Inputs;
using Px.Pruning;
using Px.Runner.Training;

namespace Px.Experiments.Running;

/// <summary>What a cell leaves to recipes and methods, in words.</summary>
public static class CellSettings
{
    /// <summary>All settings by name.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="inputs">What it starts from.</param>
    /// <param name="recipe">How it is trained.</param>
    /// <param name="mask">What its mask says of itself; null for a dense network.</param>
    public static IReadOnlyDictionary<string, string> Of(Cell cell, CellInputs inputs, Recipe recipe, PruningMask? mask)
    {
        var settings = new Dictionary<string, string>
        {
            ["training samples"] = Text($"{inputs.Task.TrainingSamples}"),
            ["test samples"] = Text($"{inputs.Task.TestSamples}"),
            ["epochs"] = Text($"{recipe.Epochs}"),
            ["batch"] = Text($"{recipe.BatchSize}"),
            ["learning rate"] = Text($"{recipe.LearningRate}"),
            ["learning rate schedule"] = Text($"{recipe.Schedule}"),
            ["optimizer"] = Text($"{recipe.Optimizer}"),
            ["momentum"] = Text($"{recipe.Momentum}"),
            ["nesterov"] = Text($"{recipe.Nesterov}"),
            ["weight decay"] = Text($"{recipe.WeightDecay}"),
        };
        if (recipe.Prefix is not null)
            settings["learning rate factor"] = Text($"{recipe.PrefixFactor} of {recipe.Prefix}");
        if (inputs.WeightsHash is { } weights)
            settings["pretrained weights"] = Text($"{cell.Initialization}, SHA-256 {weights}");
        foreach (var (name, value) in mask?.Metadata ?? new Dictionary<string, string>())
            settings[$"pruning {name}"] = value;
        return settings;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

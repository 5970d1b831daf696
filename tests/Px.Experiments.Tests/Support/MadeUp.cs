using Px.Experiments.Grids;
using Px.Experiments.Results;
using Px.Pruning;
using static TorchSharp.torch;

namespace Px.Experiments.Tests.Support;

/// <summary>Results that nobody computed: of three layers, with numbers that follow from method, sparsity and seed.</summary>
internal static class MadeUp
{
    private static readonly (string Name, long Weights, long Units)[] Layers = [("conv1.weight", 400, 16), ("layer1.0.conv1.weight", 2000, 16), ("fc.weight", 160, 10)];

    public static IReadOnlyList<(string Key, string Title)> Methods { get; } = [("px", "PX"), ("snip", "SNIP"), ("synflow", "SynFlow"), ("random", "Random")];

    public static IReadOnlyList<double> Sparsities { get; } = [0.5, 0.9, 0.98];

    public static IReadOnlyList<int> Seeds { get; } = [1, 2];

    public static int LayerCount => Layers.Length;

    /// <summary>Every method at every sparsity, and the dense network, for every seed; spectra at 0.9.</summary>
    public static IEnumerable<CellResult> Grid(IEnumerable<int>? seeds = null) =>
        from seed in seeds ?? Seeds
        from result in (from sparsity in Sparsities
                        from method in Enumerable.Range(0, Methods.Count)
                        select Pruned(Methods[method].Key, Methods[method].Title, sparsity, seed, 0.9 - (0.2 * sparsity) - (0.03 * method) + (0.004 * ((seed * (method + 3)) % 5))))
            .Prepend(Dense(seed))
        select result;

    public static CellResult Dense(int seed) => Result(new Cell { Model = "resnet20", Data = "fashion-mnist", Method = Cell.Dense, Sparsity = 0, Seed = seed, Epochs = 3 }, "dense", 0.92 + (0.001 * seed)) with
    {
        Spectrum = new SpectrumResult { Samples = 2, Eigenvalues = [100, 10, 1, 0.1] },
    };

    public static CellResult Pruned(string method, string title, double sparsity, int seed, double after, int? rounds = null)
    {
        var cell = new Cell { Model = "resnet20", Data = "fashion-mnist", Method = method, Sparsity = sparsity, Rounds = rounds, Seed = seed, Epochs = 3 };
        var layers = Layers.Select(layer => new LayerOutcome
        {
            Name = layer.Name, Kept = (long)Math.Round(layer.Weights * (1 - sparsity)), Total = layer.Weights, UnitsAlive = layer.Units - (sparsity > 0.9 ? 2 : 0), Units = layer.Units, UnitsEffective = layer.Units - 3,
        }).ToList();
        return Result(cell, title, after) with
        {
            Pruning = new PruningOutcome
            {
                Rounds = rounds ?? (method == "random" ? 1 : 100), Seconds = [1.5 * (rounds ?? 1), 1.25 * (rounds ?? 1)], MaskFile = $"{CellName.Of(cell)}.mask.safetensors",
                Kept = layers.Sum(layer => layer.Kept), Total = layers.Sum(layer => layer.Total), Effective = layers.Sum(layer => layer.Kept) - 2,
                DenseFlops = 1000, Flops = 100, EffectiveFlops = 90, Findings = sparsity > 0.9 ? ["conv1 has few weights: give it a floor."] : [], OutputsReached = 10, Outputs = 10, Layers = layers,
            },
            Spectrum = sparsity == 0.9 ? new SpectrumResult { Samples = 2, Eigenvalues = [50, 5, 0.5, 0.05], Bound = 1000 } : null,
        };
    }

    /// <summary>Writes results, and masks that keep the first weights of each layer, or every other one.</summary>
    public static void Write(string folder, IEnumerable<CellResult> results, bool withMasks = false)
    {
        foreach (var result in results)
        {
            ResultFile.Write(Path.Combine(folder, result.Name + ResultFile.Ending), result);
            if (withMasks && result.Pruning is { } pruning)
                WriteMask(Path.Combine(folder, pruning.MaskFile), pruning, everyOther: result.Cell.Method == "random");
        }
    }

    public static void WriteMask(string path, PruningOutcome pruning, bool everyOther)
    {
        using var scope = NewDisposeScope();
        using var mask = new PruningMask(pruning.Layers.Select(layer => KeyValuePair.Create(
            layer.Name, tensor(Enumerable.Range(0, (int)layer.Total).Select(i => everyOther ? i % 2 == 0 && i / 2 < layer.Kept : i < layer.Kept).ToArray()))));
        mask.Save(path);
    }

    private static CellResult Result(Cell cell, string method, double after) => new()
    {
        Name = CellName.Of(cell),
        Protocol = "fig2-small",
        Cell = cell,
        Method = method,
        Settings = new Dictionary<string, string> { ["learning rate"] = "0.1", ["schedule"] = cell.Method == "random" ? "one-shot" : "exponential" },
        Versions = new Dictionary<string, string> { ["Px.Pruning"] = "0.1.0", ["threads"] = "2" },
        DataHash = "9f86d081884c7d65",
        Training = new TrainingResult { Measure = "accuracy", Before = 0.1, After = after, Seconds = 12.5 },
        Finished = new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc),
    };
}

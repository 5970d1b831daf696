using System.Security.Cryptography;
using Px.Experiments.Grids;
using Px.Pruning.Models.Data;
using Px.Runner;
using Px.Runner.Display;
using Px.Runner.Images;
using Px.Runner.Training;

namespace Px.Experiments.Inputs;

/// <summary>Loads the data and the pretrained weights that cells need, and keeps what the last cell needed for the next.</summary>
/// <param name="data">Where data sets lie.</param>
/// <param name="weights">Where pretrained weights lie.</param>
/// <param name="scratch">A folder for data sets that are made.</param>
/// <param name="terminal">Where a download shows how far it is.</param>
public sealed class InputLoader(NamedPaths data, NamedPaths weights, string scratch, Terminal terminal)
{
    // The paper's, for pretrained networks.
    private const int PretrainedSide = 224;

    // The paper's 53 batches of 4 of Pascal VOC's images.
    private const int PaperPruningImages = 212;

    private (object Key, ImageSets? Images, SegmentationSets? Scenes, string Hash) last;
    private (string Path, string Hash) lastWeights = ("", "");

    /// <summary>Loads what a cell needs.</summary>
    /// <exception cref="ProgramException">Something is missing or damaged; the message says what to do.</exception>
    public CellInputs Load(Cell cell, CancellationToken token)
    {
        var key = (cell.Data, cell.Initialization, cell.TrainSamples, cell.TestSamples);
        if (!key.Equals(last.Key))
            last = LoadData(cell, key, token);

        var file = cell.Initialization == Cell.FromScratch
            ? null
            : weights.Of(cell.Initialization) ?? throw new ProgramException($"The weights '{cell.Initialization}' are needed: name their file by --weights {cell.Initialization}=FILE.");
        if (file is not null && file != lastWeights.Path)
            lastWeights = (file, HashOf(file));
        return new CellInputs
        {
            Task = last.Scenes is { } scenes
                ? new SegmentationTask(
                    scenes, cell.Data == SegmentationSets.CamVid ? SegmentationSets.FewPruningImages : PaperPruningImages, WorkersOf(cell),
                    seed => Architecture.Segmenter(cell.Model, scenes.Train, cell.Initialization, file, seed))
                : new ImageTask(
                    last.Images!, seed => Architecture.Classifier(cell.Model, last.Images!.Train, cell.Initialization, file, seed), AugmentationOf(cell), WorkersOf(cell)),
            DataHash = last.Hash,
            WeightsHash = file is null ? null : lastWeights.Hash,
        };
    }

    // The other data sets lie in memory.
    private static int WorkersOf(Cell cell) =>
        cell.Data is KnownImages.TinyImageNet or KnownImages.ImageNet or SegmentationSets.Voc2012 ? Math.Min(8, Environment.ProcessorCount) : 0;

    // The paper's.
    private static Augmentation AugmentationOf(Cell cell) => cell.Data switch
    {
        KnownImages.TinyImageNet => new ResizedCrop { MinimumScale = 0.1, MinimumRatio = 0.8, MaximumRatio = 1.25 },
        KnownImages.ImageNet => new ResizedCrop { MinimumScale = 0.2 },
        _ => new PaddedCrop(),
    };

    private static string HashOf(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            return Convert.ToHexStringLower(SHA256.HashData(file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ProgramException($"The weights '{path}' cannot be read: {e.Message}", e);
        }
    }

    private (object Key, ImageSets? Images, SegmentationSets? Scenes, string Hash) LoadData(Cell cell, object key, CancellationToken token)
    {
        var (train, test) = (cell.TrainSamples, cell.TestSamples);
        if (SegmentationSets.Names.Contains(cell.Data))
        {
            var scenes = SegmentationSets.Load(cell.Data, data.Of(cell.Data), SegmentationSets.UsualCrop, train, test, terminal, token);
            return (key, null, scenes, DataHash.Of(scenes.Train, scenes.Test));
        }

        var folder = cell.Data == KnownImages.Synthetic ? Path.Combine(scratch, FormattableString.Invariant($"synthetic-{train}-{test}")) : data.Of(cell.Data);
        // A network that goes on with its data set gets the images that it knows. The paper's pretrained ones get larger ones.
        var isKnown = cell.Initialization == Initializations.Cifar10;
        var images = KnownImages.Load(cell.Data, folder, imageNet: isKnown, train, test, terminal, token);
        if (cell.Initialization != Cell.FromScratch && !isKnown)
            images = new ImageSets(images.Train.Resized(PretrainedSide), images.Test.Resized(PretrainedSide));
        return (key, images, null, DataHash.Of(images.Train, images.Test));
    }
}

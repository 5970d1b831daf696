using Px.Pruning.Models.Data;
using Px.Pruning.Models.Data.Downloads;
using Px.Runner.CommandLines;
using Px.Runner.Display;

namespace Px.Runner.Images;

/// <summary>The images of a run whose pixels have classes, and how training images are changed.</summary>
public sealed record SegmentationSets(SegmentationDataset Train, SegmentationDataset Test, Augmentation Augmentation)
{
    public const string CamVid = "camvid", Voc2012 = "voc2012";

    /// <summary>As many training images as methods score on where there is no GPU.</summary>
    public const int FewPruningImages = 32;

    /// <summary>The paper's side of the squares that are cut out of Pascal VOC's images.</summary>
    public const int UsualCrop = 513;

    /// <summary>All names.</summary>
    public static IReadOnlyList<string> Names { get; } = [CamVid, Voc2012];

    /// <summary>Finds a data set and reads both of its parts.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="path">CamVid's file; Pascal VOC's folder, null to look for it.</param>
    /// <param name="crop">The side of the squares that are cut out of Pascal VOC's images.</param>
    /// <param name="train">The most training images; null for all.</param>
    /// <param name="test">The most test images; null for all.</param>
    /// <param name="terminal">Where a download shows how far it is.</param>
    /// <param name="token">Stops a download.</param>
    /// <exception cref="ProgramException">A file is missing or damaged; the message says what to do.</exception>
    /// <exception cref="UsageException">CamVid's file is not named.</exception>
    public static SegmentationSets Load(string name, string? path, int crop, int? train, int? test, Terminal terminal, CancellationToken token)
    {
        try
        {
            var sets = name == CamVid ? LoadCamVid(path) : LoadVoc(path, crop, terminal, token);
            return sets with { Train = Take(sets.Train, train), Test = Take(sets.Test, test) };
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new ProgramException($"The data cannot be read: {e.Message}", e);
        }
    }

    private static SegmentationSets LoadCamVid(string? path)
    {
        var file = path ?? throw new UsageException("--data is needed: CamVid's safetensors file (see the README of the samples)");
        // The images are small, and their borders mean something: cars are below, the sky is above.
        return new(Px.Pruning.Models.Data.CamVid.Load(file, DatasetSplit.Train), Px.Pruning.Models.Data.CamVid.Load(file, DatasetSplit.Test), new PaddedCrop { Padding = 4 });
    }

    private static SegmentationSets LoadVoc(string? path, int crop, Terminal terminal, CancellationToken token)
    {
        using var client = new HttpClient();
        var folder = new DataFinder(new DatasetDownload(client), terminal).Find(path, DatasetArchive.PascalVoc2012, null, token);
        var files = new ImageFileOptions { Decoder = ImageFiles.Decode, Resize = crop, Height = crop, Width = crop };
        return new(PascalVoc2012.Load(folder, PascalVocSplit.Train, files), PascalVoc2012.Load(folder, PascalVocSplit.Validation, files), new ScaledCrop());
    }

    private static SegmentationDataset Take(SegmentationDataset images, int? count) => count is null ? images : images.Take((int)Math.Min(count.Value, images.Count));
}

using Px.Pruning.Models.Data;
using Px.Pruning.Models.Data.Downloads;
using Px.Samples.CommandLines;
using Px.Samples.Display;
using Px.Samples.Images;
using StbImageSharp;

namespace Px.Samples.DeepLabSample;

/// <summary>The images of a run, and how training images are changed.</summary>
public sealed record SegmentationSets(SegmentationDataset Train, SegmentationDataset Test, Augmentation Augmentation)
{
    public const string CamVid = "camvid", Voc2012 = "voc2012";

    /// <exception cref="SampleException">A file is missing or damaged; the message says what to do.</exception>
    /// <exception cref="UsageException">CamVid's file is not named.</exception>
    public static SegmentationSets Load(DeepLabSampleOptions options, Terminal terminal, CancellationToken token)
    {
        try
        {
            var sets = options.Dataset == CamVid ? LoadCamVid(options) : LoadVoc(options, terminal, token);
            return sets with { Train = Take(sets.Train, options.TrainSamples), Test = Take(sets.Test, options.TestSamples) };
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new SampleException($"The data cannot be read: {e.Message}", e);
        }
    }

    private static SegmentationSets LoadCamVid(DeepLabSampleOptions options)
    {
        var file = options.Data ?? throw new UsageException("--data is needed: CamVid's safetensors file (see the README of the samples)");
        // The images are small, and their borders mean something: cars are below, the sky is above.
        return new(Px.Pruning.Models.Data.CamVid.Load(file, DatasetSplit.Train), Px.Pruning.Models.Data.CamVid.Load(file, DatasetSplit.Test), new ImageAugmentation { CropPadding = 4 });
    }

    private static SegmentationSets LoadVoc(DeepLabSampleOptions options, Terminal terminal, CancellationToken token)
    {
        using var client = new HttpClient();
        var folder = new DataFinder(new DatasetDownload(client), terminal).Find(options.Data, DatasetArchive.PascalVoc2012, null, token);
        var files = new ImageFileOptions { Decoder = Decode, Resize = options.Crop, Height = options.Crop, Width = options.Crop };
        return new(PascalVoc2012.Load(folder, PascalVocSplit.Train, files), PascalVoc2012.Load(folder, PascalVocSplit.Validation, files), new ScaledCrop());
    }

    private static SegmentationDataset Take(SegmentationDataset images, int? count) => count is null ? images : images.Take((int)Math.Min(count.Value, images.Count));

    private static DecodedImage Decode(Stream stream)
    {
        var image = ImageResult.FromStream(stream, ColorComponents.RedGreenBlue);
        return new DecodedImage(image.Data, channels: 3, image.Height, image.Width);
    }
}

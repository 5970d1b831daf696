using Px.Demo.CommandLines;
using Px.Pruning.Models.Data;

namespace Px.Demo.Images;

/// <summary>The images of this run: as many as the options ask for, evenly from all classes.</summary>
internal sealed record ImageSets(ImageDataset Train, ImageDataset Test)
{
    /// <exception cref="DemoException">A file is damaged, or holds fewer images than the options ask for.</exception>
    public static ImageSets Load(string folder, DemoOptions options)
    {
        try
        {
            return new ImageSets(
                Take(FashionMnist.Load(folder, DatasetSplit.Train), options.TrainSamples, "--train-samples"),
                Take(FashionMnist.Load(folder, DatasetSplit.Test), options.TestSamples, "--test-samples"));
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new DemoException($"Fashion-MNIST cannot be read: {e.Message}", e);
        }
    }

    private static ImageDataset Take(ImageDataset images, int count, string option) => count <= images.Count
        ? images.Take(count)
        : throw new DemoException($"{option} asks for {count} images; the files hold {images.Count}.");
}

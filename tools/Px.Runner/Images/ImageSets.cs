using Px.Pruning.Models.Data;

namespace Px.Runner.Images;

/// <summary>The images of a run: as many as are asked for, evenly from all classes.</summary>
public sealed record ImageSets(ImageDataset Train, ImageDataset Test)
{
    /// <summary>Reads both parts of a data set.</summary>
    /// <param name="name">The data set, for errors.</param>
    /// <param name="load">Reads a part.</param>
    /// <param name="train">How many training images; null for all.</param>
    /// <param name="test">How many test images; null for all.</param>
    /// <exception cref="ProgramException">A file is missing or damaged, or holds fewer images than are asked for.</exception>
    public static ImageSets Load(string name, Func<DatasetSplit, ImageDataset> load, int? train, int? test)
    {
        try
        {
            return new ImageSets(Take(load(DatasetSplit.Train), train, "--train-samples"), Take(load(DatasetSplit.Test), test, "--test-samples"));
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new ProgramException($"{name} cannot be read: {e.Message}", e);
        }
    }

    private static ImageDataset Take(ImageDataset images, int? count, string option) => count is null ? images
        : count <= images.Count ? images.Take(count.Value)
        : throw new ProgramException($"{option} asks for {count} images; the files hold {images.Count}.");
}

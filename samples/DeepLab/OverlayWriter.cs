using Px.Pruning.Models.Data;
using StbImageWriteSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Samples.DeepLabSample;

/// <summary>Writes test images as PNG, each three times side by side: as it is, under its true classes, and under the predicted ones; below them a legend.</summary>
/// <param name="images">The test images.</param>
/// <param name="colours">A colour for each class.</param>
/// <param name="device">Where the networks live.</param>
public sealed class OverlayWriter(SegmentationDataset images, IReadOnlyList<(byte R, byte G, byte B)> colours, Device device)
{
    private static readonly ImageNormalization Pixels = ImageNormalization.ImageNet;

    private readonly OverlayLegend legend = new(images.ClassNames, colours, 3 * images.Width);

    /// <summary>Writes <c>NAME-0.png</c>, <c>NAME-1.png</c>, … for images spread evenly over the set.</summary>
    /// <param name="folder">Where to; created.</param>
    /// <param name="name">What the files' names begin with.</param>
    /// <param name="network">A network in evaluation mode.</param>
    /// <param name="count">How many, at most all.</param>
    public void Write(string folder, string name, Module<Tensor, Tensor> network, int count)
    {
        Directory.CreateDirectory(folder);
        using var untracked = no_grad();
        for (var i = 0; i < Math.Min(count, images.Count); i++)
        {
            using var temporaries = NewDisposeScope();
            var sample = images.GetTensor(i * images.Count / count);
            var predicted = network.call(sample["data"].unsqueeze(0).to(device)).argmax(1).squeeze(0).cpu();
            var (truth, guess) = (sample["label"].data<long>().ToArray(), predicted.data<long>().ToArray());
            byte[] panel = [.. Panel(sample["data"].data<float>().ToArray(), truth, guess), .. legend.Draw([.. truth, .. guess])];
            using var file = File.Create(Path.Combine(folder, FormattableString.Invariant($"{name}-{i}.png")));
            new ImageWriter().WritePng(panel, 3 * images.Width, panel.Length / (9 * images.Width), ColorComponents.RedGreenBlue, file);
        }
    }

    private byte[] Panel(float[] image, long[] truth, long[] predicted)
    {
        var (height, width) = (images.Height, images.Width);
        var panel = new byte[height * 3 * width * 3];
        for (var pixel = 0; pixel < height * width; pixel++)
        {
            for (var channel = 0; channel < 3; channel++)
            {
                var value = 255 * ((image[(channel * height * width) + pixel] * Pixels.Std[channel]) + Pixels.Mean[channel]);
                Put(0, value);
                Put(1, (value + Colour(truth[pixel], channel)) / 2);
                Put(2, (value + Colour(predicted[pixel], channel)) / 2);

                void Put(int part, double shade) =>
                    panel[(((((pixel / width * 3) + part) * width) + (pixel % width)) * 3) + channel] = (byte)Math.Clamp(Math.Round(shade), 0, 255);
            }
        }

        return panel;
    }

    private byte Colour(long label, int channel)
    {
        var (red, green, blue) = label >= 0 && label < colours.Count ? colours[(int)label] : default;
        return channel switch { 0 => red, 1 => green, _ => blue };
    }
}

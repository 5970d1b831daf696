namespace Px.Pruning.Models.Data;

/// <summary>How a pixel of 0…255 becomes a number: (pixel / 255 − mean) / std, channel by channel, in float32.</summary>
public sealed record ImageNormalization
{
    /// <summary>Each channel's mean on the scale 0…1.</summary>
    public required IReadOnlyList<double> Mean { get; init; }

    /// <summary>Each channel's standard deviation on the scale 0…1; none is 0.</summary>
    public required IReadOnlyList<double> Std { get; init; }

    /// <summary>pixel / 255 alone, for any number of channels.</summary>
    public static ImageNormalization None { get; } = new() { Mean = [], Std = [] };

    /// <summary>The statistics of MNIST's training images: 0.1307, 0.3081.</summary>
    public static ImageNormalization Mnist { get; } = new() { Mean = [0.1307], Std = [0.3081] };

    /// <summary>The statistics of Fashion-MNIST's training images: 0.2860, 0.3530.</summary>
    public static ImageNormalization FashionMnist { get; } = new() { Mean = [0.2860], Std = [0.3530] };

    /// <summary>The statistics of CIFAR-10's training images: (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616).</summary>
    public static ImageNormalization Cifar10 { get; } = new() { Mean = [0.4914, 0.4822, 0.4465], Std = [0.2470, 0.2435, 0.2616] };

    /// <summary>The statistics of CIFAR-100's training images: (0.5071, 0.4865, 0.4409), (0.2673, 0.2564, 0.2762).</summary>
    public static ImageNormalization Cifar100 { get; } = new() { Mean = [0.5071, 0.4865, 0.4409], Std = [0.2673, 0.2564, 0.2762] };

    /// <summary>The statistics of Tiny-ImageNet's training images: (0.480, 0.448, 0.397), (0.276, 0.269, 0.282).</summary>
    public static ImageNormalization TinyImageNet { get; } = new() { Mean = [0.480, 0.448, 0.397], Std = [0.276, 0.269, 0.282] };

    /// <summary>The statistics of ImageNet, which many pretrained networks want whatever their data: (0.485, 0.456, 0.406), (0.229, 0.224,
    /// 0.225).</summary>
    public static ImageNormalization ImageNet { get; } = new() { Mean = [0.485, 0.456, 0.406], Std = [0.229, 0.224, 0.225] };

    // What each of the 256 pixel values becomes in each channel: [channel × 256 + pixel].
    // Throws ArgumentException if the numbers of means, deviations and channels differ, or a deviation is not positive.
    internal float[] Table(int channels)
    {
        if (Mean.Count != Std.Count || (Mean.Count != 0 && Mean.Count != channels))
        {
            throw new ArgumentException($"The normalisation has {Mean.Count} means and {Std.Count} deviations; the images have {channels} "
                + "channels.");
        }

        if (!Mean.All(double.IsFinite) || !Std.All(std => std > 0 && double.IsFinite(std)))
            throw new ArgumentException("Every mean must be finite and every deviation finite and greater than 0.");
        var table = new float[channels * 256];
        for (var i = 0; i < table.Length; i++)
        {
            // One rounding to float32 a step, as torchvision's ToTensor and Normalize have it.
            var value = (i & 255) / 255f;
            table[i] = Mean.Count == 0 ? value : (value - (float)Mean[i >> 8]) / (float)Std[i >> 8];
        }

        return table;
    }
}

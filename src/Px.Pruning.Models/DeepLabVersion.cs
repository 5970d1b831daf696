namespace Px.Pruning.Models;

/// <summary>The head of a <see cref="DeepLab"/>.</summary>
public enum DeepLabVersion
{
    /// <summary>DeepLabV3: the pyramid and one more 3×3 convolution, in torchvision's layout.</summary>
    V3,

    /// <summary>DeepLabV3+: the pyramid, then a decoder that refines it with the backbone's first stage. The PX paper segments with
    /// it.</summary>
    V3Plus,
}

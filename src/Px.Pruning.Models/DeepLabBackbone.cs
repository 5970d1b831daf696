namespace Px.Pruning.Models;

/// <summary>The network that computes the features of a <see cref="DeepLab"/>.</summary>
public enum DeepLabBackbone
{
    /// <summary>A <see cref="Models.ResNet"/> of <see cref="DeepLabOptions.Depth"/> 18, 34, 50, 101 or 152.</summary>
    ResNet,

    /// <summary>CLIP's modified ResNet-50, see <see cref="ClipResNet"/>, without its attention pooling.</summary>
    ClipResNet,
}

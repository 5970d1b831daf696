namespace Px.Pruning.Models;

/// <summary>The first layers of a <see cref="ResNet"/>.</summary>
public enum ResNetStem
{
    /// <summary>A 7×7 convolution of stride 2, then 3×3 max-pooling of stride 2: for images of about 224×224. He et al. 2016, table
    /// 1.</summary>
    SevenBySeven,

    /// <summary>A 3×3 convolution of stride 1 and no pooling: for 32×32 and 64×64 images. The PX paper's ResNet-18 for Tiny-ImageNet has
    /// it.</summary>
    ThreeByThree,
}

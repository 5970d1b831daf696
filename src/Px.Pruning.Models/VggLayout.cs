namespace Px.Pruning.Models;

/// <summary>The layers after the convolutions of a <see cref="Vgg"/>.</summary>
public enum VggLayout
{
    /// <summary>A fifth max-pooling, the mean over 7×7 regions, and three linear layers with dropout: for images of about 224×224, at least
    /// 32×32.</summary>
    ImageNet,

    /// <summary>The mean over the image and one linear layer: for 32×32 images, at least 16×16. The PX paper's VGG-16 for CIFAR-100 has
    /// it.</summary>
    Cifar,
}

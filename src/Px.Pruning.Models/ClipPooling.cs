namespace Px.Pruning.Models;

/// <summary>How a <see cref="ClipResNet"/> turns its last feature map into one vector.</summary>
public enum ClipPooling
{
    /// <summary>
    /// CLIP's own: multi-head attention with the mean over the image as its one query. Gives the embedding of images of the resolution it
    /// was made for. Softmax and products of activations have no paths in the sense of PX, whose pruner refuses such a network.
    /// </summary>
    Attention,

    /// <summary>The mean over the image, as in a plain ResNet: images of any size, and PX applies. The PX paper drops CLIP's attention
    /// likewise.</summary>
    Average,
}

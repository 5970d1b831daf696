namespace Px.Pruning.Models;

/// <summary>How a residual block of a <see cref="CifarResNet"/> passes its input on where it halves the image and adds channels.</summary>
/// <remarks>Blocks that change neither pass their input on as it is, whatever is chosen here. Source: He et al. 2016, section
/// 3.3.</remarks>
public enum CifarShortcut
{
    /// <summary>Option A: every second row and column, the added channels zero. No parameters. He et al. use it for CIFAR-10.</summary>
    ZeroPadding,

    /// <summary>Option B: a 1×1 convolution of stride 2 without bias, then batch norm. The networks of the PX paper have it.</summary>
    Projection,
}

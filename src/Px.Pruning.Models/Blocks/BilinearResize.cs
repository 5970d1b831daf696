using static TorchSharp.torch;

namespace Px.Pruning.Models.Blocks;

// Bilinear interpolation to another tensor's height and width, pixel centres aligned (PyTorch's align_corners: false).
internal static class BilinearResize
{
    internal static Tensor Call(Tensor input, Tensor like) =>
        nn.functional.interpolate(input, size: [like.shape[2], like.shape[3]], mode: InterpolationMode.Bilinear, align_corners: false);
}

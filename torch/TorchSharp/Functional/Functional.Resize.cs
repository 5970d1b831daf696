using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            private static readonly Op Pad = new("aten::pad");

            public static Tensor pad(Tensor input, long[] pad, PaddingModes mode = PaddingModes.Constant, double value = 0) =>
                mode is PaddingModes.Zeros or PaddingModes.Constant ? Pad.Call(input, pad, "constant", value) : Pad.Call(input, pad, Name(mode), Arg.None);

            public static Tensor pad(Tensor input, ReadOnlySpan<long> pad, PaddingModes mode = PaddingModes.Constant, double value = 0) => functional.pad(input, pad.ToArray(), mode, value);

            public static Tensor pad(Tensor input, (long, long) pad, PaddingModes mode = PaddingModes.Constant, double value = 0) => functional.pad(input, Sizes(pad), mode, value);

            public static Tensor pad(Tensor input, (long, long, long, long) pad, PaddingModes mode = PaddingModes.Constant, double value = 0) =>
                functional.pad(input, new[] { pad.Item1, pad.Item2, pad.Item3, pad.Item4 }, mode, value);

            public static Tensor pad(Tensor input, long pad, PaddingModes mode = PaddingModes.Constant, double value = 0) => functional.pad(input, new[] { pad, pad }, mode, value);

            /// <summary>Resizes the spatial dimensions of [B, C, …], to <paramref name="size"/> or by <paramref name="scale_factor"/>.</summary>
            public static Tensor interpolate(Tensor x, long[]? size = null, double[]? scale_factor = null, InterpolationMode mode = InterpolationMode.Nearest, bool? align_corners = null, bool recompute_scale_factor = false, bool antialias = false)
            {
                var spatial = (int)x.ndim - 2;
                if (recompute_scale_factor && scale_factor is not null)
                {
                    size = [.. x.shape[2..].Zip(scale_factor, (length, factor) => (long)Math.Floor(length * factor))];
                    scale_factor = null;
                }
                if (mode == InterpolationMode.Area)
                {
                    size ??= [.. x.shape[2..].Zip(scale_factor ?? [], (length, factor) => (long)Math.Floor(length * factor))];
                    return spatial switch
                    {
                        1 => adaptive_avg_pool1d(x, size[0]),
                        2 => adaptive_avg_pool2d(x, size),
                        _ => adaptive_avg_pool3d(x, size),
                    };
                }
                var op = Resize(spatial, mode, antialias);
                return mode is InterpolationMode.Nearest or InterpolationMode.NearestExact
                    ? op.Call(x, size, scale_factor)
                    : op.Call(x, size, align_corners ?? false, scale_factor);
            }

            private static Op Resize(int spatialDimensions, InterpolationMode mode, bool antialias) => (mode, spatialDimensions, antialias) switch
            {
                (InterpolationMode.Nearest, 1, false) => ResizeOps.Nearest1d,
                (InterpolationMode.Nearest, 2, false) => ResizeOps.Nearest2d,
                (InterpolationMode.Nearest, 3, false) => ResizeOps.Nearest3d,
                (InterpolationMode.NearestExact, 1, false) => ResizeOps.NearestExact1d,
                (InterpolationMode.NearestExact, 2, false) => ResizeOps.NearestExact2d,
                (InterpolationMode.NearestExact, 3, false) => ResizeOps.NearestExact3d,
                (InterpolationMode.Linear, 1, false) => ResizeOps.Linear1d,
                (InterpolationMode.Bilinear, 2, false) => ResizeOps.Bilinear2d,
                (InterpolationMode.Bilinear, 2, true) => ResizeOps.Bilinear2dAntialiased,
                (InterpolationMode.Bicubic, 2, false) => ResizeOps.Bicubic2d,
                (InterpolationMode.Bicubic, 2, true) => ResizeOps.Bicubic2dAntialiased,
                (InterpolationMode.Trilinear, 3, false) => ResizeOps.Trilinear3d,
                _ => throw new ArgumentException($"Mode {mode} does not resize {spatialDimensions} spatial dimensions{(antialias ? " with antialiasing" : "")}.", nameof(mode)),
            };

            private static string Name(PaddingModes mode) => mode switch
            {
                PaddingModes.Reflect => "reflect",
                PaddingModes.Replicate => "replicate",
                PaddingModes.Circular => "circular",
                _ => "constant",
            };

            private static class ResizeOps
            {
                internal static readonly Op Nearest1d = new("aten::upsample_nearest1d", "vec");
                internal static readonly Op Nearest2d = new("aten::upsample_nearest2d", "vec");
                internal static readonly Op Nearest3d = new("aten::upsample_nearest3d", "vec");
                internal static readonly Op NearestExact1d = new("aten::_upsample_nearest_exact1d", "vec");
                internal static readonly Op NearestExact2d = new("aten::_upsample_nearest_exact2d", "vec");
                internal static readonly Op NearestExact3d = new("aten::_upsample_nearest_exact3d", "vec");
                internal static readonly Op Linear1d = new("aten::upsample_linear1d", "vec");
                internal static readonly Op Bilinear2d = new("aten::upsample_bilinear2d", "vec");
                internal static readonly Op Bilinear2dAntialiased = new("aten::_upsample_bilinear2d_aa", "vec");
                internal static readonly Op Bicubic2d = new("aten::upsample_bicubic2d", "vec");
                internal static readonly Op Bicubic2dAntialiased = new("aten::_upsample_bicubic2d_aa", "vec");
                internal static readonly Op Trilinear3d = new("aten::upsample_trilinear3d", "vec");
            }
        }
    }
}

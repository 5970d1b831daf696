using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            private static readonly Op Dropout = new("aten::dropout");
            private static readonly Op DropoutInPlace = new("aten::dropout_");
            private static readonly Op FeatureDropout = new("aten::feature_dropout");
            private static readonly Op FeatureDropoutInPlace = new("aten::feature_dropout_");

            public static Tensor dropout(Tensor input, double p = 0.5, bool training = true, bool inplace = false) =>
                inplace ? DropoutInPlace.CallInPlace(input, p, training).alias() : Dropout.Call(input, p, training);

            /// <summary>Whole channels of [B, C, L], or of [C, L].</summary>
            public static Tensor dropout1d(Tensor input, double p = 0.5, bool training = true, bool inplace = false) => WholeChannels(input, 3, p, training, inplace);

            /// <summary>Whole channels of [B, C, H, W], or of [C, H, W].</summary>
            public static Tensor dropout2d(Tensor input, double p = 0.5, bool training = true, bool inplace = false) => WholeChannels(input, 4, p, training, inplace);

            /// <summary>Whole channels of [B, C, D, H, W], or of [C, D, H, W].</summary>
            public static Tensor dropout3d(Tensor input, double p = 0.5, bool training = true, bool inplace = false) => WholeChannels(input, 5, p, training, inplace);

            private static Tensor WholeChannels(Tensor input, int batchedDimensions, double p, bool training, bool inplace)
            {
                if (inplace) return FeatureDropoutInPlace.CallInPlace(input, p, training).alias();
                if (input.ndim == batchedDimensions) return FeatureDropout.Call(input, p, training);
                using var batch = input.unsqueeze(0);
                using var dropped = FeatureDropout.Call(batch, p, training);
                return dropped.squeeze(0);
            }
        }
    }
}

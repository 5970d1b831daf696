using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            private static readonly Op ReLU = new("aten::relu");
            private static readonly Op ReLUInPlace = new("aten::relu_");
            private static readonly Op ReLU6 = new("aten::relu6");
            private static readonly Op ReLU6InPlace = new("aten::relu6_");
            private static readonly Op LeakyReLU = new("aten::leaky_relu");
            private static readonly Op LeakyReLUInPlace = new("aten::leaky_relu_");
            private static readonly Op ELU = new("aten::elu");
            private static readonly Op ELUInPlace = new("aten::elu_");
            private static readonly Op CELU = new("aten::celu");
            private static readonly Op CELUInPlace = new("aten::celu_");
            private static readonly Op SELU = new("aten::selu");
            private static readonly Op SELUInPlace = new("aten::selu_");
            private static readonly Op SiLU = new("aten::silu");
            private static readonly Op SiLUInPlace = new("aten::silu_");
            private static readonly Op Mish = new("aten::mish");
            private static readonly Op MishInPlace = new("aten::mish_");
            private static readonly Op Hardswish = new("aten::hardswish");
            private static readonly Op HardswishInPlace = new("aten::hardswish_");
            private static readonly Op Hardsigmoid = new("aten::hardsigmoid");
            private static readonly Op HardsigmoidInPlace = new("aten::hardsigmoid_");
            private static readonly Op Hardtanh = new("aten::hardtanh");
            private static readonly Op HardtanhInPlace = new("aten::hardtanh_");
            private static readonly Op Tanh = new("aten::tanh");
            private static readonly Op TanhInPlace = new("aten::tanh_");
            private static readonly Op GELU = new("aten::gelu");
            private static readonly Op GELUInPlace = new("aten::gelu_");
            private static readonly Op Sigmoid = new("aten::sigmoid");
            private static readonly Op SigmoidInPlace = new("aten::sigmoid_");
            private static readonly Op PReLU = new("aten::prelu");
            private static readonly Op Softplus = new("aten::softplus");
            private static readonly Op Softmax = new("aten::softmax", "int");
            private static readonly Op LogSoftmax = new("aten::log_softmax", "int");

            public static Tensor relu(Tensor x, bool inplace = false) =>
                inplace ? ReLUInPlace.CallInPlace(x).alias() : ReLU.Call(x);

            public static Tensor relu6(Tensor x, bool inplace = false) =>
                inplace ? ReLU6InPlace.CallInPlace(x).alias() : ReLU6.Call(x);

            public static Tensor leaky_relu(Tensor input, double negative_slope = 0.01, bool inplace = false) =>
                inplace ? LeakyReLUInPlace.CallInPlace(input, negative_slope).alias() : LeakyReLU.Call(input, negative_slope);

            public static Tensor elu(Tensor x, double alpha, bool inplace = false) =>
                inplace ? ELUInPlace.CallInPlace(x, alpha).alias() : ELU.Call(x, alpha);

            public static Tensor celu(Tensor x, double alpha, bool inplace = false) =>
                inplace ? CELUInPlace.CallInPlace(x, alpha).alias() : CELU.Call(x, alpha);

            public static Tensor selu(Tensor x, bool inplace = false) =>
                inplace ? SELUInPlace.CallInPlace(x).alias() : SELU.Call(x);

            public static Tensor silu(Tensor x, bool inplace = false) =>
                inplace ? SiLUInPlace.CallInPlace(x).alias() : SiLU.Call(x);

            public static Tensor mish(Tensor x, bool inplace = false) =>
                inplace ? MishInPlace.CallInPlace(x).alias() : Mish.Call(x);

            public static Tensor hardswish(Tensor input, bool inplace = false) =>
                inplace ? HardswishInPlace.CallInPlace(input).alias() : Hardswish.Call(input);

            public static Tensor hardsigmoid(Tensor input, bool inplace = false) =>
                inplace ? HardsigmoidInPlace.CallInPlace(input).alias() : Hardsigmoid.Call(input);

            public static Tensor hardtanh(Tensor x, double min_val = -1, double max_val = 1, bool inplace = false) =>
                inplace ? HardtanhInPlace.CallInPlace(x, min_val, max_val).alias() : Hardtanh.Call(x, min_val, max_val);

            public static Tensor tanh(Tensor x, bool inplace = false) =>
                inplace ? TanhInPlace.CallInPlace(x).alias() : Tanh.Call(x);

            public static Tensor gelu(Tensor x) => GELU.Call(x);

            public static Tensor gelu(Tensor x, bool inplace) =>
                inplace ? GELUInPlace.CallInPlace(x).alias() : GELU.Call(x);

            public static Tensor sigmoid(Tensor x) => Sigmoid.Call(x);

            public static Tensor sigmoid(Tensor x, bool inplace) =>
                inplace ? SigmoidInPlace.CallInPlace(x).alias() : Sigmoid.Call(x);

            public static Tensor prelu(Tensor input, Tensor weight) => PReLU.Call(input, weight);

            public static Tensor softplus(Tensor x, double beta = 1, double threshold = 20) => Softplus.Call(x, beta, threshold);

            public static Tensor softmax(Tensor input, long dim, ScalarType? dtype = null) => Softmax.Call(input, dim, dtype);

            public static Tensor log_softmax(Tensor x, long dim) => LogSoftmax.Call(x, dim);
        }
    }
}

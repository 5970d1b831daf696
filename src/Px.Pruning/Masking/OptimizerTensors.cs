using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace Px.Pruning.Masking;

// The state tensors of an optimizer that have a parameter's shape.
internal static class OptimizerTensors
{
    // State of SGD, Adam and AdamW by parameter; none for other optimizers, or before the parameter's first step. Borrowed.
    internal static Dictionary<Parameter, List<Tensor>> ByParameter(Optimizer optimizer)
    {
        var tensors = new Dictionary<Parameter, List<Tensor>>(ReferenceEqualityComparer.Instance);
        if (optimizer is not OptimizerHelper helper) return tensors;
        foreach (var (parameter, state) in helper.parameters().Zip(helper.state_dict().State))
            tensors[parameter] = Of(state).Where(tensor => tensor is not null && !tensor.IsInvalid).ToList();
        return tensors;
    }

    private static Tensor[] Of(OptimizerState state) => state switch
    {
        SGD.State sgd => [sgd.momentum_buffer],
        Adam.State adam => [adam.exp_avg, adam.exp_avg_sq, adam.max_exp_avg_sq],
        AdamW.State adamW => [adamW.exp_avg, adamW.exp_avg_sq, adamW.max_exp_avg_sq],
        _ => [],
    };
}

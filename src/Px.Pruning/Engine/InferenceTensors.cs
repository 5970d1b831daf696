using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Px.Pruning.Engine;

// Parameters and buffers that were made under torch.inference_mode(): libtorch neither writes to them nor differentiates by them later.
internal static class InferenceTensors
{
    // Throws an UnsupportedModelException that names the first.
    internal static void Refuse(nn.Module model)
    {
        using var scope = NewDisposeScope();
        using var normal = is_inference_mode_enabled() ? inference_mode(false) : null;
        var tensors = model.named_parameters().Select(p => (p.name, tensor: (Tensor)p.parameter))
            .Concat(model.named_buffers().Select(b => (b.name, tensor: b.buffer)));
        foreach (var (name, tensor) in tensors)
        {
            if (!tensor.is_floating_point() || !IsInference(tensor)) continue;
            throw new UnsupportedModelException(
                $"'{name}' was made under torch.inference_mode(): libtorch allows neither changes to it nor gradients through it, so that "
                + "the model can neither be pruned nor trained. Build the model outside of inference_mode(); its values can be taken "
                + "over by load_state_dict(old.state_dict()).")
            { Module = name[..Math.Max(0, name.LastIndexOf('.'))] };
        }
    }

    // libtorch has a question for that, TorchSharp has not: such a tensor is known by what it refuses.
    private static bool IsInference(Tensor tensor)
    {
        try
        {
            tensor.detach().requires_grad = true;
            return false;
        }
        catch (ExternalException)
        {
            return true;
        }
    }
}

using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Masking;

// Checks all parameters at once for pruned weights that are not zero: a few kernels and one wait for the device, however many layers there
// are. Owns a concatenated copy of all masks, and concatenates all weights for each check.
internal sealed class FusedCheck(IReadOnlyList<MaskedParameter> parameters) : IDisposable
{
    private static readonly Scalar Zero = 0f.ToScalar();
    private Tensor? pruned; // [N]

    // Leaves temporaries to the caller's dispose scope.
    internal bool AnyBroken()
    {
        if (parameters.Count == 0)
            return false;
        var weights = parameters.Select(parameter => (Tensor)parameter.Current).ToList();
        if (weights.Exists(weight => !OnSameDevice(weight, weights[0])))
            return parameters.Any(parameter => parameter.IsBroken);
        if (pruned is null || !OnSameDevice(pruned, weights[0]))
            Gather(weights[0].device);
        return cat(weights.ConvertAll(weight => weight.flatten())).ne(Zero).logical_and_(pruned!).any().ToBoolean();
    }

    public void Dispose() => pruned?.Dispose();

    private void Gather(Device device)
    {
        pruned?.Dispose();
        pruned = cat(parameters.Select(parameter => parameter.Pruned.to(device).flatten()).ToList()).DetachFromDisposeScope();
    }

    private static bool OnSameDevice(Tensor a, Tensor b) => a.device_type == b.device_type && a.device_index == b.device_index;
}

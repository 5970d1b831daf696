using static TorchSharp.torch;

namespace TorchSharp.Modules;

public abstract class BatchNorm : NormBase
{
    public BatchNorm(long num_features, double eps, double momentum, bool affine, bool track_running_stats, Device? device, ScalarType? dtype, string name)
        : base(num_features, eps, momentum, affine, track_running_stats, device, dtype, name)
    {
    }

    public override Tensor forward(Tensor input)
    {
        ValidateInputDimensions(input);
        var tracks = training && track_running_stats;
        if (tracks) num_batches_tracked?.add_(1);
        var factor = momentum ?? (tracks && num_batches_tracked is { } count ? 1.0 / count.ToInt64() : 0.0);
        var withBatch = training || (running_mean is null && running_var is null);
        var statistics = !training || track_running_stats;
        return nn.functional.batch_norm(input, statistics ? running_mean : null, statistics ? running_var : null, weight, bias, withBatch, factor, eps);
    }
}

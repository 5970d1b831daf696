using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Engine.Norms;

// A normalisation layer as the affine map it is once its statistics are constants: y = s·x + shift with s = γ/√(var + ε) along one axis
// (or, for layer norm, along the normalised ones).
internal sealed class NormLayer
{
    private readonly nn.Module<Tensor, Tensor> module;

    private NormLayer(string name, nn.Module<Tensor, Tensor> module) => (Name, this.module) = (name, module);

    internal string Name { get; }

    internal double Epsilon => module switch { NormBase m => m.eps, GroupNorm m => m.eps, LayerNorm m => m.eps, _ => 0 };

    internal Tensor? Gamma => module switch { NormBase m => m.weight, GroupNorm m => m.weight, LayerNorm m => m.weight, _ => null };

    internal Tensor? Beta => module switch { NormBase m => m.bias, GroupNorm m => m.bias, LayerNorm m => m.bias, _ => null };

    internal Tensor? RunningMean => (module as NormBase)?.running_mean;

    internal Tensor? RunningVariance => (module as NormBase)?.running_var;

    internal Tensor? BatchesTracked => (module as NormBase)?.num_batches_tracked;

    // The type of the layer's own tensors; null where it has none.
    internal ScalarType? Type => (Gamma ?? RunningMean)?.dtype;

    // Whether γ = 1 and β = 0, as in a newly made layer.
    internal bool IsPlain => (Gamma is not { } gamma || All(gamma, 1)) && (Beta is not { } beta || All(beta, 0));

    // The layer, or null where the module does not normalise.
    internal static NormLayer? TryCreate(string name, nn.Module module) =>
        module is NormBase or GroupNorm or LayerNorm ? new(name, (nn.Module<Tensor, Tensor>)module) : null;

    // Whether the layer takes its variance from the pruning data rather than from running statistics.
    internal bool UsesBatch(NormStatistics statistics)
    {
        if (RunningMean is not { } mean || RunningVariance is not { } variance) return true;
        return statistics switch
        {
            NormStatistics.Running => false,
            NormStatistics.PruningBatch => true,
            _ => All(mean, 0) && All(variance, 1),
        };
    }

    // The layer itself on running statistics, in the dtype of x. x: The layer's input, [N, C, …].
    // trained: Whether gradients flow to γ and β.
    internal Tensor NormalizeRunning(Tensor x, bool trained = false)
    {
        using var scope = NewDisposeScope();
        Tensor? gamma = Cast(Gamma, x, trained), beta = Cast(Beta, x, trained);
        var y = module is InstanceNorm
            ? nn.functional.instance_norm(x, Cast(RunningMean, x), Cast(RunningVariance, x), gamma, beta, false, 0, Epsilon)
            : nn.functional.batch_norm(x, Cast(RunningMean, x), Cast(RunningVariance, x), gamma, beta, false, 0, Epsilon);
        return y.MoveToOuterDisposeScope();
    }

    // The layer with constant statistics: for batch norm those of the pruning data, for the others each sample's own. No gradient flows
    // through them. x: The layer's input, [N, C, …].
    // trained: Whether gradients flow to γ and β.
    internal Tensor NormalizeFrozen(Tensor x, NormMoments moments, bool trained = false)
    {
        using var scope = NewDisposeScope();
        Tensor? gamma = Cast(Gamma, x, trained), beta = Cast(Beta, x, trained);
        if (IsBatchNorm)
        {
            var constant = nn.functional.batch_norm(x, Cast(moments.Mean(), x), Cast(moments.Variance(), x), gamma, beta, false, 0,
                Epsilon);
            return constant.MoveToOuterDisposeScope();
        }

        var members = Members(x);
        var values = members.detach();
        var mean = values.mean([-1], keepdim: true);
        var variance = (values - mean).square().mean([-1], keepdim: true);
        var y = ((members - mean) * (variance + Epsilon).rsqrt()).reshape(x.shape);
        if (gamma is not null) y = y * Spread(gamma, x.dim());
        if (beta is not null) y = y + Spread(beta, x.dim());
        return y.MoveToOuterDisposeScope();
    }

    // The layer on the statistics of x itself; gradients flow through them. x: The layer's input, [N, C, …].
    internal Tensor NormalizeBatch(Tensor x, NormMoments? moments = null)
    {
        using var scope = NewDisposeScope();
        Tensor? gamma = Cast(Gamma, x), beta = Cast(Beta, x);
        Tensor y;
        switch (module)
        {
            case BatchNorm when !is_grad_enabled() && x.dim() == 4 && x.stride(1) == 1 && !x.is_contiguous():
                y = NormalizePixels(x, gamma, beta, moments);
                break;
            case BatchNorm:
                // momentum 1 turns the two buffers into this batch's own mean and unbiased variance, in the same pass.
                Tensor mean = zeros(x.size(1), x.dtype, x.device), variance = zeros(x.size(1), x.dtype, x.device);
                y = nn.functional.batch_norm(x, mean, variance, gamma, beta, true, 1.0, Epsilon);
                long count = x.numel() / x.size(1);
                moments?.Add(mean, variance * (count > 1 ? (count - 1.0) / count : 0), x.size(0));
                break;
            case LayerNorm layer:
                y = nn.functional.layer_norm(x, layer.normalized_shape, gamma, beta, Epsilon);
                moments?.AddGroups(Members(x), 1, x.size(0));
                break;
            case GroupNorm group:
                y = nn.functional.group_norm(x, group.num_groups, gamma, beta, Epsilon);
                moments?.AddGroups(Members(x), x.size(1) / group.num_groups, x.size(0));
                break;
            default:
                y = nn.functional.instance_norm(x, null, null, gamma, beta, true, 0, Epsilon);
                moments?.AddGroups(Members(x), 1, x.size(0));
                break;
        }

        return y.MoveToOuterDisposeScope();
    }

    // Batch norm of maps whose channels lie innermost. libtorch's own loses two digits of their statistics, since it adds up each channel
    // value by value.
    private Tensor NormalizePixels(Tensor x, Tensor? gamma, Tensor? beta, NormMoments? moments)
    {
        var pixels = x.permute(0, 2, 3, 1).reshape(-1, x.size(1));
        var mean = pixels.mean([0]);
        var variance = (pixels - mean).pow_(2).mean([0]);
        moments?.Add(mean, variance, x.size(0));
        return nn.functional.batch_norm(x, mean, variance, gamma, beta, false, 0, Epsilon);
    }

    internal bool IsBatchNorm => module is BatchNorm;

    // The layer with γ = 1 and β = 0: batch norm by the given statistics, the others by each sample's own. x: The layer's input, [N, C, …].
    // mean: [C]; in training it is replaced by the batch's own.
    // variance: [C]; in training it is replaced by the batch's own, unbiased.
    // training: Whether to normalise by the batch's own statistics.
    internal Tensor NormalizePlain(Tensor x, Tensor? mean, Tensor? variance, bool training) => module switch
    {
        LayerNorm layer => nn.functional.layer_norm(x, layer.normalized_shape, null, null, Epsilon),
        GroupNorm group => nn.functional.group_norm(x, group.num_groups, null, null, Epsilon),
        InstanceNorm => nn.functional.instance_norm(x, null, null, null, null, true, 0, Epsilon),
        _ => nn.functional.batch_norm(x, mean, variance, null, null, training, 1.0, Epsilon),
    };

    // The squared frozen scale s² = γ²/(var + ε), float64, shaped to multiply an input with dimensions dimensions. moments: The pruning
    // data's moments; null for running statistics, or a variance of 1 where there are none.
    internal Tensor SquaredScale(NormMoments? moments, long dimensions)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var variance = moments?.Variance() ?? RunningVariance?.detach().to(float64);
        var scale = variance is null ? ones([], float64, Gamma?.device) : (variance + Epsilon).reciprocal();
        if (Gamma is { } gamma) scale = scale * gamma.detach().to(float64).square();
        return Spread(scale, dimensions).MoveToOuterDisposeScope();
    }

    // Whether constant statistics leave an added constant: β − s·mean is not zero everywhere. True where each sample has its own. moments:
    // The pruning data's moments; null for running statistics.
    internal bool Shifts(NormMoments? moments)
    {
        if (moments is not null && !IsBatchNorm) return true;
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var mean = moments?.Mean() ?? RunningMean!.detach().to(float64);
        var shift = mean.neg() * SquaredScale(moments, 2).sqrt().flatten();
        if (Gamma is { } gamma) shift = shift * gamma.detach().to(float64).sign();
        if (Beta is { } beta) shift = shift + beta.detach().to(float64);
        return shift.ne(0).any().ToBoolean();
    }

    private static bool All(Tensor tensor, double value)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        return tensor.eq(value).all().ToBoolean();
    }

    // The input's values with those that share a mean in the last dimension; for layers that normalise by each sample's own statistics.
    private Tensor Members(Tensor x) => module switch
    {
        LayerNorm layer => x.reshape(-1, layer.normalized_shape.Aggregate(1L, (a, b) => a * b)),
        GroupNorm group => x.reshape(x.size(0), group.num_groups, -1),
        _ => x.reshape(x.size(0), x.size(1), -1),
    };

    // γ, or what has its shape, so that it multiplies an input with dimensions dimensions.
    private Tensor Spread(Tensor perChannel, long dimensions)
    {
        if (module is LayerNorm) return perChannel.alias();
        var shape = Enumerable.Repeat(1L, (int)dimensions).ToArray();
        shape[1] = -1;
        return perChannel.reshape(shape);
    }

    private static Tensor? Cast(Tensor? tensor, Tensor like, bool trained = false) => (trained ? tensor : tensor?.detach())?.to(like.dtype);
}

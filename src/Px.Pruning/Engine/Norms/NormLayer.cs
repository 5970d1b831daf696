using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Engine.Norms;

// A normalisation layer as the affine map it is once its statistics are constants: y = s·x + shift with s = γ/√(var + ε) along one axis
// (or, for layer norm, along the normalised ones).
internal sealed class NormLayer
{
    private readonly nn.Module<Tensor, Tensor> module;
    private bool? isNew; // whether running statistics are those of a new layer, which no call changes

    private NormLayer(string name, nn.Module<Tensor, Tensor> module) => (Name, this.module) = (name, module);

    internal string Name { get; }

    internal double Epsilon => module switch { NormBase m => m.eps, GroupNorm m => m.eps, LayerNorm m => m.eps, _ => 0 };

    internal Tensor? Gamma => module switch { NormBase m => m.weight, GroupNorm m => m.weight, LayerNorm m => m.weight, _ => null };

    internal Tensor? Beta => module switch { NormBase m => m.bias, GroupNorm m => m.bias, LayerNorm m => m.bias, _ => null };

    internal Tensor? RunningMean => (module as NormBase)?.running_mean;

    internal Tensor? RunningVariance => (module as NormBase)?.running_var;

    internal Tensor? BatchesTracked => (module as NormBase)?.num_batches_tracked;

    internal ScalarType? Type => (Gamma ?? RunningMean)?.dtype;

    internal bool IsBatchNorm => module is BatchNorm;

    // Whether γ = 1 and β = 0, as in a newly made layer.
    internal bool IsPlain => (Gamma is not { } gamma || All(gamma, 1)) && (Beta is not { } beta || All(beta, 0));

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
            _ => isNew ??= All(mean, 0) && All(variance, 1),
        };
    }

    // The layer's own operator on x, [N, C, …], with the given tensors in x's dtype: by the input's own statistics in training and where
    // there is no mean. Training leaves the batch's own mean and unbiased variance in the given tensors, since the momentum is 1.
    internal Tensor Apply(
        Tensor x, Tensor? mean = null, Tensor? variance = null, Tensor? gamma = null, Tensor? beta = null, bool training = false,
        long? groups = null) => module switch
    {
        LayerNorm layer => nn.functional.layer_norm(x, layer.normalized_shape, gamma, beta, Epsilon),
        GroupNorm group => nn.functional.group_norm(x, groups ?? group.num_groups, gamma, beta, Epsilon),
        InstanceNorm => nn.functional.instance_norm(x, mean, variance, gamma, beta, training || mean is null, 0, Epsilon),
        _ => nn.functional.batch_norm(x, mean, variance, gamma, beta, training || mean is null, 1.0, Epsilon),
    };

    // The layer on running statistics, in the dtype of x; gradients flow to γ and β where they are trained.
    internal Tensor NormalizeRunning(Tensor x, bool trained = false)
    {
        using var scope = NewDisposeScope();
        var y = Apply(x, Cast(RunningMean, x), Cast(RunningVariance, x), Cast(Gamma, x, trained), Cast(Beta, x, trained));
        return y.MoveToOuterDisposeScope();
    }

    // The layer with constant statistics: for batch norm those of the pruning data, for the others each sample's own. No gradient flows
    // through the statistics; gradients flow to γ and β where they are trained.
    internal Tensor NormalizeFrozen(Tensor x, NormMoments moments, bool trained = false)
    {
        using var scope = NewDisposeScope();
        Tensor? gamma = Cast(Gamma, x, trained), beta = Cast(Beta, x, trained);
        if (IsBatchNorm) return Apply(x, Cast(moments.Mean(), x), Cast(moments.Variance(), x), gamma, beta).MoveToOuterDisposeScope();
        var members = Members(x);
        var values = members.detach();
        var mean = values.mean([-1], keepdim: true);
        var variance = (values - mean).square().mean([-1], keepdim: true);
        var y = ((members - mean) * (variance + Epsilon).rsqrt()).reshape(x.shape);
        if (gamma is not null) y = y * Spread(gamma, x.dim());
        if (beta is not null) y = y + Spread(beta, x.dim());
        return y.MoveToOuterDisposeScope();
    }

    // The layer on the statistics of x itself, through which gradients flow.
    internal Tensor NormalizeBatch(Tensor x, NormMoments? moments = null)
    {
        using var scope = NewDisposeScope();
        Tensor? gamma = Cast(Gamma, x), beta = Cast(Beta, x);
        if (!IsBatchNorm)
        {
            moments?.AddGroups(Members(x), module is GroupNorm group ? x.size(1) / group.num_groups : 1, x.size(0));
            return Apply(x, null, null, gamma, beta).MoveToOuterDisposeScope();
        }

        if (!is_grad_enabled() && x.dim() == 4 && x.stride(1) == 1 && !x.is_contiguous())
            return NormalizePixels(x, gamma, beta, moments).MoveToOuterDisposeScope();
        Tensor mean = zeros(x.size(1), x.dtype, x.device), variance = zeros(x.size(1), x.dtype, x.device);
        var y = Apply(x, mean, variance, gamma, beta, training: true);
        long count = x.numel() / x.size(1);
        moments?.Add(mean, variance * (count > 1 ? (count - 1.0) / count : 0), x.size(0));
        return y.MoveToOuterDisposeScope();
    }

    // Batch norm of maps whose channels lie innermost: libtorch adds up each channel value by value there, and loses two digits of the
    // statistics.
    private Tensor NormalizePixels(Tensor x, Tensor? gamma, Tensor? beta, NormMoments? moments)
    {
        var pixels = x.permute(0, 2, 3, 1).reshape(-1, x.size(1));
        var mean = pixels.mean([0]);
        var variance = (pixels - mean).pow_(2).mean([0]);
        moments?.Add(mean, variance, x.size(0));
        return Apply(x, mean, variance, gamma, beta);
    }

    // The squared frozen scale s² = γ²/(var + ε), float64, shaped to multiply an input of so many dimensions. Without moments of the
    // pruning data it is that of running statistics, or of a variance of 1 where there are none.
    internal Tensor SquaredScale(NormMoments? moments, long dimensions)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var variance = moments?.Variance() ?? RunningVariance?.detach().to(float64);
        var scale = variance is null ? ones([], float64, Gamma?.device) : (variance + Epsilon).reciprocal();
        if (Gamma is { } gamma) scale = scale * gamma.detach().to(float64).square();
        return Spread(scale, dimensions).MoveToOuterDisposeScope();
    }

    // Whether constant statistics leave an added constant, so that β − s·mean is not zero everywhere; true where each sample has its own
    // statistics. Without moments of the pruning data running statistics are used.
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

    // The input with all values that share a mean in the last dimension; not for batch norm.
    private Tensor Members(Tensor x) => module switch
    {
        LayerNorm layer => x.reshape(-1, layer.normalized_shape.Aggregate(1L, (a, b) => a * b)),
        GroupNorm group => x.reshape(x.size(0), group.num_groups, -1),
        _ => x.reshape(x.size(0), x.size(1), -1),
    };

    // Reshapes γ, or a tensor of its shape, to multiply an input of so many dimensions. A single number for all channels stays one: it was
    // made without knowing the input's device, and libtorch multiplies by it on any.
    private Tensor Spread(Tensor perChannel, long dimensions)
    {
        if (module is LayerNorm || perChannel.dim() == 0) return perChannel.alias();
        var shape = Enumerable.Repeat(1L, (int)dimensions).ToArray();
        shape[1] = -1;
        return perChannel.reshape(shape);
    }

    private static Tensor? Cast(Tensor? tensor, Tensor like, bool trained = false) => (trained ? tensor : tensor?.detach())?.to(like.dtype);
}

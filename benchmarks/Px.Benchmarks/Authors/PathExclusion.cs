using static TorchSharp.torch;

namespace Px.Benchmarks.Authors;

/// <summary>
/// Path eXclusion as its authors run it: f, g and h over the whole batch, float activation maps kept, backward through h's batch.
/// </summary>
internal static class PathExclusion
{
    // One multiplication of g's input, which leaves the ranking as it is: g reaches 3e41 on ResNet-20, beyond float32.
    private static readonly double inputScale = Math.Pow(2, -60);

    internal static IReadOnlyList<Tensor> Running(MaskedNetwork model, Tensor input, Tensor target)
    {
        model.Training = false;
        return Paths(model, input, () => model.Forward(input).Dispose());
    }

    /// <summary>Norm layers are frozen at the statistics of the batch: momentum 1 leaves them in the buffers, the variance unbiased.</summary>
    internal static IReadOnlyList<Tensor> Batch(MaskedNetwork model, Tensor input, Tensor target)
    {
        model.Training = true;
        string[] buffers = [.. model.Norms.SelectMany<string, string>(norm => [$"{norm}.running_mean", $"{norm}.running_var"])];
        Tensor[] before = [.. buffers.Select(name => model[name].clone())];
        var scores = Paths(model, input, () => WithBatchStatistics(model, input));
        foreach (var (name, value) in buffers.Zip(before)) model[name].copy_(value);
        model.Momentum = 0.1;
        return scores;
    }

    /// <summary>The first public code (April 2024): norm layers on batch statistics, g = f, h on x; |∂R/∂θ²| |θ|⁵.</summary>
    internal static IReadOnlyList<Tensor> Released(MaskedNetwork model, Tensor input, Tensor target)
    {
        model.Training = true;
        MaskedNetwork g = model.Copy(), h = model.Copy();
        var maps = new List<Tensor>();
        Tensor activity;
        using (no_grad())
        {
            model.Activation = Recording(maps);
            model.Forward(input).Dispose();
            model.Activation = MaskedNetwork.Relu;
            g.Activation = Replaying(maps);
            activity = g.Forward(input);
            foreach (string name in h.Layers) h[name].pow_(2);
        }

        h.Activation = Identity;
        (activity * h.Forward(input)).sum().backward();
        return [.. h.Layers.Select(name => (h[name].grad! * model[name].abs().pow(5)).abs().detach())];
    }

    /// <summary>h: squared weights and norm scales, no shifts, every path active, in evaluation mode.</summary>
    internal static MaskedNetwork SquaredCopy(MaskedNetwork model)
    {
        using var noGrad = no_grad();
        using var temporaries = NewDisposeScope();
        var h = model.Copy();
        h.Training = false;
        h.Activation = Identity;
        foreach (string name in h.Layers) h[name].pow_(2);
        foreach (string norm in h.Norms) SetScale(h, norm, h[$"{norm}.weight"].pow(2) / (h[$"{norm}.running_var"] + MaskedNetwork.Epsilon));
        h["linear.bias"].zero_();
        foreach (var (_, tensor) in h.State) tensor.MoveToOuterDisposeScope();
        return h;
    }

    /// <summary>S = θ² ∂R/∂θ² with R = Σₙ Σₖ gᵏ(xₙ², 1, aₙ) hᵏ(1, θ², 1).</summary>
    private static Tensor[] Paths(MaskedNetwork model, Tensor x, Action run)
    {
        var g = model.Copy();
        g.Training = false;
        var maps = new List<Tensor>();
        Tensor activity;
        using (no_grad())
        {
            model.Activation = Recording(maps);
            run();
            model.Activation = MaskedNetwork.Relu;
            OnesAsWeights(g);
            g.Activation = Replaying(maps);
            using var scaled = Scaled(x);
            activity = g.Forward(scaled);
        }

        var h = SquaredCopy(model);
        (activity * h.Forward(ones_like(x))).sum().backward();
        return [.. h.Layers.Select(name => (h[name] * h[name].grad!).detach())];
    }

    private static Tensor Scaled(Tensor x)
    {
        using var squares = x.square();
        return squares * inputScale;
    }

    private static void WithBatchStatistics(MaskedNetwork model, Tensor input)
    {
        var counts = new Dictionary<string, long>();
        model.Momentum = 1;
        model.BeforeNorm = (norm, x) => counts[norm] = x.numel() / x.size(1);
        model.Forward(input).Dispose();
        model.BeforeNorm = null;
        foreach (var (norm, count) in counts) model[$"{norm}.running_var"].mul_((count - 1.0) / count);
    }

    private static Func<Tensor, Tensor> Recording(List<Tensor> maps) => x =>
    {
        var y = x.relu();
        using var active = y.gt(0);
        maps.Add(active.to(x.dtype));
        return y;
    };

    private static Func<Tensor, Tensor> Replaying(List<Tensor> maps)
    {
        int next = 0;
        return x => x * maps[next++];
    }

    private static Tensor Identity(Tensor x) => x.alias();

    private static void OnesAsWeights(MaskedNetwork model)
    {
        foreach (string name in model.Layers) model[name].fill_(1);
        foreach (string norm in model.Norms)
        {
            using var scale = ones_like(model[$"{norm}.weight"]);
            SetScale(model, norm, scale);
        }

        model["linear.bias"].zero_();
    }

    /// <summary>The norm layer as x · scale.</summary>
    private static void SetScale(MaskedNetwork model, string norm, Tensor scale)
    {
        model[$"{norm}.weight"].copy_(scale);
        model[$"{norm}.bias"].zero_();
        model[$"{norm}.running_mean"].zero_();
        model[$"{norm}.running_var"].fill_(1 - MaskedNetwork.Epsilon);
    }
}

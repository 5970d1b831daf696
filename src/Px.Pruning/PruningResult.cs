using Px.Pruning.Engine;
using Px.Pruning.Engine.Paths;
using Px.Pruning.Masking;
using Px.Pruning.Reporting;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning;

/// <summary>What pruning left behind: the mask, its binding to the model, and a report. Owns the mask and the binding.</summary>
/// <remarks>
/// While the result lives, pruned weights stay zero through training. Disposing it removes the binding, which leaves a plain model
/// whose pruned weights are zero, and disposes the mask. A result that is never disposed keeps the mask bound.
/// </remarks>
public sealed class PruningResult : IDisposable
{
    /// <summary>Binds a mask to a model and reports what it leaves: how an <see cref="IPruner"/> of your own ends.</summary>
    /// <param name="method">What the report calls the method.</param>
    /// <param name="model">The network; its pruned weights become zero.</param>
    /// <param name="mask">The mask, which the result owns from now on; where this method throws, it stays the caller's.</param>
    /// <param name="data">Gives FLOPs and connections to the report, if only by <see cref="PruningData.Shape"/>. Default
    /// <see langword="null"/>: without them.</param>
    /// <param name="elapsed">How long scoring and ranking took.</param>
    /// <returns>The mask, its binding to the model and a report; the caller disposes it.</returns>
    /// <exception cref="ArgumentException">The mask does not fit the model; the message lists what differs.</exception>
    public static PruningResult Bind(
        string method, Module<Tensor, Tensor> model, PruningMask mask, PruningData? data = null, TimeSpan elapsed = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(method);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(mask);
        MaskMismatch.ThrowIfAny(model, mask);
        var masked = new PruningOptions { Parameters = ParameterSelection.Default.Where((name, _) => mask.Contains(name)), Seed = 0 };
        var report = new NetworkSession(method, new()).Run(model, data ?? PruningData.None, masked, context =>
        {
            using var both = HeldWeights.Left(model, mask);
            var left = both ?? mask;
            var connectivity = Connectivity.Measure(context.Network, context.Network.MasksOf(left), logger: null);
            return PruningReport.Create(method, context.Network, left, connectivity, ReportFacts.Of(context.Network));
        }, default);
        return new PruningResult(mask, mask.Bind(model), report, elapsed);
    }

    internal PruningResult(PruningMask mask, MaskBinding binding, PruningReport report, TimeSpan elapsed) =>
        (Mask, Binding, Report, Elapsed) = (mask, binding, report, elapsed);

    /// <summary>Which weights were kept. Borrowed: lives as long as this result.</summary>
    public PruningMask Mask { get; }

    /// <summary>What holds the pruned weights at zero.</summary>
    public MaskBinding Binding { get; }

    /// <summary>Plain numbers a layer; stays usable after disposal.</summary>
    public PruningReport Report { get; }

    /// <summary>How long scoring and ranking took.</summary>
    public TimeSpan Elapsed { get; }

    /// <summary>Unbinds the mask from the model and disposes it.</summary>
    public void Dispose()
    {
        Binding.Dispose();
        Mask.Dispose();
    }
}

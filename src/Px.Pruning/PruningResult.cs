using Px.Pruning.Engine.Paths;
using Px.Pruning.Engine.Sessions;
using Px.Pruning.Engine.Wiring;
using Px.Pruning.Masking;
using Px.Pruning.Reporting;

namespace Px.Pruning;

/// <summary>The result of a prune: the mask, its binding to the model, and a report. Owns the mask and the binding.</summary>
/// <remarks>
/// Until the result is disposed, pruned weights stay zero through training. Disposing it removes the binding, which leaves a plain model
/// whose pruned weights are zero, and disposes the mask.
/// </remarks>
/// <example><code>
/// using var mask = PruningMask.Load("mask.safetensors");
/// using var result = PruningResult.Bind("loaded", model, mask, PruningData.Shape(3, 32, 32));
/// Console.WriteLine(result.Report);
/// </code></example>
public sealed class PruningResult : IDisposable
{
    /// <summary>Binds a mask to a model and creates its report: the last step of an <see cref="IPruner"/> of your own.</summary>
    /// <param name="method">The method's name in the report.</param>
    /// <param name="model">The network; its pruned weights become zero.</param>
    /// <param name="mask">The mask, which the result owns from now on; if this method throws, it stays the caller's.</param>
    /// <param name="data">Data, or <see cref="PruningData.Shape"/>, from which the report gets FLOPs and connectivity. Default
    /// <see langword="null"/>: the report has neither.</param>
    /// <param name="elapsed">How long scoring and ranking took.</param>
    /// <returns>The mask, its binding to the model and a report; the caller disposes it.</returns>
    /// <exception cref="ArgumentException">The mask does not fit the model; the message lists what differs.</exception>
    public static PruningResult Bind(
        string method, PruningModel model, PruningMask mask, PruningData? data = null, TimeSpan elapsed = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(method);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(mask);
        MaskMismatch.ThrowIfAny(model.Module, mask);
        var names = ParameterSelection.Default.IncludingUnused().Where((name, _) => mask.Contains(name));
        var masked = new PruningOptions
        {
            Parameters = names.Including((name, _) => mask.Contains(name)),
            Seed = 0,
        };
        var report = new NetworkSession(method, new()).Run(model, data ?? PruningData.None, masked, context =>
        {
            Gates.Find(context.Network, context.Token);
            using var both = HeldWeights.Left(model.Module, mask);
            var left = both ?? mask;
            var connectivity = Connectivity.Measure(context.Network, context.Network.MasksOf(left), logger: null);
            return PruningReport.Create(method, context.Network, left, connectivity, ReportFacts.Of(context.Network));
        }, default);
        return new PruningResult(mask, mask.Bind(model.Module), report, elapsed);
    }

    internal PruningResult(PruningMask mask, MaskBinding binding, PruningReport report, TimeSpan elapsed) =>
        (Mask, Binding, Report, Elapsed) = (mask, binding, report, elapsed);

    /// <summary>Which weights are kept. Borrowed: disposed with this result.</summary>
    public PruningMask Mask { get; }

    /// <summary>The binding that keeps the pruned weights at zero.</summary>
    public MaskBinding Binding { get; }

    /// <summary>Sparsity, FLOPs and connectivity; stays usable after disposal.</summary>
    public PruningReport Report { get; }

    /// <summary>How long scoring and ranking took.</summary>
    public TimeSpan Elapsed { get; }

    /// <summary>Disposes the binding and the mask.</summary>
    public void Dispose()
    {
        Binding.Dispose();
        Mask.Dispose();
    }
}

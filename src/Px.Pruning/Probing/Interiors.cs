using Microsoft.Extensions.Logging;
using static TorchSharp.torch;

namespace Px.Pruning.Probing;

/// <summary>
/// Where the feature maps of an input of ones stay constant, whatever the weights: padding makes borders, which each layer widens, and between
/// them every row equals its neighbour. Convolutions need to compute only what differs. Owns its tensors.
/// </summary>
internal sealed class Interiors : IDisposable
{
    // Far above what rounding makes of equal numbers.
    private const double Tolerance = 1e-10;

    private readonly List<ShortenedCall?> calls = [];
    private int confirmed;

    private Interiors() { }

    /// <summary>Finds them by a pass along each axis, in which no convolution is computed: what matters is what it reads.</summary>
    /// <param name="network">Whose, after its probe.</param>
    /// <param name="logger">Told where nothing is found because the model's own code throws.</param>
    internal static Interiors Find(Network network, ILogger? logger)
    {
        var interiors = new Interiors();
        try
        {
            interiors.Fill(network);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // The caller's forward meets infinity, and may throw whatever it likes. Then all there is gets computed.
            logger?.LogDebug(e, "Where feature maps are constant is not known, so that convolutions are computed whole.");
        }

        return interiors;
    }

    /// <summary>How many calls in a pass compute less.</summary>
    internal int Count => calls.Count(call => call is not null);

    /// <summary>The output of the layer that is called at this place in a pass, without bias. Fresh.</summary>
    /// <remarks>The first time that a call is shortened it is computed whole too; if they differ, since code goes by values, nothing is shortened any more.</remarks>
    internal Tensor Apply(int place, WeightedLayer layer, Tensor input, Tensor weight)
    {
        if (place >= calls.Count || calls[place] is not { } call || !call.Fits(layer, input)) return layer.Apply(input, weight, null);
        var output = call.Apply(input, weight);
        if (place < confirmed) return output;
        var whole = layer.Apply(input, weight, null);
        bool same = output.allclose(whole, Tolerance, 0);
        if (same) confirmed = place + 1;
        else Dispose();
        (same ? whole : output).Dispose();
        return same ? output : whole;
    }

    public void Dispose()
    {
        foreach (var call in calls) call?.Dispose();
        calls.Clear();
    }

    private void Fill(Network network)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        int axes = network.Sites.Max(site => site.Weighted?.Windows.Count ?? 0);
        var passes = Enumerable.Range(0, axes).Select(axis => InteriorPass.Run(network, axis)).ToList();
        for (int place = 0; passes.Count > 0 && place < passes.Min(pass => pass.Count); place++)
        {
            var (layer, shape, _) = passes[0][place];
            bool agree = passes.TrueForAll(pass => pass[place].Layer == layer && pass[place].Shape.SequenceEqual(shape));
            calls.Add(agree ? ShortenedCall.TryCreate(layer, shape, network.Device, axis => passes[axis][place].Run) : null);
        }
    }
}

using System.Globalization;
using System.Text;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Shrinking;

/// <summary>The network without the channels that <see cref="ChannelPruning"/> removed, and what it was chosen by. Disposing it disposes
/// the masks; the model is the caller's.</summary>
public sealed class ChannelResult : IDisposable
{
    internal ChannelResult() { }

    /// <summary>The small network, ready to train: the given model, or the one that the factory made, which the caller disposes.</summary>
    /// <exception cref="InvalidOperationException">It is no such module: take <see cref="ShrinkResult.Module"/>.</exception>
    public Module<Tensor, Tensor> Model => Shrunk.Model;

    /// <summary>What was asked for.</summary>
    public required ChannelTarget Target { get; init; }

    /// <summary>Parameters, FLOPs and latency before and after, and the channels of every layer. The outputs that it compares are those of
    /// the network before under <see cref="Mask"/>.</summary>
    public required ShrinkResult Shrunk { get; init; }

    /// <summary>The mask of the network before: all weights that write a removed channel, or read it, are pruned. Borrowed: it lives as
    /// long as this result.</summary>
    public required PruningMask Mask { get; init; }

    /// <summary>Output channels that no score could have removed, by layer and reason.</summary>
    public required IReadOnlyList<UnremovedChannels> Fixed { get; init; }

    /// <summary>Returns a readable table, that of <see cref="Shrunk"/>, and the channels that stay with the reason. Invariant culture,
    /// lines end in <c>\n</c>.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"Channels removed until {Target} stay.\n");
        text.Append(Shrunk);
        foreach (var reason in Fixed.GroupBy(channels => channels.Reason))
            text.Append("Channels that stay, since ").Append(reason.Key).Append(": ").AppendJoin(", ", reason.Select(Of)).Append(".\n");
        return text.ToString();

        static string Of(UnremovedChannels stay) =>
            string.Create(CultureInfo.InvariantCulture, $"{stay.Channels} of {(stay.Layer.Length == 0 ? "the model" : stay.Layer)}");
    }

    /// <summary>Disposes the masks. Numbers stay readable.</summary>
    public void Dispose()
    {
        Mask.Dispose();
        Shrunk.Dispose();
    }
}

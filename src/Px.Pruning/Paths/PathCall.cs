using Px.Pruning.Probing;
using static TorchSharp.torch;

namespace Px.Pruning.Paths;

/// <summary>One call of a weighted layer: where paths of kept weights arrive and where they lead on. Owns its tensors, all bool.</summary>
internal sealed class PathCall(Site site, Tensor arrives, Tensor reached) : IDisposable
{
    internal Site Site => site;

    /// <summary>Where in its input a path from the network's input arrives.</summary>
    internal Tensor Arrives => arrives;

    /// <summary>Where in its output such a path arrives.</summary>
    internal Tensor Reached => reached;

    /// <summary>Where in <see cref="Reached"/> a path leads on to the network's output; grows while it is found out. Null for nowhere.</summary>
    internal Tensor? Leads { get; private set; }

    /// <summary>Where in <see cref="Arrives"/> a path leads on. Null for nowhere.</summary>
    internal Tensor? Continues { get; private set; }

    /// <summary>Takes over tensors.</summary>
    internal void Update(Tensor leads, Tensor continues)
    {
        Leads?.Dispose();
        Continues?.Dispose();
        (Leads, Continues) = (leads.DetachFromDisposeScope(), continues.DetachFromDisposeScope());
    }

    public void Dispose()
    {
        arrives.Dispose();
        reached.Dispose();
        Leads?.Dispose();
        Continues?.Dispose();
    }
}

using static TorchSharp.torch;

namespace Px.Pruning.Probing;

/// <summary>
/// One way to evaluate the network: with which weights, which normalisation, which gates. The forward code that runs is the
/// caller's own; an evaluation only answers for the modules it substitutes.
/// </summary>
/// <remarks>Events count every entry and exit of a module through <c>call</c>, so that two runs of the same code can be aligned.</remarks>
internal abstract class Evaluation
{
    /// <summary>Whether <see cref="Compute"/> replaces the module's own result.</summary>
    internal abstract bool Replaces(Site site);

    /// <summary>The result of a replaced module on its real input. Fresh.</summary>
    internal abstract Tensor Compute(Site site, Tensor input);

    /// <summary>What a replaced module's own forward is handed meanwhile; its result is thrown away.</summary>
    internal virtual Tensor Stub(Site site, Tensor input) => site.Stub(input);

    /// <summary>Sees what enters a module; returns a fresh tensor to use in its place, or null.</summary>
    internal virtual Tensor? Enter(Site site, int moment, Tensor input) => null;

    /// <summary>Sees what leaves a module; returns a fresh tensor to use in its place, or null.</summary>
    internal virtual Tensor? Leave(Site site, int moment, Tensor output) => null;
}

using static TorchSharp.torch;

namespace Px.Pruning.Models.Initialization;

// A generator for one seed, which puts torch's global random state back when disposed: TorchSharp's layers draw from that state as they are
// made.
internal sealed class SeededRandom : IDisposable
{
    private readonly Tensor? globalState;

    private SeededRandom(long? seed)
    {
        if (seed is not { } value)
            return;
        globalState = random.get_rng_state().DetachFromDisposeScope();
        Generator = new Generator(unchecked((ulong)value));
    }

    // The generator, null where no seed was given: the global state then moves on as usual.
    internal Generator? Generator { get; }

    internal static SeededRandom From(long? seed) => new(seed);

    public void Dispose()
    {
        if (globalState is null)
            return;
        random.set_rng_state(globalState);
        globalState.Dispose();
        Generator!.Dispose();
    }
}

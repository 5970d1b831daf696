using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Engine;

// Puts the model into evaluation mode and, when disposed, every submodule back into the mode it was in. With a seed, the global random
// state is put back as well, so that a seeded call cannot be noticed by other code.
internal sealed class ModelSnapshot : IDisposable
{
    private readonly List<(Module Module, bool Training)> modes;
    private readonly Tensor? randomState;

    internal ModelSnapshot(Module model, long? seed)
    {
        // Parents come before their children, and train(bool) recurses: restoring in this order ends with every child's own mode.
        modes = [(model, model.training), .. model.named_modules().Select(m => (m.module, m.module.training))];
        if (seed is { } given)
        {
            randomState = random.get_rng_state().DetachFromDisposeScope();
            manual_seed(given);
        }

        model.eval();
    }

    public void Dispose()
    {
        foreach (var (module, training) in modes)
        {
            if (module.training != training) module.train(training);
        }

        if (randomState is null) return;
        random.set_rng_state(randomState);
        randomState.Dispose();
    }
}

using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Engine;

// Puts the model into evaluation mode and, when disposed, every submodule back into the mode it was in. With a seed, the global random
// state is seeded, and put back as well; other threads that draw meanwhile notice it. A GPU's generator, whose state TorchSharp cannot
// read, is seeded only for a model that lies there, and stays so.
internal sealed class ModelSnapshot : IDisposable
{
    private readonly TrainingModes modes;
    private readonly Tensor? randomState;

    internal ModelSnapshot(Module model, long? seed)
    {
        modes = new TrainingModes(model);
        if (seed is { } given)
        {
            randomState = random.get_rng_state().DetachFromDisposeScope();
            using var ofTheCpu = Generator.Default;
            if (model.parameters().All(parameter => parameter.device_type == DeviceType.CPU)) ofTheCpu.manual_seed(given);
            else manual_seed(given);
        }

        model.eval();
    }

    public void Dispose()
    {
        modes.Restore();
        if (randomState is null) return;
        random.set_rng_state(randomState);
        randomState.Dispose();
    }
}

// Training or evaluation mode of a model and of all its submodules.
internal sealed class TrainingModes(Module model)
{
    private readonly List<(string Name, Module Module, bool Training)> modes =
        [.. Named(model).Select(m => (m.name, m.module, m.module.training))];

    internal void Restore()
    {
        foreach (var (_, module, training) in modes) Set(module, training);
    }

    // Gives another model of the same architecture these modes.
    internal void CopyTo(Module other)
    {
        var byName = modes.ToDictionary(mode => mode.Name, mode => mode.Training);
        foreach (var (name, module) in Named(other))
            if (byName.TryGetValue(name, out bool training)) Set(module, training);
    }

    // Parents come before their children, and train(bool) recurses: writing in this order ends with every child's own mode.
    private static IEnumerable<(string name, Module module)> Named(Module model) =>
        model.named_modules().Prepend((name: "", module: model));

    private static void Set(Module module, bool training)
    {
        if (module.training != training) module.train(training);
    }
}

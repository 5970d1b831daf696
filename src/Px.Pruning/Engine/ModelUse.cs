using static TorchSharp.torch.nn;

namespace Px.Pruning.Engine;

// Keeps two threads from working on one model at once: a call sets modes, hooks and parameters, which another would find half changed.
// Calls within a call, on its own thread, are part of it.
internal sealed class ModelUse : IDisposable
{
    private static readonly Dictionary<Module, ModelUse> Users = new(ReferenceEqualityComparer.Instance);

    private readonly string name;
    private readonly int thread = Environment.CurrentManagedThreadId;
    private readonly List<Module> modules;

    // name: what is done with the model, for the message of the other thread. Throws InvalidOperationException if another thread's call
    // uses the model, or a module that both have.
    internal ModelUse(Module model, string name)
    {
        this.name = name;
        lock (Users)
        {
            var all = model.named_modules().Select(m => m.module).Prepend(model).ToList();
            foreach (var module in all)
            {
                if (Users.TryGetValue(module, out var other) && other.thread != thread) throw Busy(model, module, other.name);
            }

            modules = all.FindAll(module => Users.TryAdd(module, this));
        }
    }

    public void Dispose()
    {
        lock (Users) modules.ForEach(module => Users.Remove(module));
    }

    private static InvalidOperationException Busy(Module model, Module module, string other)
    {
        var part = ReferenceEquals(model, module) ? "" : $"{module.GetType().Name}, a part of ";
        return new($"{part}{model.GetType().Name} is in use by another thread's call ({other}), which sets its modes and hooks until it "
            + "ends. Prune, score, analyse or bind a model in one call at a time, or give each thread a model of its own.");
    }
}

using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Engine;

// Runs the caller's network under an Evaluation. A pre-hook keeps the real input of a substituted module and hands the module a
// placeholder; its post-hook returns what the evaluation computed instead. Nothing of the caller's is written.
internal sealed class HookedNetwork : IDisposable
{
    private readonly PruningModel model;
    private readonly RawTensors raw;
    private readonly List<Action> removers = [];
    private readonly Stack<DisposeScope> containers = new();
    private Evaluation? current;
    private int step;
    private Exception? ofHook, ofForward;

    internal HookedNetwork(PruningModel model, IReadOnlyList<HookedModule> modules, RawTensors raw)
    {
        (this.model, this.raw) = (model, raw);
        foreach (var hooked in modules)
        {
            removers.Add(hooked.Module.register_forward_pre_hook((_, input) => Hook(Before, hooked, input)!).remove);
            removers.Add(hooked.Module.register_forward_hook((_, _, output) => Hook(After, hooked, output)!).remove);
        }
    }

    // Whether a container's temporaries are disposed when it returns, which bounds memory by the largest block. The probe turns it off for
    // a network with modules that keep a tensor for a later sibling.
    internal bool ReleasesContainers { get; set; } = true;

    // The network's output for input, moved to the caller's scope.
    internal Tensor Run(Evaluation evaluation, Inputs input)
    {
        using var temporaries = NewDisposeScope();
        using var lent = input.Numbers.FirstOrDefault(tensor => tensor.is_floating_point())?.dtype is { } type
            ? raw.Lend(tensor => evaluation.Value(tensor, type)) : null;
        (current, step) = (evaluation, 0);
        try
        {
            // A module that returns its own argument must not make the caller's input leave this scope: hand it an alias.
            return model.Run(input.Map(tensor => tensor.alias())).MoveToOuterDisposeScope();
        }
        catch (Exception e) when (Note(ref ofForward, ReferenceEquals(e, ofHook) ? null : e))
        {
            throw;
        }
        finally
        {
            current = null;
            while (containers.TryPop(out var scope)) scope.Dispose();
        }
    }

    // Whether an exception has its cause in the model: the model's own forward threw it in the last pass, or it is libtorch's, TorchSharp's
    // or an UnsupportedModelException. Any other is a bug of this library, which must not be swallowed.
    internal bool IsAboutTheModel(Exception e) =>
        e is ExternalException or UnsupportedModelException
        || (e is not OutOfMemoryException && (e.Source == nameof(TorchSharp) || ReferenceEquals(e, ofForward)));

    public void Dispose()
    {
        foreach (var remove in removers) remove();
        removers.Clear();
    }

    private Tensor? Hook(Func<HookedModule, Tensor, Tensor?> hook, HookedModule hooked, Tensor tensor)
    {
        try
        {
            return hook(hooked, tensor);
        }
        catch (Exception e) when (Note(ref ofHook, e))
        {
            throw;
        }
    }

    // An exception filter that notes the exception without catching it.
    private static bool Note(ref Exception? noted, Exception? e)
    {
        noted = e;
        return false;
    }

    private Tensor? Before(HookedModule hooked, Tensor input)
    {
        if (current is null) return null;
        hooked.WasCalled = true;
        var substitute = current.Enter(hooked, step++, input);
        if (current.Replaces(hooked))
        {
            hooked.PendingInputs.Push(substitute ?? input);
            return current.Placeholder(hooked, input);
        }

        if (hooked.IsContainer && ReleasesContainers) containers.Push(NewDisposeScope());
        return substitute;
    }

    private Tensor? After(HookedModule hooked, Tensor output)
    {
        if (current is null) return null;
        Tensor? result = null;
        if (current.Replaces(hooked))
        {
            using var placeholder = output;
            result = current.Compute(hooked, hooked.PendingInputs.Pop());
        }

        if (current.Leave(hooked, step++, result ?? output) is { } substitute) result = substitute;
        if (hooked.IsContainer && !current.Replaces(hooked) && ReleasesContainers)
        {
            using var scope = containers.Pop();
            scope.MoveToOuter(result ?? output);
        }

        return result;
    }
}

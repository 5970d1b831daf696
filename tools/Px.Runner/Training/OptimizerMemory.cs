using System.Globalization;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Runner.Training;

/// <summary>What SGD and Adam remember of each parameter, as tensors by name: <c>3.momentum_buffer</c>, <c>3.exp_avg</c>, … in the order of the parameters.</summary>
/// <remarks>
/// TorchSharp's own <c>load_state_dict</c> fails on an SGD that was not stepped yet, because its momentum buffers are not there; here what is
/// there is saved, and what was saved is put there.
/// </remarks>
public static class OptimizerMemory
{
    private const string Momentum = "momentum_buffer", Steps = "step", First = "exp_avg", Second = "exp_avg_sq";

    /// <summary>The optimizer's tensors by name. Borrowed from it, except the step counters, which belong to the current dispose scope.</summary>
    /// <exception cref="ArgumentException">It is neither SGD nor Adam.</exception>
    public static Dictionary<string, Tensor> Save(OptimizerHelper optimizer)
    {
        var tensors = new Dictionary<string, Tensor>();
        foreach (var (index, state) in optimizer.state_dict().State.Index())
        {
            switch (state)
            {
                case SGD.State sgd:
                    // Absent before the first step with a gradient.
                    if (sgd.momentum_buffer is { } buffer)
                        tensors.Add(Name(index, Momentum), buffer);
                    break;
                case Adam.State adam:
                    tensors.Add(Name(index, Steps), tensor(adam.step));
                    tensors.Add(Name(index, First), adam.exp_avg);
                    tensors.Add(Name(index, Second), adam.exp_avg_sq);
                    break;
                default:
                    throw new ArgumentException($"The memory of {optimizer.GetType().Name} cannot be saved; that of SGD and Adam can.", nameof(optimizer));
            }
        }

        return tensors;
    }

    /// <summary>Puts tensors that <see cref="Save"/> gave into a new optimizer of the same parameters. They are copied.</summary>
    /// <exception cref="InvalidDataException">A tensor that the optimizer needs is missing.</exception>
    public static void Load(OptimizerHelper optimizer, IReadOnlyDictionary<string, Tensor> tensors)
    {
        var parameters = optimizer.parameters().ToList();
        foreach (var (index, state) in optimizer.state_dict().State.Index())
        {
            switch (state)
            {
                case SGD.State sgd:
                    if (tensors.TryGetValue(Name(index, Momentum), out var buffer))
                        Replace(ref sgd.momentum_buffer, buffer, parameters[index]);
                    break;
                case Adam.State adam:
                    adam.step = Needed(tensors, Name(index, Steps)).ToInt64();
                    Replace(ref adam.exp_avg, Needed(tensors, Name(index, First)), parameters[index]);
                    Replace(ref adam.exp_avg_sq, Needed(tensors, Name(index, Second)), parameters[index]);
                    break;
                default:
                    throw new ArgumentException($"The memory of {optimizer.GetType().Name} cannot be loaded; that of SGD and Adam can.", nameof(optimizer));
            }
        }
    }

    private static void Replace(ref Tensor target, Tensor source, Parameter parameter)
    {
        if (!source.shape.SequenceEqual(parameter.shape))
            throw new InvalidDataException($"The optimizer remembers [{string.Join(", ", source.shape)}] of a parameter of [{string.Join(", ", parameter.shape)}].");
        target?.Dispose();
        using var temporaries = NewDisposeScope();
        target = source.to(parameter.device).clone().DetachFromDisposeScope();
    }

    private static Tensor Needed(IReadOnlyDictionary<string, Tensor> tensors, string name) =>
        tensors.TryGetValue(name, out var found) ? found : throw new InvalidDataException($"The optimizer's '{name}' is missing: it is another optimizer's memory.");

    private static string Name(int index, string tensor) => string.Create(CultureInfo.InvariantCulture, $"{index}.{tensor}");
}

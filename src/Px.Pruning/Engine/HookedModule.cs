using Px.Pruning.Engine.Norms;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Engine;

// One module of the network with its kind, which decides how an evaluation may substitute it.
internal sealed class HookedModule
{
    private readonly bool hasChildren;

    internal HookedModule(string name, nn.Module<Tensor, Tensor> module)
    {
        (Name, Module) = (name, module);
        Weighted = WeightedLayer.TryCreate(name, module);
        Norm = NormLayer.TryCreate(name, module);
        hasChildren = module.named_children().Any();
    }

    // The path in the model; empty for the model itself.
    internal string Name { get; }

    internal nn.Module<Tensor, Tensor> Module { get; }

    internal WeightedLayer? Weighted { get; }

    internal NormLayer? Norm { get; }

    // A ReLU: its path activation is 1 where its output is positive.
    internal bool IsRelu => Module is ReLU;

    // Another elementwise activation: its path activation is its squared derivative.
    internal bool IsOtherActivation => !IsGate &&
        Module is ReLU6 or LeakyReLU or PReLU or ELU or SELU or CELU or GELU or SiLU or Mish or Hardswish or Hardtanh or Softplus or Tanh;

    // A bounded function: its output may multiply a path as a factor that does not grow with the path's weights.
    internal bool MayGate => Module is Sigmoid or Hardsigmoid or Softmax or Softmax2d or Softmin or Tanh;

    // Whether it is such a factor and lies on no path itself. Wiring.Gates finds these modules, and the layers that feed nothing else.
    internal bool IsGate { get; set; }

    internal bool FeedsOnlyGates { get; set; }

    // Has parameters or statistics for each channel, but no weights between channels: a norm layer, or PReLU with several slopes.
    internal bool IsChannelwise => Norm is not null || Module is PReLU { num_parameters: > 1 };

    internal bool IsMaxPool => Module is MaxPool1d or MaxPool2d or MaxPool3d or AdaptiveMaxPool1d or AdaptiveMaxPool2d or AdaptiveMaxPool3d;

    // A module with a forward of its own around other modules: its temporaries may be released when it returns.
    internal bool IsContainer => hasChildren && Weighted is null && Norm is null;

    // Whether a forward pass has reached it through call.
    internal bool WasCalled { get; set; }

    // Whether a ReLU called as a function follows this layer and its output is combined further before any module sees it: then f's signs
    // are handed on instead of a gate. Path eXclusion finds these layers before its first round.
    internal bool PassesSigns { get; set; }

    // Real inputs of calls in progress whose module was given a placeholder.
    internal Stack<Tensor> PendingInputs { get; } = new();

    // The module's own max-pooling, with the flat index of each maximum.
    internal (Tensor Output, Tensor Indices) PoolWithIndices(Tensor input) => Module switch
    {
        MaxPool1d pool => pool.forward_with_indices(input),
        MaxPool2d pool => pool.forward_with_indices(input),
        MaxPool3d pool => pool.forward_with_indices(input),
        AdaptiveMaxPool1d pool => pool.forward_with_indices(input),
        AdaptiveMaxPool2d pool => pool.forward_with_indices(input),
        AdaptiveMaxPool3d pool => pool.forward_with_indices(input),
        _ => throw new InvalidOperationException($"{Name} is no max-pooling layer."),
    };

    // The module's input while its result is computed elsewhere: as little as its forward accepts, in its own dtype. A weighted layer gets
    // an empty batch, batch norm one pixel, an activation one number, any other module one sample.
    internal Tensor Placeholder(Tensor input)
    {
        long[] shape = input.shape;
        if (Weighted is { } layer)
        {
            if (shape.Length > layer.SampleDimensions) shape[0] = 0;
            return zeros(shape, layer.Weight.dtype, input.device);
        }

        if (Module is BatchNorm)
        {
            for (int i = 0; i < shape.Length; i++) shape[i] = i == 1 ? shape[1] : 1;
            return zeros(shape, Norm!.Type ?? input.dtype, input.device);
        }

        if ((IsRelu || IsOtherActivation) && Module is not PReLU) return zeros([1], input.dtype, input.device);
        using var part = input.dim() > 0 ? input.narrow(0, 0, Math.Min(1, input.size(0))) : input.alias();
        // A copy, since the module may work in place.
        return part.detach().to(Norm?.Type ?? (Module as PReLU)?.weight.dtype ?? input.dtype, copy: true);
    }

    // Depth first, as a state dict is ordered; named_modules lists level by level.
    internal static List<HookedModule> FindAll(nn.Module model)
    {
        var seen = new HashSet<nn.Module>(ReferenceEqualityComparer.Instance);
        var modules = new List<HookedModule>();
        Visit("", model);
        return modules;

        void Visit(string name, nn.Module module)
        {
            if (!seen.Add(module)) return;
            if (module is nn.Module<Tensor, Tensor> hookable) modules.Add(new HookedModule(name, hookable));
            foreach (var (child, inner) in module.named_children()) Visit(name.Length == 0 ? child : $"{name}.{child}", inner);
        }
    }
}

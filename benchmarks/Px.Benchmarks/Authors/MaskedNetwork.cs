using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Benchmarks.Authors;

/// <summary>
/// A CIFAR ResNet as the authors of the methods hold it: tensors by PyTorch's names, and a mask that multiplies its weight in every
/// forward pass. <c>benchmarks/python/network.py</c> is the same in Python. Tensors belong to the dispose scope they were made in.
/// </summary>
internal sealed class MaskedNetwork
{
    internal const double Epsilon = 1e-5;
    private const string Mean = ".running_mean";

    private readonly Dictionary<string, Tensor> state;
    private readonly IReadOnlyList<string> blocks;

    private MaskedNetwork(Dictionary<string, Tensor> state, Dictionary<string, Tensor> masks)
    {
        this.state = state;
        Masks = masks;
        blocks = [.. state.Keys.Where(name => name.EndsWith(".conv1.weight", StringComparison.Ordinal)).Select(name => name[..^13])];
    }

    /// <summary>The masks, under the names of their weights.</summary>
    internal Dictionary<string, Tensor> Masks { get; set; }

    /// <summary>The weights that have masks, in the order of the state dict.</summary>
    internal IReadOnlyCollection<string> Layers => Masks.Keys;

    /// <summary>The norm layers that are there.</summary>
    internal IEnumerable<string> Norms =>
        state.Keys.Where(name => name.EndsWith(Mean, StringComparison.Ordinal)).Select(name => name[..^Mean.Length]);

    /// <summary>Every tensor of the state dict, masks included.</summary>
    internal IEnumerable<KeyValuePair<string, Tensor>> State =>
        state.Concat(Masks.Select(mask => KeyValuePair.Create($"{mask.Key}_mask", mask.Value)));

    /// <summary>Whether norm layers use the batch's statistics and update the running ones. Default: true.</summary>
    internal bool Training { get; set; } = true;

    /// <summary>The norm layers' momentum. Default: 0.1.</summary>
    internal double Momentum { get; set; } = 0.1;

    /// <summary>What stands after each norm layer and each addition. Its result is a tensor of its own. Default: ReLU.</summary>
    internal Func<Tensor, Tensor> Activation { get; set; } = Relu;

    /// <summary>Called with the name and the input of each norm layer. Default: none.</summary>
    internal Action<string, Tensor>? BeforeNorm { get; set; }

    internal Tensor this[string name] => state[name];

    /// <summary>A copy of a network's tensors, every weight kept.</summary>
    internal static MaskedNetwork From(Module<Tensor, Tensor> model)
    {
        var trained = model.named_parameters().Select(parameter => parameter.name).ToHashSet();
        var state = model.state_dict().ToDictionary(entry => entry.Key, entry => Copy(entry.Value, trained.Contains(entry.Key)));
        var weights = state.Where(entry => entry.Value.dim() > 1);
        return new(state, weights.ToDictionary(entry => entry.Key, entry => ones_like(entry.Value, requires_grad: false)));
    }

    internal static Tensor Relu(Tensor x) => functional.relu(x);

    /// <summary>A deep copy, as by Python's <c>copy.deepcopy</c>.</summary>
    internal MaskedNetwork Copy() => Like(Copies(state), Copies(Masks));

    /// <summary>The network with other weights in place of its own, as by PyTorch's <c>functional_call</c>; all else is shared.</summary>
    internal MaskedNetwork With(IEnumerable<Tensor> weights)
    {
        var replaced = new Dictionary<string, Tensor>(state);
        foreach (var (name, weight) in Layers.Zip(weights)) replaced[name] = weight;
        return Like(replaced, Masks);
    }

    /// <summary>Its tensors in float64, which replace the present ones.</summary>
    internal void ToDouble()
    {
        foreach (var tensors in new[] { state, Masks })
        {
            foreach (var (name, value) in tensors.Where(entry => entry.Value.is_floating_point()).ToList())
            {
                using var old = value;
                using var detached = old.detach();
                tensors[name] = detached.to(float64).requires_grad_(old.requires_grad);
            }
        }
    }

    /// <summary>Norm layers become identities.</summary>
    internal void RemoveNorms()
    {
        foreach (string norm in Norms.ToList())
        {
            foreach (string name in state.Keys.Where(name => name.StartsWith($"{norm}.", StringComparison.Ordinal)).ToList())
            {
                state[name].Dispose();
                state.Remove(name);
            }
        }
    }

    /// <summary>Forgets the gradients of parameters and masks.</summary>
    internal void ClearGradients()
    {
        foreach (var (_, tensor) in State) tensor.grad = null;
    }

    /// <summary>The weights that have masks.</summary>
    internal List<Tensor> Weights() => [.. Layers.Select(name => state[name])];

    /// <summary>The logits of images.</summary>
    internal Tensor Forward(Tensor images)
    {
        var y = Activated("conv1", "bn1", images, stride: 1);
        foreach (string block in blocks)
        {
            using var input = y;
            y = Block(block, input);
        }

        using var map = y;
        using var pooled = functional.adaptive_avg_pool2d(map, 1);
        using var features = pooled.flatten(1);
        using var weight = Masked("linear.weight");
        return functional.linear(features, weight, state["linear.bias"]);
    }

    private static Dictionary<string, Tensor> Copies(Dictionary<string, Tensor> tensors) =>
        tensors.ToDictionary(entry => entry.Key, entry => Copy(entry.Value, entry.Value.requires_grad));

    private static Tensor Copy(Tensor tensor, bool trained)
    {
        using var detached = tensor.detach();
        return detached.clone().requires_grad_(trained);
    }

    private MaskedNetwork Like(Dictionary<string, Tensor> state, Dictionary<string, Tensor> masks) =>
        new(state, masks) { Training = Training, Momentum = Momentum, Activation = Activation };

    private Tensor Block(string name, Tensor x)
    {
        bool widens = state.ContainsKey($"{name}.shortcut.0.weight");
        using var residual = Residual(name, x, widens ? 2 : 1);
        using var sum = widens ? Sum(residual, Normed($"{name}.shortcut.0", $"{name}.shortcut.1", x, 2)) : residual + x;
        return Activation(sum);
    }

    private Tensor Residual(string name, Tensor x, int stride)
    {
        using var y = Activated($"{name}.conv1", $"{name}.bn1", x, stride);
        return Normed($"{name}.conv2", $"{name}.bn2", y, stride: 1);
    }

    private static Tensor Sum(Tensor residual, Tensor shortcut)
    {
        using var disposed = shortcut;
        return residual + shortcut;
    }

    private Tensor Activated(string convolution, string norm, Tensor x, int stride)
    {
        using var y = Normed(convolution, norm, x, stride);
        return Activation(y);
    }

    private Tensor Normed(string convolution, string norm, Tensor x, int stride)
    {
        using var y = Convolution(convolution, x, stride);
        return Norm(norm, y);
    }

    private Tensor Convolution(string name, Tensor x, int stride)
    {
        using var weight = Masked($"{name}.weight");
        int padding = name.Contains("shortcut", StringComparison.Ordinal) ? 0 : 1;
        return functional.conv2d(x, weight, null, [stride, stride], [padding, padding]);
    }

    private Tensor Norm(string name, Tensor x)
    {
        if (!state.TryGetValue($"{name}.weight", out var scale)) return x.alias();
        BeforeNorm?.Invoke(name, x);
        if (Training) state[$"{name}.num_batches_tracked"].add_(1);
        return functional.batch_norm(
            x, state[name + Mean], state[$"{name}.running_var"], scale, state[$"{name}.bias"], Training, Momentum, Epsilon);
    }

    private Tensor Masked(string name) => state[name] * Masks[name];
}

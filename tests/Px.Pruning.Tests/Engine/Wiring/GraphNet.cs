using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Engine.Wiring;

/// <summary>Layers by name and any code around them.</summary>
internal sealed class GraphNet : Module<Tensor, Tensor>
{
    private readonly Dictionary<string, Module<Tensor, Tensor>> layers;
    private readonly Func<Func<string, Tensor, Tensor>, Tensor, Tensor> code;

    /// <param name="layers">Name and layer.</param>
    /// <param name="code">Receives a function that calls a layer by name, and the input.</param>
    internal GraphNet((string Name, Module<Tensor, Tensor> Layer)[] layers, Func<Func<string, Tensor, Tensor>, Tensor, Tensor> code) : base(nameof(GraphNet))
    {
        this.layers = layers.ToDictionary(layer => layer.Name, layer => layer.Layer);
        this.code = code;
        foreach (var (name, layer) in layers) register_module(name, layer);
    }

    public override Tensor forward(Tensor input) => code((name, x) => layers[name].call(x), input);
}

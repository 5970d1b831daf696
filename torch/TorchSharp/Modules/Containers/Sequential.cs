using System.Runtime.CompilerServices;

using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace TorchSharp.Modules;

/// <summary>Calls its modules one after the other and disposes every result but the last.</summary>
public partial class Sequential : Module<Tensor, Tensor>
{
    private readonly List<(string Name, IModule<Tensor, Tensor> Module)> items = [];

    protected Sequential(params (string name, Module<Tensor, Tensor> submodule)[] modules) : base("torch::nn::SequentialImpl")
    {
        foreach (var (name, module) in modules) append(name, module);
    }

    protected Sequential(params Module<Tensor, Tensor>[] modules) : base("torch::nn::SequentialImpl")
    {
        foreach (var module in modules) append(module);
    }

    internal Sequential(IEnumerable<(string Name, IModule<Tensor, Tensor> Module)> modules) : base("torch::nn::SequentialImpl")
    {
        items.AddRange(modules);
    }

    public int Count => items.Count;

    [IndexerName("SequentialItems")]
    public IModule<Tensor, Tensor> this[int index] => items[index].Module;

    /// <summary>A new Sequential that shares the modules: to dispose it is to dispose them.</summary>
    [IndexerName("SequentialItems")]
    public Sequential this[(int? start, int? end) index] => Slice((index.start ?? 0)..(index.end ?? Count));

    /// <inheritdoc cref="this[ValueTuple{int?, int?}]"/>
    [IndexerName("SequentialItems")]
    public Sequential this[Range index] => Slice(index);

    public Sequential append(IModule<Tensor, Tensor> module) => append(Count.ToString(System.Globalization.CultureInfo.InvariantCulture), module);

    public Sequential append(string name, IModule<Tensor, Tensor> module)
    {
        items.Add((name, module));
        return this;
    }

    public override Tensor forward(Tensor tensor)
    {
        if (items.Count == 0) return tensor.alias();
        var result = items[0].Module.call(tensor);
        for (var i = 1; i < items.Count; i++)
        {
            var next = items[i].Module.call(result);
            result.Dispose();
            result = next;
        }
        return result;
    }

    private Sequential Slice(Range range) => new(items[range]);
}

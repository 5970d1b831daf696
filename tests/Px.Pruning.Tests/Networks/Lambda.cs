using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Networks;

/// <summary>A linear layer, a function, a linear layer: inputs [B, 3], 2 outputs.</summary>
internal sealed class Lambda : Module<Tensor, Tensor>
{
    private readonly Module<Tensor, Tensor> first, second;
    private readonly Func<Tensor, Tensor> function;

    internal Lambda(Func<Tensor, Tensor> function) : base(nameof(Lambda))
    {
        this.function = function;
        first = Linear(3, 5);
        second = Linear(5, 2);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input) => second.call(function(first.call(input)));
}

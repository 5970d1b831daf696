using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Analysis.Ntk;

/// <summary>conv-norm-relu-linear on 3×6×6 inputs, 4 classes; the norm layer as a module or as code.</summary>
internal sealed class NormNet : Module<Tensor, Tensor>
{
    private readonly Conv2d conv;
    private readonly Module<Tensor, Tensor> norm;
    private readonly Linear fc;
    private readonly Func<Tensor, Tensor>? code;

    internal NormNet(Module<Tensor, Tensor> norm, Func<Tensor, Tensor>? code = null) : base(nameof(NormNet))
    {
        (this.norm, this.code) = (norm, code);
        conv = Conv2d(3, 4, 3, padding: 1);
        fc = Linear(144, 4);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        var x = conv.call(input);
        x = code is null ? norm.call(x) : code(x);
        return fc.call(x.relu().flatten(1));
    }
}

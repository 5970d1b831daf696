using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Samples.BringYourOwnModel;

/// <summary>A module as you would write it: two ways through the image that meet again. Nothing in it knows of pruning.</summary>
/// <remarks>Two habits let pruning see all of it: children run through <c>call</c>, and activations are modules.</remarks>
public sealed class BlobNet : Module<Tensor, Tensor>
{
    private readonly Conv2d narrow = Conv2d(1, 16, kernel_size: 3, padding: 1);
    private readonly Conv2d wide = Conv2d(1, 16, kernel_size: 5, padding: 2);
    private readonly ReLU meet = ReLU();
    private readonly MaxPool2d pool = MaxPool2d(4);
    private readonly Linear hidden = Linear(16 * 4 * 4, 64);
    private readonly ReLU relu = ReLU();
    private readonly Linear classes = Linear(64, 4);

    public BlobNet()
        : base(nameof(BlobNet)) => RegisterComponents();

    public override Tensor forward(Tensor input)
    {
        using var activations = NewDisposeScope();
        var both = meet.call(narrow.call(input) + wide.call(input));
        return classes.call(relu.call(hidden.call(pool.call(both).flatten(1)))).MoveToOuterDisposeScope();
    }
}

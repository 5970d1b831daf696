using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.GpuCheck;

/// <summary>A small network of what usual ones are made of, all of it modules: convolutions, norms with and without parameters, max-pooling, a shortcut.</summary>
internal sealed class UsualNet : Module<Tensor, Tensor>
{
    private readonly Sequential stem = Sequential(Conv2d(3, 8, 3, padding: 1), BatchNorm2d(8), ReLU(), MaxPool2d(2));
    private readonly Sequential branch = Sequential(
        Conv2d(8, 8, 3, padding: 1, bias: false), InstanceNorm2d(8), ReLU(), Conv2d(8, 8, 3, padding: 1, bias: false), GroupNorm(2, 8, affine: false));
    private readonly Sequential head = Sequential(ReLU(), AdaptiveAvgPool2d(2), Flatten(), Linear(32, Data.Classes));

    public UsualNet() : base(nameof(UsualNet)) => RegisterComponents();

    public override Tensor forward(Tensor input)
    {
        var stemmed = stem.call(input);
        return head.call(branch.call(stemmed) + stemmed);
    }
}

/// <summary>A small network of what is rarer: grouped and transposed convolutions, a ReLU called as a function, GELU, a gate, a parameter of its own.</summary>
internal sealed class OddNet : Module<Tensor, Tensor>
{
    private readonly Conv2d first = Conv2d(3, 8, 3, stride: 2, padding: 1);
    private readonly Conv2d grouped = Conv2d(8, 8, 3, padding: 1, groups: 4);
    private readonly ConvTranspose2d up = ConvTranspose2d(8, 4, 2, stride: 2);
    private readonly GELU gelu = GELU();
    private readonly Sequential gate = Sequential(AdaptiveAvgPool2d(1), Conv2d(4, 4, 1), Sigmoid());
    private readonly Parameter scale = new(ones(4, 1, 1) * 0.5);
    private readonly Sequential head = Sequential(AdaptiveAvgPool2d(2), Flatten(), Linear(16, Data.Classes));

    public OddNet() : base(nameof(OddNet)) => RegisterComponents();

    public override Tensor forward(Tensor input)
    {
        var x = grouped.call(functional.relu(first.call(input)));
        var y = up.call(gelu.call(x)) * scale;
        return head.call(y * gate.call(y));
    }
}

/// <summary>Networks and images that are the same numbers on every device.</summary>
internal static class Data
{
    internal const int Classes = 10, Side = 16;

    /// <summary>A network in float64, of the same weights each time.</summary>
    internal static Module<Tensor, Tensor> New(Func<Module<Tensor, Tensor>> create, Device device)
    {
        manual_seed(1);
        return create().to(float64).to(device);
    }

    /// <summary>Two images a class, on the CPU. In the current dispose scope.</summary>
    internal static (Tensor Images, Tensor Labels) Images(ScalarType type, int count = 2 * Classes, int side = Side)
    {
        using var generator = new Generator(2);
        return (randn([count, 3, side, side], type, generator: generator), arange(count, int64).remainder(Classes));
    }
}

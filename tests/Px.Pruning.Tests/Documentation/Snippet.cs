using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Documentation;

/// <summary>A snippet of README.md or docs/*.md as the build has compiled it (<c>eng/Snippets.targets</c>), and what it may take for
/// granted.</summary>
internal abstract class Snippet : IDisposable
{
    protected Module<Tensor, Tensor> model = Classifier();

    protected DataLoader loader = new(new Images(), batchSize: 20, shuffle: false, device: CPU);

    protected CancellationToken cancellationToken => default;

    /// <summary>Two inputs, an image and a table, and several outputs, of which one is scored.</summary>
    protected TwoHeads net = new();

    public abstract Task Run();

    public void Dispose()
    {
        model.Dispose();
        loader.Dispose();
        net.Dispose();
    }

    /// <summary>3×32×32 images, ten classes.</summary>
    private static Sequential Classifier() => Sequential(
        ("conv1", Conv2d(3, 8, 3, padding: 1)), ("bn1", BatchNorm2d(8)), ("relu1", ReLU()), ("pool1", MaxPool2d(4)),
        ("conv2", Conv2d(8, 16, 3, padding: 1)), ("bn2", BatchNorm2d(16)), ("relu2", ReLU()), ("pool2", AdaptiveAvgPool2d(1)),
        ("flatten", Flatten()), ("fc", Linear(16, 10)));

    private sealed class Images : torch.utils.data.Dataset
    {
        private readonly Tensor images = Networks.Samples.Normal(40, [3, 32, 32]).Input;

        public override long Count => 40;

        public override Dictionary<string, Tensor> GetTensor(long index) => new()
        {
            ["data"] = images[index].clone(), ["label"] = tensor(index % 10),
            ["image"] = images[index].clone(), ["table"] = images[index, 0, 0, ..10].clone(),
        };
    }
}

internal sealed class TwoHeads : Module<Tensor, Tensor, (Tensor Logits, Tensor Auxiliary)>
{
    private readonly Linear pixels = Linear(3 * 32 * 32, 16), table = Linear(10, 16), logits = Linear(16, 10), auxiliary = Linear(16, 2);
    private readonly ReLU relu = ReLU();

    internal TwoHeads() : base(nameof(TwoHeads)) => RegisterComponents();

    public override (Tensor Logits, Tensor Auxiliary) forward(Tensor image, Tensor row)
    {
        var features = relu.call(pixels.call(image.flatten(1)) + table.call(row));
        return (logits.call(features), auxiliary.call(features));
    }
}

/// <summary>Where a snippet stands, and whether it can run.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class SnippetAttribute(string page, int line, bool runs) : Attribute
{
    public string Page => page;

    public int Line => line;

    public bool Runs => runs;
}

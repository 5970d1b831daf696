using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Documentation;

/// <summary>A snippet of README.md or docs/*.md as the build has compiled it (<c>eng/Snippets.targets</c>).</summary>
internal abstract class Snippet
{
    public abstract Task Run();
}

/// <summary>A snippet of a page that does not say what its snippets take for granted: this.</summary>
internal abstract class NetworkSnippet : Snippet, IDisposable
{
    protected Module<Tensor, Tensor> model = Classifier();

    protected DataLoader loader = new(new Images(), batchSize: 20, shuffle: false, device: CPU);

    protected CancellationToken cancellationToken => default;

    public void Dispose()
    {
        model.Dispose();
        loader.Dispose();
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
        };
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

using Px.Benchmarks.Authors;
using Px.Pruning;
using Px.Pruning.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Benchmarks.Check;

/// <summary>A ResNet-20 in float64 with norm layers that are not neutral, eight images, and a mask that keeps two weights of three.</summary>
internal sealed class CheckProblem : IDisposable
{
    private const int Images = 8;

    /// <param name="shifts">Whether the network adds anything: biases, norm shifts and running means.</param>
    internal CheckProblem(bool shifts)
    {
        using var generator = new Generator(7);
        using var noGrad = no_grad();
        Model = CifarResNet.Create(new CifarResNetOptions { Seed = 7 });
        foreach (var (name, tensor) in Model.state_dict())
        {
            if (tensor.dim() != 1) continue;
            bool isScale = name.EndsWith(".weight", StringComparison.Ordinal) || name.EndsWith("running_var", StringComparison.Ordinal);
            tensor.uniform_(isScale ? 0.5 : -0.2, isScale ? 1.5 : 0.2, generator);
            if (!isScale && !shifts) tensor.zero_();
        }

        Model.to(float64);
        Input = randn([Images, 3, 32, 32], float64, generator: generator);
        Target = arange(Images, int64).remainder(10);
        Authors = MaskedNetwork.From(Model);
        foreach (var mask in Authors.Masks.Values) mask.bernoulli_(2.0 / 3, generator);
        Mask = new PruningMask(Authors.Masks.Select(mask => KeyValuePair.Create(mask.Key, mask.Value.to(@bool))));
    }

    /// <summary>The library's network.</summary>
    internal CifarResNet Model { get; }

    /// <summary>The same network as its authors' code has it, masked.</summary>
    internal MaskedNetwork Authors { get; }

    /// <summary>The library's mask.</summary>
    internal PruningMask Mask { get; }

    internal Tensor Input { get; }

    internal Tensor Target { get; }

    public void Dispose()
    {
        Model.Dispose();
        Mask.Dispose();
        Input.Dispose();
        Target.Dispose();
    }
}

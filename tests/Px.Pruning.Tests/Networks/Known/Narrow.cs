using System.Reflection;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Networks.Known;

/// <summary>Networks of packages with a fraction of their channels, so that their code runs as it is, and soon.</summary>
internal static class Narrow
{
    /// <summary>
    /// Divides the channels of every convolution, batch norm and linear layer, except the three of the input; 1000 classes become four. To be
    /// called on a new network whose convolutions are grouped by single channels or not at all. It gets new weights.
    /// </summary>
    internal static T By<T>(long factor, T model) where T : Module<Tensor, Tensor>
    {
        long Channels(long count) => count switch { 3 => 3, 1000 => KnownNetworks.Classes, _ => count / factor };
        using var noGrad = no_grad();
        foreach (var module in model.modules())
        {
            switch (module)
            {
                case torchvision.SqueezeExcitation:
                    var field = module.GetType().GetField("input_channels", BindingFlags.Instance | BindingFlags.NonPublic)!;
                    field.SetValue(module, Channels((long)field.GetValue(module)!));
                    break;
                case Conv2d layer:
                    var (outputs, inputs) = (Channels(layer.out_channels), Channels(layer.in_channels));
                    long[] shape = [outputs, layer.groups == 1 ? inputs : 1, .. layer.weight.shape[2..]];
                    Set(layer, nameof(layer.in_channels), inputs);
                    Set(layer, nameof(layer.out_channels), outputs);
                    if (layer.groups > 1) layer.groups = inputs;
                    layer.weight = Parameter(randn(shape) * Math.Sqrt(2.0 / shape[1..].Aggregate(1L, (a, b) => a * b)));
                    if (layer.bias is not null) layer.bias = Parameter(zeros(outputs));
                    break;
                case BatchNorm2d norm:
                    long channels = Channels(norm.num_features);
                    (norm.weight, norm.bias) = (Parameter(ones(channels)), Parameter(zeros(channels)));
                    (norm.running_mean, norm.running_var) = (zeros(channels), ones(channels));
                    break;
                case Linear layer:
                    var (features, units) = (Channels(layer.weight.size(1)), Channels(layer.weight.size(0)));
                    layer.weight = Parameter(randn(units, features) * Math.Sqrt(2.0 / features));
                    layer.bias = Parameter(zeros(units));
                    break;
            }
        }

        return model;
    }

    private static void Set(Convolution layer, string property, long value) =>
        typeof(Convolution).GetField($"<{property}>k__BackingField", BindingFlags.Instance | BindingFlags.NonPublic)!.SetValue(layer, value);
}

using System.Diagnostics;
using Px.Pruning.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Benchmarks.Floor;

/// <summary>Passes of the network alone: the arithmetic that no method can do without.</summary>
internal static class BarePasses
{
    internal const string Command = "pass";

    /// <summary>In evaluation mode, without gradients, in either memory layout.</summary>
    internal const string Forward = "forward", ForwardChannelsLast = "forward-channels-last";

    /// <summary>Forward and backward in training mode.</summary>
    internal const string Step = "forward-backward";

    /// <summary>The seconds of one pass. The model keeps no gradients.</summary>
    internal static double Seconds(string name, CifarResNet model, Tensor input, Tensor target)
    {
        using var temporaries = NewDisposeScope();
        model.train(name == Step);
        model.zero_grad();
        var batch = name == ForwardChannelsLast ? input.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2) : input;
        var watch = Stopwatch.StartNew();
        if (name == Step)
        {
            Differentiate(model, batch, target);
        }
        else
        {
            using var noGrad = no_grad();
            model.call(batch).Dispose();
        }

        double seconds = watch.Elapsed.TotalSeconds;
        model.train();
        model.zero_grad();
        return seconds;
    }

    private static void Differentiate(CifarResNet model, Tensor batch, Tensor target)
    {
        using var output = model.call(batch);
        using var loss = nn.functional.cross_entropy(output, target);
        loss.backward();
    }
}

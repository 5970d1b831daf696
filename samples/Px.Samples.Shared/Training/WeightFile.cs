using Px.Pruning.Models.StateDicts;
using static TorchSharp.torch;

namespace Px.Samples.Training;

/// <summary>Pretrained weights that the user names.</summary>
public static class WeightFile
{
    /// <summary>Loads a <c>.safetensors</c>, <c>.pth</c> or <c>.pt</c> file into a network.</summary>
    /// <param name="network">The network.</param>
    /// <param name="path">The file.</param>
    /// <param name="newClassifier">Whether tensors of other shapes, such as a classifier for other classes, are passed over.</param>
    /// <exception cref="SampleException">The file does not fit; the message lists every difference.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    public static void Load(nn.Module network, string path, bool newClassifier) => Load(network, path, new StateDictOptions { AllowConflicting = newClassifier });

    /// <summary>Loads a classifier's file into a backbone that is the same network without its classifier.</summary>
    /// <inheritdoc cref="Load(nn.Module, string, bool)"/>
    public static void LoadBackbone(nn.Module backbone, string path) => Load(backbone, path, new StateDictOptions { AllowUnexpected = true });

    private static void Load(nn.Module network, string path, StateDictOptions options)
    {
        try
        {
            network.LoadWeights(path, options);
        }
        catch (StateDictMismatchException e)
        {
            throw new SampleException($"--weights '{path}' does not fit the network. {e.Message}", e);
        }
    }
}

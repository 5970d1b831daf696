using Px.Pruning.Models;
using Px.Pruning.Models.StateDicts;

namespace Px.Runner.Training;

/// <summary>Pretrained weights that the user names.</summary>
public static class WeightFile
{
    /// <summary>The pre-trainings by the names that command lines use.</summary>
    public static IReadOnlyDictionary<string, Pretraining> Pretrainings { get; } = new Dictionary<string, Pretraining>
    {
        ["imagenet"] = Pretraining.ImageNet, ["moco"] = Pretraining.MoCoV2, ["clip"] = Pretraining.Clip,
    };

    /// <summary>Gets a network from a file.</summary>
    /// <param name="path">The file, as the user named it.</param>
    /// <param name="load">Reads it.</param>
    /// <exception cref="ProgramException">The file does not fit; the message lists every difference.</exception>
    public static T Load<T>(string path, Func<T> load)
    {
        try
        {
            return load();
        }
        catch (StateDictMismatchException e)
        {
            throw new ProgramException($"--weights '{path}' does not fit the network. {e.Message}", e);
        }
    }
}

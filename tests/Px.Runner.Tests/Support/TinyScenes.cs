using Px.Pruning.Models.StateDicts;
using static TorchSharp.torch;

namespace Px.Runner.Tests.Support;

/// <summary>A file such as that of CamVid: sky above, road below, nothing known about the topmost row.</summary>
internal static class TinyScenes
{
    public const int Height = 48, Width = 64, Void = 11;

    public static void Write(string path)
    {
        using var temporaries = NewDisposeScope();
        var tensors = new Dictionary<string, Tensor>();
        foreach (var (split, count) in (IEnumerable<(string, int)>)[("train", 8), ("test", 4)])
        {
            var images = zeros([count, 3, Height, Width], ScalarType.Byte);
            images.narrow(2, 0, Height / 2).fill_(200);
            images.narrow(1, 2, 1).narrow(2, 0, Height / 2).fill_(255);
            var labels = full([count, Height, Width], 3, ScalarType.Byte);
            labels.narrow(1, 0, Height / 2).fill_(0);
            labels.narrow(1, 0, 1).fill_(Void);
            tensors.Add($"{split}_images", images);
            tensors.Add($"{split}_labels", labels);
        }

        SafetensorsFile.Save(path, tensors);
    }
}

using System.Reflection;
using Px.Pruning.Models.StateDicts;
using static TorchSharp.torch;

namespace Px.GpuCheck;

/// <summary>The samples, each as its user runs it, at a small size and on images that are made here.</summary>
internal static class SampleCheck
{
    private const int Train = 160, Test = 40;
    private const string Images = "IMAGES", Scenes = "SCENES";

    internal static IReadOnlyList<Check> All { get; } =
    [
        Of("ResNet", "--dataset", "fashion-mnist", "--data", Images, "--depth", "8", "--epochs", "1", "--batch", "16", "--max-rounds", "2",
            "--methods", "px,snip,grasp,synflow,imp,random"),
        Of("Vgg", "--dataset", "synthetic", "--width", "4", "--train-samples", "200", "--test-samples", "100", "--batch", "50", "--epochs", "1", "--max-rounds", "2"),
        Of("DeepLab", "--data", Scenes, "--width", "8", "--head", "16", "--batch", "4", "--epochs", "1", "--max-rounds", "2", "--pruning-images", "8", "--overlays", "1"),
        Of("BringYourOwnModel", "--steps", "20"),
        Of("BringYourOwnModel", "--steps", "20", "--two-inputs") with { Name = "sample-TwoInputs" },
        // It prints times and writes nothing.
        Of("Faster", "--width", "16", "--side", "32", "--batch", "2"),
        Of("Px.Experiments", "run", "--models", "resnet8", "--datasets", "synthetic", "--methods", "dense,px", "--sparsity", "0.9", "--rounds", "2", "--epochs", "1",
            "--train-samples", "200", "--test-samples", "100", "--batch", "50", "--spectrum-samples", "1"),
        Of("Px.Demo", "--quick", "--data", Images, "--train-samples", $"{Train}", "--test-samples", $"{Test}", "--batch", "16"),
    ];

    private static Check Of(string sample, params string[] arguments) => new($"sample-{sample}", context => Run(sample, arguments, context));

    private static string Run(string sample, string[] arguments, CheckContext context)
    {
        var output = Directory.CreateDirectory(Path.Combine(context.Folder, $"{sample}-{Guid.NewGuid():N}")).FullName;
        string Given(string argument) => argument switch
        {
            Images => MakeImages(output),
            Scenes => MakeScenes(output),
            _ => argument,
        };
        string[] given = [.. arguments.Select(Given), "--device", context.DeviceName, .. sample == "Faster" ? Array.Empty<string>() : ["--output", Path.Combine(output, "output")]];
        Console.WriteLine($"{sample} {string.Join(' ', given)}");
        var exitCode = (int)Assembly.Load(sample).EntryPoint!.Invoke(null, BindingFlags.DoNotWrapExceptions, null, [given], null)!;
        return exitCode == 0 ? "done" : throw new CheckFailedException($"It ended with exit code {exitCode}.");
    }

    private static string MakeImages(string folder)
    {
        TinyImages.Write(folder, Train, Test);
        return folder;
    }

    // Labels are patches as bright as their class, with a void row above.
    private static string MakeScenes(string folder)
    {
        const int height = 48, width = 64, classes = 11;
        using var scope = NewDisposeScope();
        var tensors = new Dictionary<string, Tensor>();
        foreach (var (split, count) in (IEnumerable<(string, int)>)[("train", 8), ("test", 4)])
        {
            var labels = arange(width, int64).div(8, RoundingMode.floor).add(arange(count, int64).reshape(-1, 1, 1)).remainder(classes).expand(count, height, width).clone();
            tensors.Add($"{split}_images", labels.mul(20).unsqueeze(1).expand(count, 3, height, width).to(uint8).contiguous());
            labels.narrow(1, 0, 1).fill_(classes);
            tensors.Add($"{split}_labels", labels.to(uint8).contiguous());
        }

        var path = Path.Combine(folder, "scenes.safetensors");
        SafetensorsFile.Save(path, tensors);
        return path;
    }
}

using Px.Pruning;
using Px.Pruning.Models.Data;
using Px.Pruning.Models.StateDicts;
using static TorchSharp.torch;

namespace Px.Fuzz;

/// <summary>Every reader of files, by name.</summary>
internal static class FuzzTargets
{
    // Of Deflate.
    private const int MaximumCompression = 1032;

    private static readonly string folder = MakeFolder();

    // Files of pruned networks are read into it.
    private static readonly nn.Module network = FuzzSeeds.MakeNetwork();

    public static IReadOnlyDictionary<string, FuzzTarget> All { get; } = new Dictionary<string, FuzzTarget>
    {
        ["checkpoint-zip"] = new(FuzzSeeds.ZippedCheckpoints, ReadCheckpoint),
        ["checkpoint-legacy"] = new(FuzzSeeds.LegacyCheckpoints, ReadCheckpoint),
        ["safetensors"] = new(FuzzSeeds.Safetensors, file => Take(SafetensorsFile.Load(new MemoryStream(file)))),
        ["mask"] = new(FuzzSeeds.Masks, ReadMask) { Expansion = 16 },
        ["pruned"] = new(FuzzSeeds.PrunedNetworks, ReadPruned) { Expansion = 16, AlsoThrows = typeof(ArgumentException) },
        ["idx-images"] = new(FuzzSeeds.IdxImages, file => ReadIdx(file, FuzzSeeds.Labels)) { Expansion = MaximumCompression },
        ["idx-labels"] = new(FuzzSeeds.IdxLabels, file => ReadIdx(FuzzSeeds.Images, file)) { Expansion = MaximumCompression },
        ["cifar10"] = new(FuzzSeeds.Cifar10, file => ReadCifar("test_batch.bin", file, () => Cifar10.Load(folder, DatasetSplit.Test))) { Expansion = 4 },
        ["cifar100"] = new(FuzzSeeds.Cifar100, file => ReadCifar("test.bin", file, () => Cifar100.Load(folder, DatasetSplit.Test))) { Expansion = 4 },
    };

    // Strictly and leniently: a file that is refused for an unknown class shows little of the reader.
    private static long ReadCheckpoint(byte[] file) =>
        Take(CheckpointFile.Load(new MemoryStream(file), new CheckpointOptions { AllowUnknownObjects = file.Length % 2 == 0 }));

    private static long Take(StateDict read)
    {
        using (read)
            return read.Values.Sum(tensor => tensor.numel() * tensor.ElementSize);
    }

    private static long ReadMask(byte[] file)
    {
        using var mask = PruningMask.Load(new MemoryStream(file));
        return mask.Total;
    }

    private static long ReadPruned(byte[] file)
    {
        using var mask = PrunedFile.Load(new MemoryStream(file), network);
        return mask.Total;
    }

    private static long ReadIdx(byte[] images, byte[] labels)
    {
        Mnist.FromFiles(Write("images", images), Write("labels", labels));
        return 0;
    }

    private static long ReadCifar(string name, byte[] file, Func<ImageDataset> load)
    {
        Write(name, file);
        load();
        return 0;
    }

    private static string MakeFolder()
    {
        var made = Directory.CreateTempSubdirectory("px-fuzz-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(made, recursive: true);
        return made;
    }

    private static string Write(string name, byte[] content)
    {
        var path = Path.Combine(folder, name);
        File.WriteAllBytes(path, content);
        return path;
    }
}

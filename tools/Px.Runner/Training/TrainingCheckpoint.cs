using System.Globalization;
using Px.Pruning;
using Px.Pruning.Models.StateDicts;
using Px.Runner.Files;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Runner.Training;

/// <summary>All that a training needs to go on after an epoch, as one safetensors file: network, optimizer, mask, progress. Owns its tensors.</summary>
/// <remarks>
/// The file is replaced only once the new one is complete: a run may be killed at any moment. It carries a checksum of all that it holds, which is
/// verified where it is present.
/// </remarks>
public sealed class TrainingCheckpoint : IDisposable
{
    private const string NetworkPrefix = "network/", OptimizerPrefix = "optimizer/", MaskPrefix = "mask/";
    private const string Epochs = "completed epochs", Seed = "seed", Best = "best measure", Elapsed = "elapsed", Checksum = "checksum";

    private readonly StateDict tensors;

    private TrainingCheckpoint(StateDict tensors, TrainingProgress progress) => (this.tensors, Progress) = (tensors, progress);

    /// <summary>How far the training was.</summary>
    public TrainingProgress Progress { get; }

    /// <summary>Writes a checkpoint.</summary>
    /// <param name="path">The file; one of that name is replaced.</param>
    /// <param name="progress">How far the training is.</param>
    /// <param name="network">The network, on any device.</param>
    /// <param name="optimizer">Its optimizer, SGD or Adam.</param>
    /// <param name="mask">What is pruned; null for nothing.</param>
    public static void Save(string path, TrainingProgress progress, nn.Module network, OptimizerHelper optimizer, PruningMask? mask)
    {
        using var temporaries = NewDisposeScope();
        var all = network.state_dict().Select(pair => (Name: NetworkPrefix + pair.Key, Tensor: pair.Value))
            .Concat(OptimizerMemory.Save(optimizer).Select(pair => (Name: OptimizerPrefix + pair.Key, Tensor: pair.Value)))
            .Concat((mask?.Names ?? []).Select(name => (Name: MaskPrefix + name, Tensor: mask![name])))
            .ToDictionary(entry => entry.Name, entry => entry.Tensor);
        var metadata = new Dictionary<string, string>
        {
            [Epochs] = progress.CompletedEpochs.ToString(CultureInfo.InvariantCulture),
            [Seed] = progress.Seed.ToString(CultureInfo.InvariantCulture),
            [Elapsed] = progress.Elapsed.ToString("c", CultureInfo.InvariantCulture),
        };
        if (progress.Best is { } best)
            metadata[Best] = best.ToString("R", CultureInfo.InvariantCulture);
        metadata[Checksum] = TensorChecksum.Of(all, metadata);
        SafetensorsFile.Save(path, all, metadata);
    }

    /// <summary>Reads a checkpoint; null where there is no such file. The caller disposes it.</summary>
    /// <exception cref="InvalidDataException">The file is damaged, or no checkpoint.</exception>
    public static TrainingCheckpoint? TryLoad(string path)
    {
        if (!File.Exists(path))
            return null;
        StateDict? tensors = null;
        try
        {
            tensors = SafetensorsFile.Load(path);
            Verify(tensors);
            return new TrainingCheckpoint(tensors, new TrainingProgress
            {
                CompletedEpochs = int.Parse(tensors.Metadata[Epochs], CultureInfo.InvariantCulture),
                Seed = long.Parse(tensors.Metadata[Seed], CultureInfo.InvariantCulture),
                Best = tensors.Metadata.TryGetValue(Best, out var best) ? double.Parse(best, CultureInfo.InvariantCulture) : null,
                Elapsed = TimeSpan.ParseExact(tensors.Metadata[Elapsed], "c", CultureInfo.InvariantCulture),
            });
        }
        catch (Exception e) when (e is KeyNotFoundException or FormatException or OverflowException)
        {
            tensors?.Dispose();
            throw new InvalidDataException($"'{path}' is not a checkpoint of a training: it does not say how far that was. Delete it to begin anew.", e);
        }
        catch (InvalidDataException e)
        {
            tensors?.Dispose();
            throw new InvalidDataException($"'{path}' is damaged: {e.Message.Replace($"'{path}': ", "", StringComparison.Ordinal)} Delete it to begin anew.", e);
        }
    }

    /// <summary>Whether the training was one of this mask; null for a dense network.</summary>
    public bool IsOf(PruningMask? mask)
    {
        var masks = Part(MaskPrefix);
        return masks.Count == (mask?.Names.Count ?? 0) && masks.All(pair => mask!.Contains(pair.Key) && IsSame(pair.Value, mask[pair.Key]));

        static bool IsSame(Tensor a, Tensor b) => a.dtype == b.dtype && a.shape.SequenceEqual(b.shape) && a.bytes.SequenceEqual(b.bytes);
    }

    /// <summary>The mask, a copy that the caller disposes; null for a dense network.</summary>
    public PruningMask? Mask() => Part(MaskPrefix) is { Count: > 0 } masks ? new PruningMask(masks) : null;

    /// <summary>Puts network and optimizer into the checkpoint's state.</summary>
    /// <param name="network">A network of the same architecture.</param>
    /// <param name="optimizer">A new optimizer of its parameters, of the kind that was saved.</param>
    /// <exception cref="StateDictMismatchException">The network is another one.</exception>
    /// <exception cref="InvalidDataException">The optimizer is another one.</exception>
    public void Restore(nn.Module network, OptimizerHelper optimizer)
    {
        network.LoadStateDict(Part(NetworkPrefix));
        OptimizerMemory.Load(optimizer, Part(OptimizerPrefix));
    }

    public void Dispose() => tensors.Dispose();

    private static void Verify(StateDict tensors)
    {
        var metadata = tensors.Metadata.ToDictionary();
        if (metadata.Remove(Checksum, out var written) && written != TensorChecksum.Of(tensors, metadata))
            throw new InvalidDataException("what it holds is not what was written, by its checksum.");
    }

    private Dictionary<string, Tensor> Part(string prefix) =>
        tensors.Where(pair => pair.Key.StartsWith(prefix, StringComparison.Ordinal)).ToDictionary(pair => pair.Key[prefix.Length..], pair => pair.Value);
}

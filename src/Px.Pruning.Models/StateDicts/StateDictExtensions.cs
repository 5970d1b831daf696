using Px.Pruning.Models.StateDicts.Checkpoints;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Models.StateDicts;

/// <summary>Moves named tensors into and out of modules: all that fits, or nothing.</summary>
public static class StateDictExtensions
{
    /// <summary>Loads a <c>.safetensors</c> file into the module.</summary>
    /// <param name="module">The module. Its tensors are written in place and keep their type and device; gradients and modes stay.</param>
    /// <param name="path">The file.</param>
    /// <param name="options">What to put up with; null for nothing.</param>
    /// <returns>What was put up with.</returns>
    /// <exception cref="StateDictMismatchException">File and module disagree; nothing was loaded.</exception>
    /// <exception cref="InvalidDataException">The file is no valid safetensors file.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static StateDictMismatch LoadSafetensors(this nn.Module module, string path, StateDictOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(module);
        using var tensors = SafetensorsFile.Load(path);
        return module.LoadStateDict(tensors, options);
    }

    /// <summary>Saves the module's parameters and buffers as a <c>.safetensors</c> file that Python's library opens.</summary>
    /// <param name="module">The module, on any device.</param>
    /// <param name="path">The file; one of that name is replaced.</param>
    /// <param name="metadata">Free text by name; null for <c>format: pt</c>, which tells Python's tools that names and layouts are
    /// PyTorch's.</param>
    /// <exception cref="ArgumentException">A tensor's type has no place in such files.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void SaveSafetensors(this nn.Module module, string path, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(module);
        SafetensorsFile.Save(path, module.state_dict(), metadata ?? new Dictionary<string, string> { ["format"] = "pt" });
    }

    /// <summary>Loads a PyTorch checkpoint, <c>.pth</c> or <c>.pt</c>, into the module.</summary>
    /// <param name="module">The module. Its tensors are written in place and keep their type and device; gradients and modes stay.</param>
    /// <param name="path">The file.</param>
    /// <param name="options">What to put up with; null for nothing.</param>
    /// <param name="checkpoint">Which of the file's tensors; null for the defaults.</param>
    /// <returns>What was put up with.</returns>
    /// <exception cref="StateDictMismatchException">File and module disagree; nothing was loaded.</exception>
    /// <exception cref="ArgumentException">An option lies outside its range.</exception>
    /// <exception cref="InvalidDataException">As from <see cref="CheckpointFile.Load(string, CheckpointOptions?)"/>.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static StateDictMismatch LoadCheckpoint(this nn.Module module, string path, StateDictOptions? options = null,
        CheckpointOptions? checkpoint = null)
    {
        ArgumentNullException.ThrowIfNull(module);
        using var tensors = CheckpointFile.Load(path, checkpoint);
        return module.LoadStateDict(tensors, options);
    }

    /// <summary>Saves the module's parameters and buffers as a checkpoint that <c>torch.load</c> opens.</summary>
    /// <param name="module">The module, on any device.</param>
    /// <param name="path">The file; one of that name is replaced.</param>
    /// <exception cref="ArgumentException">A tensor's type has no place in such files.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void SaveCheckpoint(this nn.Module module, string path)
    {
        ArgumentNullException.ThrowIfNull(module);
        CheckpointFile.Save(path, module.state_dict());
    }

    /// <summary>Loads weights of either format into the module: its content tells a PyTorch checkpoint from a <c>.safetensors</c> file,
    /// whatever its name.</summary>
    /// <param name="module">The module. Its tensors are written in place and keep their type and device; gradients and modes stay.</param>
    /// <param name="path">The file.</param>
    /// <param name="options">What to put up with; null for nothing.</param>
    /// <param name="checkpoint">Which of the file's tensors; null for the defaults. Of a safetensors file only
    /// <see cref="CheckpointOptions.Prefix"/> matters.</param>
    /// <returns>What was put up with.</returns>
    /// <exception cref="StateDictMismatchException">File and module disagree; nothing was loaded.</exception>
    /// <exception cref="ArgumentException">An option lies outside its range.</exception>
    /// <exception cref="InvalidDataException">The file is neither, or damaged, or refused as
    /// <see cref="CheckpointFile.Load(string, CheckpointOptions?)"/> describes.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static StateDictMismatch LoadWeights(this nn.Module module, string path, StateDictOptions? options = null,
        CheckpointOptions? checkpoint = null)
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (CheckpointReader.Recognizes(path))
            return module.LoadCheckpoint(path, options, checkpoint);
        using var tensors = SafetensorsFile.Load(path);
        return module.LoadStateDict(KeyPrefix.Remove(tensors, checkpoint?.Prefix), options);
    }

    /// <summary>Copies tensors into the module's parameters and buffers of the same names, converting to their types and devices.</summary>
    /// <remarks>Unlike <c>load_state_dict</c> this never broadcasts, checks everything before it writes anything, and reports every
    /// disagreement at once.</remarks>
    /// <param name="module">The module. Its tensors are written in place; gradients and modes stay.</param>
    /// <param name="tensors">Tensors by name. They are not changed.</param>
    /// <param name="options">What to put up with; null for nothing.</param>
    /// <returns>What was put up with; <see cref="StateDictMismatch.IsEmpty"/> where all fitted.</returns>
    /// <exception cref="StateDictMismatchException">Tensors and module disagree; nothing was loaded.</exception>
    public static StateDictMismatch LoadStateDict(this nn.Module module, IReadOnlyDictionary<string, Tensor> tensors,
        StateDictOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentNullException.ThrowIfNull(tensors);
        var targets = module.state_dict();
        var mismatch = Compare(module, targets, tensors);
        if (!(options ?? new StateDictOptions()).Allow(mismatch))
            throw new StateDictMismatchException(mismatch);

        using var untracked = no_grad();
        foreach (var (name, target) in targets)
        {
            if (tensors.TryGetValue(name, out var source) && Conflict(name, target, source) is null)
                target.copy_(source);
        }

        return mismatch;
    }

    private static StateDictMismatch Compare(nn.Module module, Dictionary<string, Tensor> targets, IReadOnlyDictionary<string,
        Tensor> tensors)
    {
        var missing = targets.Keys.Where(name => !tensors.ContainsKey(name)).ToHashSet();
        if (missing.Count > 0)
            missing.ExceptWith(StepCounters(module));
        return new StateDictMismatch
        {
            Missing = [.. missing],
            Unexpected = [.. tensors.Keys.Where(name => !targets.ContainsKey(name))],
            Conflicting = [.. targets.Select(pair =>
            tensors.TryGetValue(pair.Key, out var source) ? Conflict(pair.Key, pair.Value, source) : null).OfType<StateDictConflict>()],
        };
    }

    private static StateDictConflict? Conflict(string name, Tensor target, Tensor source)
    {
        var (expected, found) = (target.shape, source.shape);
        return expected.AsSpan().SequenceEqual(found) && target.is_complex() == source.is_complex()
            ? null
            : new StateDictConflict { Name = name, ModuleShape = expected, TensorShape = found, ModuleType = target.dtype,
            TensorType = source.dtype };
    }

    // Batch norm counts its steps since PyTorch 0.4.1; older files lack the counters, and PyTorch itself forgives that.
    private static IEnumerable<string> StepCounters(nn.Module module) =>
        module.named_modules().Prepend((name: "", module)).Where(pair => pair.module is NormBase)
            .Select(pair => pair.name.Length == 0 ? "num_batches_tracked" : $"{pair.name}.num_batches_tracked");
}

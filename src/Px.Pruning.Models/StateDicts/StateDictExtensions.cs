using Px.Pruning.Models.StateDicts.Checkpoints;
using static TorchSharp.torch;

namespace Px.Pruning.Models.StateDicts;

/// <summary>Loads named tensors into modules and saves them: all that fits, or nothing.</summary>
/// <remarks>
/// <para><b>Tied tensors:</b> where a module has one tensor under several names, any of them is enough. Where several are given, their
/// values must agree.</para>
/// <para><b>Wrappers:</b> the names that DataParallel, DistributedDataParallel, AveragedModel, <c>torch.compile</c>, FSDP and activation
/// checkpointing put before and between a module's own are taken off when a file is loaded, unless
/// <see cref="CheckpointOptions.Prefix"/> is given.</para>
/// </remarks>
/// <example><code>model.LoadWeights("resnet18-f37072fd.pth");          // .pth, .pt or .safetensors</code></example>
public static class StateDictExtensions
{
    /// <summary>Loads a <c>.safetensors</c> file into the module.</summary>
    /// <param name="module">The module. Its tensors are written in place and keep their type and device; gradients and modes stay.</param>
    /// <param name="path">The file.</param>
    /// <param name="options">Which differences are tolerated; null for none.</param>
    /// <returns>The differences that were tolerated.</returns>
    /// <exception cref="StateDictMismatchException">File and module disagree; nothing was loaded.</exception>
    /// <exception cref="InvalidDataException">The file is no valid safetensors file.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read, or is a folder or a pipe.</exception>
    public static StateDictMismatch LoadSafetensors(this nn.Module module, string path, StateDictOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentException.ThrowIfNullOrEmpty(path);
        return LoadSafetensors(module, path, options, prefix: null);
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
    /// <param name="options">Which differences are tolerated; null for none.</param>
    /// <param name="checkpoint">Which of the file's tensors are loaded; null for the defaults.</param>
    /// <returns>The differences that were tolerated.</returns>
    /// <exception cref="StateDictMismatchException">File and module disagree; nothing was loaded.</exception>
    /// <exception cref="ArgumentException">An option lies outside its range.</exception>
    /// <exception cref="InvalidDataException">As from <see cref="CheckpointFile.Load(string, CheckpointOptions?)"/>.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read, or is a folder or a pipe.</exception>
    public static StateDictMismatch LoadCheckpoint(this nn.Module module, string path, StateDictOptions? options = null,
        CheckpointOptions? checkpoint = null)
    {
        ArgumentNullException.ThrowIfNull(module);
        checkpoint ??= new CheckpointOptions();
        if (checkpoint.Prefix is { } prefix)
        {
            using var chosen = CheckpointFile.Load(path, checkpoint);
            return StateDictLoading.Load(module, chosen, options, KeyPrefix.Beginning(prefix));
        }

        using var all = CheckpointFile.Load(path, checkpoint with { Prefix = "" });
        var (tensors, removed) = KeyPrefix.Fit(all, module.state_dict().ContainsKey);
        return StateDictLoading.Load(module, tensors, options, removed);
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
    /// <param name="options">Which differences are tolerated; null for none.</param>
    /// <param name="checkpoint">Which of the file's tensors are loaded; null for the defaults. Of a safetensors file only
    /// <see cref="CheckpointOptions.Prefix"/> matters.</param>
    /// <returns>The differences that were tolerated.</returns>
    /// <exception cref="StateDictMismatchException">File and module disagree; nothing was loaded.</exception>
    /// <exception cref="ArgumentException">An option lies outside its range.</exception>
    /// <exception cref="InvalidDataException">The file is neither, or damaged, or refused as
    /// <see cref="CheckpointFile.Load(string, CheckpointOptions?)"/> describes.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read, or is a folder or a pipe.</exception>
    public static StateDictMismatch LoadWeights(this nn.Module module, string path, StateDictOptions? options = null,
        CheckpointOptions? checkpoint = null)
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentException.ThrowIfNullOrEmpty(path);
        return CheckpointReader.Recognizes(path)
            ? module.LoadCheckpoint(path, options, checkpoint)
            : LoadSafetensors(module, path, options, checkpoint?.Prefix);
    }

    /// <summary>Copies tensors into the module's parameters and buffers of the same names, converting to their types and devices.</summary>
    /// <remarks>Unlike <c>load_state_dict</c> this never broadcasts, checks everything before it writes anything, and reports every
    /// disagreement at once.</remarks>
    /// <param name="module">The module. Its tensors are written in place; gradients and modes stay.</param>
    /// <param name="tensors">Tensors by name. They are not changed.</param>
    /// <param name="options">Which differences are tolerated; null for none.</param>
    /// <returns>The differences that were tolerated; <see cref="StateDictMismatch.IsEmpty"/> where all fitted.</returns>
    /// <exception cref="StateDictMismatchException">Tensors and module disagree; nothing was loaded.</exception>
    public static StateDictMismatch LoadStateDict(this nn.Module module, IReadOnlyDictionary<string, Tensor> tensors,
        StateDictOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentNullException.ThrowIfNull(tensors);
        return StateDictLoading.Load(module, tensors, options, removed: "");
    }

    private static StateDictMismatch LoadSafetensors(nn.Module module, string path, StateDictOptions? options, string? prefix)
    {
        var (names, removed) = (module.state_dict(), "");
        using var tensors = SafetensorsFile.Load(path, entries =>
        {
            var all = entries.Select(entry => KeyValuePair.Create(entry.Name, entry));
            (var chosen, removed) = prefix is null ? KeyPrefix.Fit(all, names.ContainsKey) : KeyPrefix.Remove(all, prefix);
            return chosen;
        });
        return StateDictLoading.Load(module, tensors, options, removed);
    }
}

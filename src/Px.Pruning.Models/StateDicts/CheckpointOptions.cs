namespace Px.Pruning.Models.StateDicts;

/// <summary>Which tensors of a PyTorch checkpoint are read, and how much a file may hold that is no tensor. The defaults fit files of
/// torchvision and of most training scripts.</summary>
public sealed record CheckpointOptions
{
    /// <summary>
    /// The entry of the file's dictionary that holds the tensors, such as <c>state_dict_ema</c>, or <c>ema/model</c> for an entry of an
    /// entry. Null, the default, takes the first of <c>state_dict</c>, <c>model</c>, <c>model_state_dict</c>, <c>module</c> and <c>net</c>
    /// that holds tensors, and else the dictionary itself.
    /// </summary>
    public string? Key { get; init; }

    /// <summary>
    /// The text that names must begin with for their tensors to be read, and that is taken off: <c>module.encoder_q</c> turns
    /// <c>module.encoder_q.conv1.weight</c> into <c>conv1.weight</c>. Its last dot may be left out, and so may what wrappers add. An empty
    /// text takes nothing off. Null, the default, takes off what PyTorch's wrappers add: <c>module.</c> where every name begins so
    /// (parallel training; averaged models, whose <c>n_averaged</c> is left out), and <c>_orig_mod</c>, <c>_fsdp_wrapped_module</c> and
    /// <c>_checkpoint_wrapped_module</c> wherever they are in a name. Loading into a module then also takes off <c>module.</c> within a
    /// name where that makes it one of the module's.
    /// </summary>
    public string? Prefix { get; init; }

    /// <summary>
    /// Whether objects of classes that are not known, such as the settings of a training script, are ignored instead of being an error.
    /// Nothing of theirs is executed either way. Tensors inside such objects cannot be read; sparse, quantised and other tensors of kinds
    /// that are not read are ignored as well. False by default.
    /// </summary>
    public bool AllowUnknownObjects { get; init; }

    /// <summary>
    /// How many times the file's bytes reading it may allocate, tensors and objects together; 1 MiB is always allowed on top. From 1 up, 2
    /// by default. More is needed for compressed files of mostly zeros, for expanded tensors, and where thousands of tensors have a few
    /// elements each.
    /// </summary>
    public double MaximumExpansion { get; init; } = 2;

    internal void Validate()
    {
        if (!(MaximumExpansion >= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(MaximumExpansion),
                MaximumExpansion, "A file takes at least its own bytes: 1 or more.");
        }
    }
}

using Px.Pruning.Engine;
using static TorchSharp.torch;

namespace Px.Pruning.Shrinking;

/// <summary>Removes whole channels by the scores of any pruner: the network is smaller and faster from its first training step.</summary>
/// <remarks>
/// <para>
/// Channels that an addition, a concatenation, a norm, a depthwise convolution or the like ties together are one group, which is removed
/// as a whole. Its score is the sum over all weights whose removal it means in the layers that write it. The groups with the lowest scores
/// go, as <see cref="ChannelOptions.Ranking"/> compares them, until no more than the <see cref="ChannelTarget"/> is left; with several
/// rounds the remaining network is scored again in each. The groups are found as <see cref="Shrinker"/> finds them, and tried out on the
/// network without some of them before anything is scored: what is tied to the input or output, or cannot be followed, stays, and
/// <see cref="ChannelResult.Fixed"/> says why.
/// </para>
/// <para>
/// The mask of a group prunes every weight that writes its channels and every weight that reads them. So nothing of a removed channel
/// reaches the rest, whatever biases, norms or padding make of it, and the small network, whose weights and statistics are those that
/// are left, is the masked one: in evaluation and in training.
/// </para>
/// <para>
/// <b>Cost:</b> that of the scores, and of <see cref="Shrinker"/> twice. <b>Create an optimizer afterwards,</b> since layers have new
/// parameters. <c>save</c> works as before; to load, create the network anew and call <see cref="Shrinker.Fit"/> first.
/// </para>
/// <para><b>Law:</b> the sum of SynFlow's and PX's scores over the layers that write a group is that over the layers that read it, in a
/// network whose paths they follow.</para>
/// <para><b>Source:</b> sums over coupled channels: Fang et al., CVPR 2023, <see href="https://arxiv.org/abs/2301.12900"/>; channels by
/// saliency before training: van Amersfoort et al., 2020, <see href="https://arxiv.org/abs/2006.00896"/>.</para>
/// </remarks>
/// <example><code>
/// using var half = new PathExclusionPruner().PruneChannels(model, loader, ChannelTarget.Flops(0.5));
/// Console.WriteLine(half);
/// half.Model.save("half.dat");         // Shrinker.Fit makes a fresh network fit it
/// </code></example>
public static class ChannelPruning
{
    /// <summary>Removes channels of a model in place. This cannot be undone; after an exception the model is as before.</summary>
    /// <param name="pruner">The method whose scores rank the channels: any but <see cref="PhewPruner"/> and
    /// <see cref="IterativeMagnitudePruner"/>.</param>
    /// <param name="model">A fresh or trained network in any mode, whose layers are called through <c>call</c>. After an exception its own
    /// parameters and buffers are in it, to the bit.</param>
    /// <param name="data">The data to score on, or the shapes of the inputs (<see cref="PruningData.Shape"/>) for methods without.</param>
    /// <param name="target">How much stays at most.</param>
    /// <param name="options">How to choose and remove; <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Checked between passes and rounds; a cancelled call leaves the model as it was.</param>
    /// <returns>The small network with all numbers; the caller disposes it.</returns>
    /// <exception cref="ArgumentException">The target is out of reach, the message says why; or an option does not apply, or the data does
    /// not fit.</exception>
    /// <exception cref="NotSupportedException">The method has no score for every weight.</exception>
    /// <exception cref="UnsupportedModelException">The method does not apply to this network, or how its layers are joined cannot be found;
    /// the message names the module.</exception>
    /// <exception cref="NonFiniteScoreException">A score is NaN or infinite.</exception>
    /// <exception cref="ShrinkException">The small network does not run, or its outputs differ; the message names the module.</exception>
    public static ChannelResult PruneChannels(
        this IPruner pruner, PruningModel model, PruningData data, ChannelTarget target,
        ChannelOptions? options = null, CancellationToken cancellationToken = default) =>
        Run(pruner, model, data, target, options, cancellationToken).Prune();

    /// <summary>Removes channels in place, scored with a <c>torch.utils.data.DataLoader</c> (keys <c>data</c> and <c>label</c>).</summary>
    /// <inheritdoc cref="PruneChannels(IPruner, PruningModel, PruningData, ChannelTarget, ChannelOptions?, CancellationToken)"/>
    public static ChannelResult PruneChannels(
        this IPruner pruner, PruningModel model, IEnumerable<Dictionary<string, Tensor>> data, ChannelTarget target,
        ChannelOptions? options = null, CancellationToken cancellationToken = default) =>
        Run(pruner, model, PruningData.From(data), target, options, cancellationToken).Prune();

    /// <summary>Removes channels in place, scored with the batches of an <c>IterableDataLoader</c>: lists of inputs and targets.</summary>
    /// <inheritdoc cref="PruneChannels(IPruner, PruningModel, PruningData, ChannelTarget, ChannelOptions?, CancellationToken)"/>
    public static ChannelResult PruneChannels(
        this IPruner pruner, PruningModel model, IEnumerable<IList<Tensor>> data, ChannelTarget target,
        ChannelOptions? options = null, CancellationToken cancellationToken = default) =>
        Run(pruner, model, PruningData.From(data), target, options, cancellationToken).Prune();

    /// <summary>Removes channels in place, scored with plain batches.</summary>
    /// <inheritdoc cref="PruneChannels(IPruner, PruningModel, PruningData, ChannelTarget, ChannelOptions?, CancellationToken)"/>
    public static ChannelResult PruneChannels(
        this IPruner pruner, PruningModel model, IEnumerable<(Tensor input, Tensor target)> data, ChannelTarget target,
        ChannelOptions? options = null, CancellationToken cancellationToken = default) =>
        Run(pruner, model, PruningData.From(data), target, options, cancellationToken).Prune();

    /// <summary>Makes the small network of a fresh module and leaves the model as it is.</summary>
    /// <param name="pruner">The method whose scores rank the channels.</param>
    /// <param name="model">A fresh or trained network. Never changed.</param>
    /// <param name="factory">Creates a fresh module of the same architecture, called in the same way; it receives the model's weights and
    /// buffers, type, device and modes.</param>
    /// <param name="data">The data to score on, or the shapes of the inputs.</param>
    /// <param name="target">How much stays at most.</param>
    /// <param name="options">How to choose and remove; <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Checked between passes and rounds.</param>
    /// <returns>The new network in <see cref="ChannelResult.Model"/> with all numbers; the caller disposes both.</returns>
    /// <inheritdoc cref="PruneChannels(IPruner, PruningModel, PruningData, ChannelTarget, ChannelOptions?, CancellationToken)"
    /// path="/exception"/>
    public static ChannelResult PruneChannels(
        this IPruner pruner, PruningModel model, Func<PruningModel> factory, PruningData data, ChannelTarget target,
        ChannelOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(factory);
        // The arguments are checked before a module is made.
        Run(pruner, model, data, target, options, cancellationToken);
        using var use = new ModelUse(model.Module, pruner.Name);
        var copy = ModelCopy.Of(model, factory);
        try
        {
            return Run(pruner, copy, data, target, options, cancellationToken).Prune();
        }
        catch
        {
            copy.Module.Dispose();
            throw;
        }
    }

    /// <summary>Chooses the channels and leaves the model as it is, to bind the mask and shrink later.</summary>
    /// <inheritdoc cref="PruneChannels(IPruner, PruningModel, PruningData, ChannelTarget, ChannelOptions?, CancellationToken)"
    /// path="/param"/>
    /// <returns>A mask without the weights that write or read the chosen channels; the caller disposes it. Once it is bound,
    /// <see cref="Shrinker"/> takes them out.</returns>
    /// <inheritdoc cref="PruneChannels(IPruner, PruningModel, PruningData, ChannelTarget, ChannelOptions?, CancellationToken)"
    /// path="/exception"/>
    public static PruningMask MaskChannels(
        this IPruner pruner, PruningModel model, PruningData data, ChannelTarget target,
        ChannelOptions? options = null, CancellationToken cancellationToken = default) =>
        Run(pruner, model, data, target, options, cancellationToken).Mask();

    private static ChannelRun Run(
        IPruner pruner, PruningModel model, PruningData data, ChannelTarget target, ChannelOptions? options, CancellationToken token)
    {
        ArgumentNullException.ThrowIfNull(pruner);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(target);
        options ??= new ChannelOptions();
        if (!data.HasData && data.SampleShapes is null)
            throw new ArgumentException("Channels are found with the shape of each input: pass PruningData.Shapes, or data.", nameof(data));
        if (options.Scoring is not { Scope: var scope, Counting: WeightCounting.Rounded, Ablation: SanityAblation.None }
            || scope != PruningScope.Global)
        {
            throw new ArgumentException("ChannelOptions.Scoring has a scope, counting or ablation, which are for single weights. "
                + "ChannelOptions.Ranking and MinimumPerLayer say how channels are chosen.", nameof(options));
        }

        return new ChannelRun(pruner, model, data, target, options, token);
    }
}

using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Shrinking;

/// <summary>
/// Rebuilds a pruned network without its dead channels, and checks that its outputs stay the same.
/// <b>Zeros scattered among other weights make nothing faster in libtorch, whatever their number; only removed channels do.</b>
/// </summary>
/// <remarks>
/// <para>
/// A channel is removed if it adds nothing at every layer that receives it: nothing that the output depends on reads it (all its weights
/// are zero), or it is zero whatever the input is (weights, bias and norm taken together), or it is another constant that the bias of the
/// layer, or the running mean of the batch norm right behind it, absorbs exactly. Channels that an addition, a product, a concatenation or
/// the like ties together are removed together; groups of grouped convolutions and of group norm are removed as a whole; the channels of
/// layer norm, the network's input and its output stay. How layers are joined is found by sending signals through the caller's own code.
/// Channels that carry nothing but cannot be removed are reported with the reason.
/// </para>
/// <para>
/// Code with fixed numbers of channels (<c>view(-1, 512)</c>) is found when the caller's forward runs on the small layers, before anything
/// is written; the channels before it then stay. In evaluation mode outputs are the same. A batch norm in training mode sees no difference
/// where channels were zero, but a constant that was folded into a bias or mean no longer changes with training.
/// </para>
/// <para>
/// The network also runs in training mode, with its buffers put back afterwards. Channels of layers that only meet there (an auxiliary
/// head, a layer that is skipped, another addition) stay. Convolutions, linear and norm layers that run in neither mode (behind a flag or a
/// counter, called by <c>forward</c> or by another method) may be connected to anything: while there are any, all channels stay, unless
/// <see cref="ShrinkOptions.IgnoresUncalledLayers"/> is set. So they do where the small network fails in training mode. A network that
/// throws there is shrunk for evaluation.
/// </para>
/// <para>
/// Layers keep their modules and names. After success those that lost channels have new <c>Parameter</c> objects without gradients:
/// <b>create a new optimizer.</b> After a failure the very same objects are back. <c>save</c> and <c>state_dict</c> work as before; to load
/// what was saved, create the network anew and call <see cref="Fit"/> first. Other tensors in the shape of a channel, such as parameters of
/// your own modules, are not changed; channels that they need stay.
/// </para>
/// <para>
/// <b>Cost:</b> about twenty passes in which no layer computes, a forward pass of four and two of two samples in float64 (and one more for
/// each place with fixed numbers of channels), one of two samples in training mode, and the timed passes.
/// </para>
/// <para><b>Law:</b> max |y − y′| / max |y| is at most <see cref="ShrinkOptions.Tolerance"/>, or the model is left as it was found.</para>
/// <para>
/// <b>Source:</b> the removal of dead channels is common knowledge; dependency groups between layers: Fang et al., CVPR 2023,
/// <see href="https://arxiv.org/abs/2301.12900"/>, who trace a graph, where this class observes which units signals reach.
/// </para>
/// </remarks>
/// <example><code>
/// using var small = Shrinker.Shrink(model, inputShape: [3, 32, 32]);
/// Console.WriteLine(small);
/// </code></example>
public static class Shrinker
{
    /// <summary>Removes the dead channels of a model in place. This cannot be undone; after an exception the model is as before.</summary>
    /// <param name="model">
    /// A pruned network in any mode, whose layers are called through <c>call</c>. Left as it was found when this method throws: values,
    /// gradients and flags to the bit. Modes always stay.
    /// </param>
    /// <param name="inputShape">The shape of one sample without the batch dimension, such as [3, 224, 224]: sizes from 1 up.</param>
    /// <param name="options">How to shrink; <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Checked between passes; a cancelled call leaves the model untouched.</param>
    /// <returns>Numbers, reasons, and the mask of the small network; the caller disposes it.</returns>
    /// <exception cref="ArgumentException">The shape is not the shape of a sample, the model has no convolution or linear layer, or the
    /// mask does not fit it.</exception>
    /// <exception cref="UnsupportedModelException">How the layers are joined cannot be found; the message names the module.</exception>
    /// <exception cref="ShrinkException">The small network does not run, or its outputs differ; the message names the module.</exception>
    public static ShrinkResult Shrink(
        PruningModel model, long[] inputShape, ShrinkOptions? options = null, CancellationToken cancellationToken = default)
    {
        Check(model, inputShape);
        return Shrink(model, PruningData.Shape(inputShape), options, cancellationToken);
    }

    /// <summary>Removes the dead channels of a network with any number of inputs in place.</summary>
    /// <param name="model">The network, as in the other overload.</param>
    /// <param name="sample">The shapes of its inputs (<see cref="PruningData.Shapes"/>), or data, of which one batch is read and compared
    /// too.</param>
    /// <param name="options">How to shrink; <see langword="null"/> for the defaults. <see cref="ShrinkOptions.Samples"/> is for networks of
    /// one input.</param>
    /// <param name="cancellationToken">Checked between passes; a cancelled call leaves the model untouched.</param>
    /// <inheritdoc cref="Shrink(PruningModel, long[], ShrinkOptions?, CancellationToken)" path="/returns"/>
    /// <inheritdoc cref="Shrink(PruningModel, long[], ShrinkOptions?, CancellationToken)" path="/exception"/>
    public static ShrinkResult Shrink(
        PruningModel model, PruningData sample, ShrinkOptions? options = null, CancellationToken cancellationToken = default)
    {
        Check(model, sample);
        return new ShrinkRun(model, model, sample, options ?? new ShrinkOptions(), cancellationToken).Shrink();
    }

    /// <summary>Creates a small network from a fresh module and leaves the model as it is.</summary>
    /// <param name="model">A pruned network. Never changed.</param>
    /// <param name="factory">Creates a fresh module of the same architecture; it receives the model's weights and buffers, type, device and
    /// modes.</param>
    /// <param name="inputShape">The shape of one sample without the batch dimension, such as [3, 224, 224]: sizes from 1 up.</param>
    /// <param name="options">How to shrink; <see langword="null"/> for the defaults. A binding stays on the model.</param>
    /// <param name="cancellationToken">Checked between passes.</param>
    /// <returns>Numbers, reasons, the mask, and the new network in <see cref="ShrinkResult.Model"/>; the caller disposes both.</returns>
    /// <exception cref="ArgumentException">As in the other overload, or the factory's module has other parameters or buffers; the message
    /// lists them.</exception>
    /// <exception cref="UnsupportedModelException">How the layers are joined cannot be found; the message names the module.</exception>
    /// <exception cref="ShrinkException">The small network does not run, or its outputs differ; the message names the module.</exception>
    public static ShrinkResult Shrink(
        PruningModel model, Func<Module<Tensor, Tensor>> factory, long[] inputShape, ShrinkOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        Check(model, inputShape);
        ArgumentNullException.ThrowIfNull(factory);
        return Shrink(model, () => factory(), PruningData.Shape(inputShape), options, cancellationToken);
    }

    /// <summary>Creates a small network from a fresh module with any number of inputs and leaves the model as it is.</summary>
    /// <param name="model">A pruned network. Never changed.</param>
    /// <param name="factory">Creates a fresh module of the same architecture, called in the same way; it receives the model's weights and
    /// buffers, type, device and modes.</param>
    /// <param name="sample">The shapes of the inputs (<see cref="PruningData.Shapes"/>), or data, of which one batch is read and compared
    /// too.</param>
    /// <param name="options">How to shrink; <see langword="null"/> for the defaults. A binding stays on the model.</param>
    /// <param name="cancellationToken">Checked between passes.</param>
    /// <inheritdoc cref="Shrink(PruningModel, Func{Module{Tensor, Tensor}}, long[], ShrinkOptions?, CancellationToken)" path="/returns"/>
    /// <inheritdoc cref="Shrink(PruningModel, Func{Module{Tensor, Tensor}}, long[], ShrinkOptions?, CancellationToken)" path="/exception"/>
    public static ShrinkResult Shrink(
        PruningModel model, Func<PruningModel> factory, PruningData sample, ShrinkOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        Check(model, sample);
        ArgumentNullException.ThrowIfNull(factory);
        var copy = ModelCopy.Of(model, factory);
        try
        {
            return new ShrinkRun(model, copy, sample, options ?? new ShrinkOptions(), cancellationToken).Shrink();
        }
        catch
        {
            copy.Module.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Gives a fresh network the shapes of a small one, so that its weights can be loaded: <c>Fit(model, state)</c>, then
    /// <c>load_state_dict(state)</c> or <c>load(path)</c>. Until then it has the weights of its own first channels.
    /// </summary>
    /// <param name="model">A network of the architecture that was shrunk, unshrunk. Channels are removed, never added.</param>
    /// <param name="state">The tensors of the small network by name; only their shapes are read.</param>
    /// <exception cref="ArgumentException">A layer is missing in the state, or has a shape that shrinking does not produce; the message
    /// names it, and the model is unchanged.</exception>
    /// <exception cref="UnsupportedModelException">A norm layer has neither parameters nor statistics, so that its number of channels is
    /// not in the state.</exception>
    public static void Fit(Module model, IReadOnlyDictionary<string, Tensor> state)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(state);
        ShapeFit.Apply(model, state);
    }

    private static void Check(PruningModel model, PruningData sample)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(sample);
        if (!sample.HasData && sample.SampleShapes is null)
            throw new ArgumentException("Shrinking needs the shape of each input: pass PruningData.Shapes, or data.", nameof(sample));
    }

    private static void Check(PruningModel model, long[] inputShape)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(inputShape);
        if (inputShape.Length > 0 && inputShape.All(size => size >= 1)) return;
        throw new ArgumentException($"[{string.Join(", ", inputShape)}] is not the shape of a sample: give sizes from 1 up and no batch's "
            + "dimension, such as 3, 224, 224.", nameof(inputShape));
    }
}

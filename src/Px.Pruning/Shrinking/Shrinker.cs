using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Shrinking;

/// <summary>
/// Rebuilds a pruned network without its dead channels, and proves that its outputs stay the same.
/// <b>Zeros scattered among other weights make nothing faster in libtorch, whatever their number; only channels that are gone do.</b>
/// </summary>
/// <remarks>
/// <para>
/// A channel can go where it adds nothing at every layer that receives it: nothing that the output depends on reads it (all its weights
/// are zero), or it is zero whatever the input is (weights, bias and norm taken together), or it is another constant that the bias of the
/// layer, or the running mean of the batch norm right behind it, takes over exactly. Channels that an addition, a product, a concatenation
/// or the like ties together go together; groups of grouped convolutions and of group norm go as a whole; the channels of layer norm,
/// the network's input and its output stay. How layers are joined is found out by sending signals through the caller's own code.
/// What carries nothing and stays nevertheless is reported with the reason.
/// </para>
/// <para>
/// Code that has numbers of channels written into it (<c>view(-1, 512)</c>) is noticed when the caller's forward runs on the small layers,
/// before anything is written; the channels before it then stay. In evaluation mode outputs are the same; a batch norm in training
/// mode sees no difference where channels were zero, but a constant that was folded away is constant for good.
/// </para>
/// <para>
/// Layers keep their modules and names, and get new <c>Parameter</c> objects without gradients: <b>make the optimizer anew.</b>
/// <c>save</c> and <c>state_dict</c> follow; to load what was saved, make the network anew and call <see cref="Fit"/> first.
/// Whatever else has the shape of a channel, as parameters of your own modules, is not changed; where it matters, the channels stay.
/// </para>
/// <para>
/// <b>Cost:</b> some dozen passes in which no layer computes, a forward pass of four and two of two samples in float64 (and one more for
/// each place with numbers written into it), and the timed passes.
/// </para>
/// <para><b>Law:</b> max |y − y′| / max |y| is at most <see cref="ShrinkOptions.Tolerance"/>, or the model is left as it was found.</para>
/// <para>
/// <b>Source:</b> the removal of dead channels is folklore; dependency groups between layers: Fang et al., CVPR 2023,
/// <see href="https://arxiv.org/abs/2301.12900"/>, who trace a graph where this looks at what arrives.
/// </para>
/// </remarks>
/// <example><code>
/// using var small = Shrinker.Shrink(model, inputShape: [3, 32, 32]);
/// Console.WriteLine(small);
/// </code></example>
public static class Shrinker
{
    /// <summary>Removes the dead channels of a model in place. There is no way back, but for the exceptions below.</summary>
    /// <param name="model">
    /// A pruned network in any mode, whose layers are called through <c>call</c>. Left as it was found when this method throws: values,
    /// gradients and flags to the bit. Modes always stay.
    /// </param>
    /// <param name="inputShape">The shape of one sample without the batch's dimension, such as [3, 224, 224]: sizes from 1 up.</param>
    /// <param name="options">How; <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Checked between passes; a cancelled call leaves the model untouched.</param>
    /// <returns>Numbers, reasons, and the mask of the small network; the caller disposes it.</returns>
    /// <exception cref="ArgumentException">The shape is no shape of a sample, the model has no convolution or linear layer, or the mask
    /// does not fit it.</exception>
    /// <exception cref="UnsupportedModelException">How the layers are joined cannot be found out; the message names the module.</exception>
    /// <exception cref="ShrinkException">The small network does not run, or its outputs differ; the message names the module.</exception>
    public static ShrinkResult Shrink(
        Module<Tensor, Tensor> model, long[] inputShape, ShrinkOptions? options = null, CancellationToken cancellationToken = default)
    {
        Check(model, inputShape);
        return new ShrinkRun(model, model, inputShape, options ?? new ShrinkOptions(), cancellationToken).Shrink();
    }

    /// <summary>Makes a small network beside the model, which stays as it is.</summary>
    /// <param name="model">A pruned network. Never changed.</param>
    /// <param name="factory">Makes a fresh module of the same architecture; it receives the model's weights and buffers, type, device and
    /// modes.</param>
    /// <param name="inputShape"><inheritdoc cref="Shrink(Module{Tensor, Tensor}, long[], ShrinkOptions, CancellationToken)" path="/param[@name='inputShape']"/></param>
    /// <param name="options">How; <see langword="null"/> for the defaults. A binding stays on the model.</param>
    /// <param name="cancellationToken">Checked between passes.</param>
    /// <returns>Numbers, reasons, the mask, and the new network in <see cref="ShrinkResult.Model"/>; the caller disposes both.</returns>
    /// <exception cref="ArgumentException">As above, or the factory's module has other parameters or buffers; the message lists
    /// them.</exception>
    /// <inheritdoc cref="Shrink(Module{Tensor, Tensor}, long[], ShrinkOptions, CancellationToken)" path="/exception[@cref='T:Px.Pruning.UnsupportedModelException']"/>
    /// <inheritdoc cref="Shrink(Module{Tensor, Tensor}, long[], ShrinkOptions, CancellationToken)" path="/exception[@cref='T:Px.Pruning.Analysis.ShrinkException']"/>
    public static ShrinkResult Shrink(
        Module<Tensor, Tensor> model, Func<Module<Tensor, Tensor>> factory, long[] inputShape, ShrinkOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        Check(model, inputShape);
        ArgumentNullException.ThrowIfNull(factory);
        var copy = factory() ?? throw new ArgumentException("The factory made no module.", nameof(factory));
        if (ReferenceEquals(copy, model))
            throw new ArgumentException("The factory returned the model itself, not a fresh module.", nameof(factory));
        try
        {
            ModelCopy.Fill(model, copy);
            return new ShrinkRun(model, copy, inputShape, options ?? new ShrinkOptions(), cancellationToken).Shrink();
        }
        catch
        {
            copy.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Gives a fresh network the shapes of a small one, so that its weights can be loaded: <c>Fit(model, state)</c>, then
    /// <c>load_state_dict(state)</c> or <c>load(path)</c>. The weights that it has meanwhile are the first channels of its own.
    /// </summary>
    /// <param name="model">A network of the architecture that was shrunk, unshrunk. Channels are taken away, never added.</param>
    /// <param name="state">The tensors of the small network by name; only their shapes are read.</param>
    /// <exception cref="ArgumentException">A layer is missing in it, or has a shape that shrinking does not make; the message names it, and
    /// the model is unchanged.</exception>
    /// <exception cref="UnsupportedModelException">A norm layer has neither parameters nor statistics, so that its channels are written
    /// nowhere.</exception>
    public static void Fit(Module model, IReadOnlyDictionary<string, Tensor> state)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(state);
        ShapeFit.Apply(model, state);
    }

    private static void Check(Module<Tensor, Tensor> model, long[] inputShape)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(inputShape);
        if (inputShape.Length == 0 || inputShape.Any(size => size < 1))
            throw new ArgumentException($"[{string.Join(", ", inputShape)}] is not the shape of a sample: give sizes from 1 up and no "
                + "batch's dimension, such as 3, 224, 224.", nameof(inputShape));
    }
}

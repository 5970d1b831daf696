using Px.Pruning.Analysis.Ntk;
using Px.Pruning.Engine;
using Px.Pruning.Masking;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Analysis;

/// <summary>
/// The Fixed-Weight Neural Tangent Kernel of a pruned network, <c>Θ = J Jᵀ</c>: J is the Jacobian of the outputs of N samples with respect
/// to the kept weights, at their current values. Numbers in, numbers out.
/// </summary>
/// <remarks>
/// <para>
/// The network is in evaluation mode, and its normalisation layers are constant maps (<see cref="NtkOptions.NormStatistics"/>): no gradient
/// flows through a statistic, so that samples do not see each other. Group, layer and instance norm use each sample's own. Pruned weights
/// are zero and no parameters. Without a mask every weight is one, also those that a binding holds at zero.
/// </para>
/// <para>
/// The model is left as it was found, bit for bit. A network whose code calls <c>forward</c> on its layers is computed on its own
/// parameters, which are put back; its norm layers must go by running statistics.
/// </para>
/// <para>
/// <b>Source:</b> Iurada, Ciccone, Tommasi, CVPR 2024, Section 3 and Figure 5, <see href="https://arxiv.org/abs/2406.01820"/>; Jacot,
/// Gabriel, Hongler, NeurIPS 2018, <see href="https://arxiv.org/abs/1806.07572"/>.
/// </para>
/// </remarks>
/// <example><code>Console.WriteLine(Analysis.NtkAnalysis.Trace(model, PruningData.From(loader)).Value);</code></example>
public static class NtkAnalysis
{
    private static readonly NetworkSession Frame = new("The NTK analysis", new() { Data = true });

    /// <summary>All eigenvalues, exactly, for kernels of a few thousand rows.</summary>
    /// <remarks>
    /// <b>Cost:</b> N forward passes and N·K backward passes of one sample, 2·(N·K)²·m operations for Θ in float64, and the eigenvalues of
    /// a matrix of N·K rows. Memory beside the passes: <see cref="NtkOptions.MemoryBudget"/>; a Jacobian of 8·N·K·m bytes that does not fit
    /// repeats the passes for each part of the weights.
    /// </remarks>
    /// <param name="model">Any network; PX's restrictions do not apply.</param>
    /// <param name="data">The samples.</param>
    /// <param name="mask">Which weights are kept; <see langword="null"/> for all.</param>
    /// <param name="options">Default <see langword="null"/>: the defaults of <see cref="NtkOptions"/>.</param>
    /// <param name="cancellationToken">Checked before every backward pass.</param>
    /// <exception cref="ArgumentException">
    /// There is no data, the kernel is too large for the memory budget, the mask does not fit, or nothing is selected.
    /// </exception>
    /// <exception cref="NonFiniteScoreException">A derivative is NaN or infinite.</exception>
    /// <exception cref="UnsupportedModelException">Norm statistics of the data cannot be held constant, since layers are called through
    /// <c>forward</c>.</exception>
    public static NtkSpectrum Spectrum(
        Module<Tensor, Tensor> model, PruningData data, PruningMask? mask = null, NtkOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        options ??= new NtkOptions();
        return Run(Frame, model, data, mask, options, jacobian =>
        {
            var gram = NtkGram.Compute(jacobian, options).cpu();
            double trace = Finite(gram.trace().ToDouble());
            double[] ascending = [.. linalg.eigvalsh(gram).data<double>()];
            return new NtkSpectrum([.. ascending.OrderDescending().Select(value => Math.Max(value, 0))], trace, jacobian.Samples,
                jacobian.Count);
        }, cancellationToken);
    }

    /// <summary>The trace: exactly, or estimated where the outputs are many (<see cref="NtkOptions.Probes"/>).</summary>
    /// <remarks>
    /// <para>
    /// Exactly it is the sum of all squared gradients. The estimate is Hutchinson's, sample by sample: <c>Σₙ ‖zᵀJₙ‖²</c> for random signs
    /// z, whose expectation is the trace and which spreads only as far as outputs of one sample are correlated.
    /// </para>
    /// <para><b>Cost:</b> N forward passes of one sample, and N·K backward passes, or N times the number of probes. No matrix.</para>
    /// </remarks>
    /// <inheritdoc cref="Spectrum" path="/param"/>
    /// <exception cref="ArgumentException">There is no data, the mask does not fit, or nothing is selected.</exception>
    /// <exception cref="NonFiniteScoreException">A derivative is NaN or infinite.</exception>
    /// <exception cref="UnsupportedModelException">Norm statistics of the data cannot be held constant, since layers are called through
    /// <c>forward</c>.</exception>
    public static NtkTrace Trace(
        Module<Tensor, Tensor> model, PruningData data, PruningMask? mask = null, NtkOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        options ??= new NtkOptions();
        return Run(Frame, model, data, mask, options, jacobian => TraceOf(jacobian, options), cancellationToken);
    }

    /// <summary>The largest eigenvalues, without the matrix: for kernels of any size.</summary>
    /// <remarks>
    /// <para>
    /// <b>Cost:</b> blocks of <see cref="NtkOptions.Count"/> + 2 vectors, multiplied by Θ until residuals are small, three to ten times as
    /// a rule. A product is, for each vector, a backward pass of the N samples and one through a backward pass; the forward passes of
    /// <see cref="NtkOptions.MicroBatch"/> samples are shared by the vectors that memory has room for. Besides, 16·N·K bytes for each
    /// product.
    /// </para>
    /// <para>
    /// Where outputs are few, <see cref="Spectrum"/> is done sooner, as long as its matrix fits: a product takes each sample as long as
    /// some three rows, and there are up to a hundred of them.
    /// </para>
    /// <para><b>Law:</b> these are the first of <see cref="Spectrum"/>, multiples included; each to within its residual, as a rule to much
    /// less.</para>
    /// </remarks>
    /// <inheritdoc cref="Spectrum" path="/param"/>
    /// <exception cref="ArgumentException">There is no data, the mask does not fit, or nothing is selected.</exception>
    /// <exception cref="NonFiniteScoreException">A derivative is NaN or infinite.</exception>
    /// <exception cref="UnsupportedModelException">
    /// Norm statistics of the data cannot be held constant, since layers are called through <c>forward</c>; or an operation has no second
    /// derivative.
    /// </exception>
    public static NtkTopEigenvalues TopEigenvalues(
        Module<Tensor, Tensor> model, PruningData data, PruningMask? mask = null, NtkOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        options ??= new NtkOptions();
        return Run(Frame, model, data, mask, options, jacobian =>
        {
            var products = new NtkProducts(jacobian, options);
            jacobian.Expect(products.Passes * options.MaxSteps * NtkKrylov.Width(jacobian.Rows, options));
            var ritz = NtkKrylov.Find(products.Apply, jacobian.Rows, options);
            return new NtkTopEigenvalues
            {
                Eigenvalues = ritz.Eigenvalues,
                Residuals = ritz.Residuals,
                Converged = ritz.Converged,
                Products = ritz.Products,
                Samples = jacobian.Samples,
                Outputs = jacobian.Outputs,
                Parameters = jacobian.Count,
            };
        }, cancellationToken);
    }

    /// <summary>
    /// The bound on the trace that Path eXclusion prunes by, <c>Tr Θ ≤ Σₖ ‖J_v^{fₖ}‖² ‖J_θ^{vₖ}‖²</c> with paths v, beside the trace
    /// itself.
    /// </summary>
    /// <remarks>
    /// <para>
    /// Its value is <c>Σⱼ ∂R/∂θⱼ²</c> over the kept weights, with R as in <see cref="PathExclusionPruner"/>. The paper's Eq. 6 has the
    /// product <c>‖J_v^f‖² ‖J_θ^v‖²</c> over all outputs, which is larger; its derivation of R gives the sum that stands here.
    /// </para>
    /// <para>
    /// <b>Law:</b> the trace is at most the bound in networks of ReLU, leaky and parametric ReLU, average pooling, additions and
    /// concatenations, without additive constants ahead of a weight. What may break it is named in <see cref="NtkBound.Exceptions"/>:
    /// biases and batch-norm shifts <c>β − s·mean</c> that are not zero and ahead of the last layer, max-pooling, other activations, and
    /// norm layers with statistics of single samples. R knows no shifts, and its path kernel takes maxima of its own.
    /// </para>
    /// <para>
    /// <b>Cost:</b> that of <see cref="Trace"/> and of a round of <see cref="PathExclusionPruner"/>. Where no path is active on the data, R
    /// counts every path activation as 1.
    /// </para>
    /// <para><b>Source:</b> Iurada, Ciccone, Tommasi, CVPR 2024, Eq. 6 to 8, <see href="https://arxiv.org/abs/2406.01820"/>.</para>
    /// </remarks>
    /// <inheritdoc cref="Spectrum" path="/param"/>
    /// <exception cref="ArgumentException">
    /// There is no data, the mask does not fit, or nothing is selected; or the options ask for <see cref="NtkOptions.AllParameters"/> or
    /// <see cref="NtkOutputs.Sum"/>, of which the bound knows nothing.
    /// </exception>
    /// <exception cref="NonFiniteScoreException">A derivative is NaN or infinite.</exception>
    /// <exception cref="UnsupportedModelException">The network is none that <see cref="PathExclusionPruner"/> accepts; the message names
    /// the module.</exception>
    public static NtkBound Bound(
        Module<Tensor, Tensor> model, PruningData data, PruningMask? mask = null, NtkOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        options ??= new NtkOptions();
        if (options.AllParameters || options.Outputs != NtkOutputs.Each)
            throw new ArgumentException("The bound is one on weights and on each output: leave NtkOptions.AllParameters and "
                + "NtkOptions.Outputs at their defaults.", nameof(options));
        return Run(Frame with { Needs = new() { Data = true, Hooks = true } }, model, data, mask, options, jacobian => new NtkBound
        {
            Value = PaperBound.Value(jacobian),
            Trace = TraceOf(jacobian, options),
            Exceptions = PaperBound.Exceptions(jacobian),
        }, cancellationToken);
    }

    private static T Run<T>(
        NetworkSession frame, Module<Tensor, Tensor> model, PruningData data, PruningMask? mask, NtkOptions options,
        Func<NtkJacobian, T> work, CancellationToken token)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(data);
        if (!data.HasData) throw new ArgumentException("The kernel is one of samples: pass a DataLoader or batches of (input, target).",
            nameof(data));
        if (mask is not null) MaskMismatch.ThrowIfAny(model, mask);
        // All weights are substituted, so that a mask holds for those as well that are not differentiated.
        var reading = new PruningOptions { Data = options.Data, BatchSize = options.BatchSize, Seed = options.Seed,
            Logger = options.Logger };
        return frame.Run(model, data, reading, context =>
        {
            RefuseOtherNames(mask, context.Network);
            using var jacobian = new NtkJacobian(context, options, mask);
            return work(jacobian);
        }, token);
    }

    private static void RefuseOtherNames(PruningMask? mask, Network network)
    {
        if (mask?.Names.Except(network.Slots.Select(slot => slot.Name)).FirstOrDefault() is not { } unknown) return;
        throw new ArgumentException(
            $"The mask covers '{unknown}', which is no weight of a convolution or linear layer, or one that is known as another layer's.",
            nameof(mask));
    }

    private static NtkTrace TraceOf(NtkJacobian jacobian, NtkOptions options)
    {
        int? probes = jacobian.Outputs == 1 ? null : options.Probes; // one output's sign is squared away
        using var generator = new Generator((ulong)options.Seed);
        var units = eye(jacobian.Outputs, dtype: float64);
        var sums = new double[probes ?? 1];
        jacobian.Expect(jacobian.Samples * (probes ?? jacobian.Outputs));
        jacobian.Visit(
            jacobian.Parameters,
            () => probes is { } count ? Signs(count, jacobian.Outputs, generator) : units.unbind(),
            (index, gradients) => sums[index % sums.Length] += SquaredLength(jacobian.Parameters, gradients));

        double mean = Finite(sums.Average());
        return new NtkTrace
        {
            Value = mean,
            StandardError = probes is { } n ? Math.Sqrt(sums.Sum(sum => (sum - mean) * (sum - mean)) / (n - 1.0) / n) : 0,
            Samples = jacobian.Samples,
            Outputs = jacobian.Outputs,
            Parameters = jacobian.Count,
        };
    }

    private static Tensor[] Signs(int count, long outputs, Generator generator) =>
        (randn([count, outputs], float64, generator: generator).ge(0).to(float64) * 2 - 1).unbind();

    private static double SquaredLength(IReadOnlyList<NtkParameter> parameters, IReadOnlyList<Tensor> gradients) =>
        parameters.Zip(gradients, (parameter, gradient) => parameter.Columns(gradient, 0, parameter.Count).to(float64).square().sum())
            .Aggregate(zeros([], float64), (a, b) => a + b.cpu()).ToDouble();

    internal static double Finite(double value) => double.IsFinite(value)
        ? value
        : throw new NonFiniteScoreException($"A derivative of the network is NaN or infinite. {NonFiniteScoreException.Remedy}");
}

using Px.Pruning.Analysis.Ntk;
using Px.Pruning.Engine.Sessions;
using Px.Pruning.Masking;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Analysis;

/// <summary>
/// Computes the Fixed-Weight Neural Tangent Kernel of a pruned network, <c>Θ = J Jᵀ</c>, where J is the Jacobian of the outputs of N
/// samples with respect to the kept weights at their current values: its spectrum, trace, largest eigenvalues and the paper's bound.
/// </summary>
/// <remarks>
/// <para>
/// The network is in evaluation mode, and its normalisation layers are constant maps (<see cref="NtkOptions.NormStatistics"/>): no gradient
/// flows through a statistic, so that samples do not influence each other. Group, layer and instance norm use each sample's own. Pruned
/// weights are zero and are not differentiated. Without a mask every weight counts as kept, also those that a binding holds at zero.
/// </para>
/// <para>
/// The model is left as it was found, bit for bit. A network whose code calls <c>forward</c> on its layers is computed on its own
/// parameters, which are put back; its norm layers must use running statistics.
/// </para>
/// <para>
/// <b>Source:</b> Iurada, Ciccone, Tommasi, CVPR 2024, Section 3 and Figure 5, <see href="https://arxiv.org/abs/2406.01820"/>; Jacot,
/// Gabriel, Hongler, NeurIPS 2018, <see href="https://arxiv.org/abs/1806.07572"/>.
/// </para>
/// </remarks>
/// <example><code>Console.WriteLine(NtkAnalysis.Trace(model, PruningData.From(loader)).Value);</code></example>
public static class NtkAnalysis
{
    private static readonly NetworkSession Session = new("The NTK analysis", new() { Data = true });

    /// <summary>Computes all eigenvalues exactly, for kernels of a few thousand rows.</summary>
    /// <remarks>
    /// <b>Cost:</b> N forward passes and N·K backward passes of one sample, 2·(N·K)²·m operations for Θ in float64, and the eigenvalues of
    /// a matrix of N·K rows. Memory beside the passes: <see cref="NtkOptions.MemoryBudget"/>; a Jacobian of 8·N·K·m bytes that does not fit
    /// repeats the passes for each part of the weights.
    /// </remarks>
    /// <inheritdoc cref="Trace" path="/param"/>
    /// <inheritdoc cref="Trace" path="/exception"/>
    /// <exception cref="ArgumentException">The kernel is too large for the memory budget.</exception>
    public static NtkSpectrum Spectrum(
        PruningModel model, PruningData data, PruningMask? mask = null, NtkOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        options ??= new NtkOptions();
        return Run(Session, model, data, mask, options, jacobian =>
        {
            var gram = NtkGram.Compute(jacobian, options).cpu();
            double trace = Finite(gram.trace().ToDouble());
            double[] ascending = [.. linalg.eigvalsh(gram).data<double>()];
            return new NtkSpectrum([.. ascending.OrderDescending().Select(value => Math.Max(value, 0))], trace, jacobian.Samples,
                jacobian.Count);
        }, cancellationToken);
    }

    /// <summary>Computes the trace: exactly, or by an estimate where the outputs are many (<see cref="NtkTraceOptions.Probes"/>).</summary>
    /// <remarks>
    /// <para>
    /// The exact trace is the sum of all squared gradients. The estimate is Hutchinson's, sample by sample: <c>Σₙ ‖zᵀJₙ‖²</c> for random
    /// signs z. Its expectation is the trace, and it varies only as far as outputs of one sample are correlated.
    /// </para>
    /// <para><b>Cost:</b> N forward passes of one sample, and N·K backward passes, or N times the number of probes. No matrix.</para>
    /// </remarks>
    /// <param name="model">Any network; PX's restrictions do not apply, except for <see cref="Bound"/>.</param>
    /// <param name="data">The samples.</param>
    /// <param name="mask">Which weights are kept; <see langword="null"/> for all.</param>
    /// <param name="options">What is computed. Default <see langword="null"/>: the defaults of its type.</param>
    /// <param name="cancellationToken">Checked before every backward pass.</param>
    /// <exception cref="ArgumentException">There is no data, the mask does not fit, or no weight is selected.</exception>
    /// <exception cref="NonFiniteScoreException">A derivative is NaN or infinite.</exception>
    /// <exception cref="UnsupportedModelException">Norm statistics of the data are asked for, and layers are called through
    /// <c>forward</c>, so that the statistics cannot be held constant.</exception>
    public static NtkTrace Trace(
        PruningModel model, PruningData data, PruningMask? mask = null, NtkTraceOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        options ??= new NtkTraceOptions();
        return Run(Session, model, data, mask, options.Kernel, jacobian => TraceOf(jacobian, options), cancellationToken);
    }

    /// <summary>Computes the largest eigenvalues without the matrix, for kernels of any size.</summary>
    /// <remarks>
    /// <para>
    /// <b>Cost:</b> blocks of <see cref="NtkEigenvalueOptions.Count"/> + 2 vectors are multiplied by Θ until the residuals are small, as a
    /// rule three to ten times. For each vector a product takes a backward pass of the N samples and a backward pass through that one; the
    /// forward passes, of 16 samples each, are shared by as many vectors as memory has room for. In addition 16·N·K bytes for each product.
    /// </para>
    /// <para>
    /// With few outputs <see cref="Spectrum"/> is faster as long as its matrix fits: for each sample a product takes as long as about three
    /// rows, and there are up to a hundred products.
    /// </para>
    /// <para><b>Law:</b> the eigenvalues are the first of <see cref="Spectrum"/>, with their multiplicity; each to within its residual, as
    /// a rule far closer.</para>
    /// </remarks>
    /// <inheritdoc cref="Trace" path="/param"/>
    /// <inheritdoc cref="Trace" path="/exception"/>
    /// <exception cref="UnsupportedModelException">An operation of the network has no second derivative.</exception>
    public static NtkTopEigenvalues TopEigenvalues(
        PruningModel model, PruningData data, PruningMask? mask = null, NtkEigenvalueOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        options ??= new NtkEigenvalueOptions();
        return Run(Session, model, data, mask, options.Kernel, jacobian =>
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
    /// Computes the trace and the bound on it that Path eXclusion prunes by, <c>Tr Θ ≤ Σₖ ‖J_v^{fₖ}‖² ‖J_θ^{vₖ}‖²</c> with paths v.
    /// </summary>
    /// <remarks>
    /// <para>
    /// The bound's value is <c>Σⱼ ∂R/∂θⱼ²</c> over the kept weights, with R as in <see cref="PathExclusionPruner"/>. The paper's Eq. 6 has
    /// the product <c>‖J_v^f‖² ‖J_θ^v‖²</c> over all outputs, which is larger; its derivation of R gives the sum used here.
    /// </para>
    /// <para>
    /// <b>Law:</b> the trace is at most the bound in networks of ReLU, leaky and parametric ReLU, average pooling, additions and
    /// concatenations, without additive constants ahead of a weight. Modules that may break it are named in
    /// <see cref="NtkBound.Exceptions"/>: biases and batch-norm shifts <c>β − s·mean</c> that are not zero and ahead of the last layer,
    /// other added tensors, max-pooling, other activations, and norm layers with statistics of single samples. The reason is that R
    /// leaves additive constants out, and that its path kernel may take another maximum of a pooling window than the network.
    /// </para>
    /// <para>
    /// <b>Cost:</b> that of <see cref="Trace"/> and of a round of <see cref="PathExclusionPruner"/>. Where no path is active on the data, R
    /// counts every path activation as 1.
    /// </para>
    /// <para><b>Source:</b> Iurada, Ciccone, Tommasi, CVPR 2024, Eq. 6 to 8, <see href="https://arxiv.org/abs/2406.01820"/>.</para>
    /// </remarks>
    /// <inheritdoc cref="Trace" path="/param"/>
    /// <inheritdoc cref="Trace" path="/exception"/>
    /// <exception cref="ArgumentException">The options ask for <see cref="NtkOptions.AllParameters"/> or
    /// <see cref="NtkOptions.SumOutputs"/>, for which the bound is not defined.</exception>
    /// <exception cref="UnsupportedModelException"><see cref="PathExclusionPruner"/> does not accept the network; the message names the
    /// module.</exception>
    public static NtkBound Bound(
        PruningModel model, PruningData data, PruningMask? mask = null, NtkTraceOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        options ??= new NtkTraceOptions();
        if (options.Kernel.AllParameters || options.Kernel.SumOutputs)
        {
            throw new ArgumentException("The bound is one on weights and on each output: leave NtkOptions.AllParameters and "
                + "NtkOptions.SumOutputs at their defaults.", nameof(options));
        }

        var session = Session with { Needs = new() { Data = true, Hooks = true } };
        return Run(session, model, data, mask, options.Kernel, jacobian => new NtkBound
        {
            Value = PaperBound.Value(jacobian),
            Trace = TraceOf(jacobian, options),
            Exceptions = PaperBound.Exceptions(jacobian),
        }, cancellationToken);
    }

    private static T Run<T>(
        NetworkSession session, PruningModel model, PruningData data, PruningMask? mask, NtkOptions options,
        Func<NtkJacobian, T> work, CancellationToken token)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(data);
        if (!data.HasData)
        {
            throw new ArgumentException("The kernel is one of samples: pass a DataLoader or batches of (input, target).", nameof(data));
        }

        if (mask is not null) MaskMismatch.ThrowIfAny(model.Module, mask);
        // NtkOptions.Parameters is left out: a mask also holds for weights that are not differentiated, so that all are substituted.
        var reading = new PruningOptions
        {
            Data = options.Data, BatchSize = options.BatchSize, Seed = options.Seed, Logger = options.Logger,
            Parameters = ParameterSelection.Default.IncludingUnused(),
        };
        return session.Run(model, data, reading, context =>
        {
            NetworkMeasurement.RefuseOtherNames(mask, context.Network);
            using var jacobian = new NtkJacobian(context, options, mask);
            return work(jacobian);
        }, token);
    }

    private static NtkTrace TraceOf(NtkJacobian jacobian, NtkTraceOptions options)
    {
        int? probes = jacobian.Outputs == 1 ? null : options.Probes; // one output's sign cancels in the square
        using var generator = new Generator((ulong)options.Kernel.Seed);
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

namespace Px.Pruning.Analysis;

/// <summary>All eigenvalues of a Neural Tangent Kernel.</summary>
public sealed class NtkSpectrum
{
    internal NtkSpectrum(IReadOnlyList<double> eigenvalues, double trace, long samples, long parameters) =>
        (Eigenvalues, Trace, Samples, Parameters) = (eigenvalues, trace, samples, parameters);

    /// <summary>The eigenvalues, one for each row of the kernel (<see cref="Samples"/> × <see cref="Outputs"/>), the largest first. Not
    /// negative: the kernel is positive semi-definite, and negative rounding errors are set to 0.</summary>
    /// <remarks>In single precision, values below about 1e-7 of the largest are rounding errors; <c>model.to(torch.float64)</c> resolves
    /// smaller ones.</remarks>
    public IReadOnlyList<double> Eigenvalues { get; }

    /// <summary>The sum of the kernel's diagonal, which equals that of the eigenvalues.</summary>
    public double Trace { get; }

    /// <summary>The number of samples N, at least 1.</summary>
    public long Samples { get; }

    /// <summary>Rows of the kernel for each sample: K, or 1 with <see cref="NtkOptions.SumOutputs"/>.</summary>
    public long Outputs => Eigenvalues.Count / Samples;

    /// <summary>The number of kept weights that were differentiated, m. At most m eigenvalues are above 0.</summary>
    public long Parameters { get; }

    /// <summary>Computes how far apart two spectra lie, in decades: the root mean square of <c>log₁₀ λᵢ − log₁₀ μᵢ</c> over the sorted
    /// eigenvalues.</summary>
    /// <remarks>
    /// <para>
    /// Values below 1e-6 of the largest eigenvalue of either spectrum are raised to that floor, since single precision cannot tell them
    /// from zero. Spectra of different lengths are compared by their quantiles.
    /// </para>
    /// <para><b>Law:</b> c times a spectrum is |log₁₀ c| away from it, as long as no eigenvalue is below the floor.</para>
    /// </remarks>
    /// <param name="other">Dense against sparse, for example, on the same samples.</param>
    /// <returns>In [0, 6]. 0 exactly if the eigenvalues are the same, except below the floor, or if both kernels are zero.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="other"/> is null.</exception>
    public double DistanceTo(NtkSpectrum other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return SpectrumDistance.InDecades(Eigenvalues, other.Eigenvalues);
    }

    /// <summary>Computes how different the shapes of two spectra are, whatever their scale: the Wasserstein-1 distance between the
    /// distributions of their eigenvalues, each divided by its mean, <c>1/R Σᵢ |λᵢ/λ̄ − μᵢ/μ̄|</c>.</summary>
    /// <remarks>Spectra of different lengths are compared by their quantiles. The zeros of a kernel that is zero stay zeros.</remarks>
    /// <param name="other">Dense against sparse, for example, on the same samples.</param>
    /// <returns>In [0, 2). 0 exactly if one spectrum is a multiple of the other; 1 if only one of the kernels is zero.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="other"/> is null.</exception>
    public double ShapeDistanceTo(NtkSpectrum other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return SpectrumDistance.OfShapes(Eigenvalues, other.Eigenvalues);
    }

    // Distances between two lists of non-negative numbers, the largest first, as distributions.
    private static class SpectrumDistance
    {
        // Smaller shares of the largest eigenvalue are noise in single precision.
        private const double Floor = 1e-6;

        internal static double InDecades(IReadOnlyList<double> a, IReadOnlyList<double> b)
        {
            double floor = Floor * Math.Max(a[0], b[0]);
            if (floor == 0) return 0;
            return Math.Sqrt(Integrate(a, b, (x, y) => Math.Pow(Math.Log10(Math.Max(x, floor) / Math.Max(y, floor)), 2)));
        }

        internal static double OfShapes(IReadOnlyList<double> a, IReadOnlyList<double> b)
        {
            double meanA = Divisor(a), meanB = Divisor(b);
            return Integrate(a, b, (x, y) => Math.Abs(x / meanA - y / meanB));
        }

        private static double Divisor(IReadOnlyList<double> values) => values[0] == 0 ? 1 : values.Average();

        // ∫₀¹ cost(Qa(t), Qb(t)) dt over both quantile functions, which are steps; the mean over pairs where the lengths are equal.
        private static double Integrate(IReadOnlyList<double> a, IReadOnlyList<double> b, Func<double, double, double> cost)
        {
            long end = (long)a.Count * b.Count; // t in units of 1 / end
            double sum = 0;
            int i = 0, j = 0;
            for (long at = 0; at < end;)
            {
                long stepA = (i + 1L) * b.Count, stepB = (j + 1L) * a.Count, next = Math.Min(stepA, stepB);
                sum += (next - at) * cost(a[i], b[j]);
                if (next == stepA) i++;
                if (next == stepB) j++;
                at = next;
            }

            return sum / end;
        }
    }
}

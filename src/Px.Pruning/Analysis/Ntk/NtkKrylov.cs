using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Analysis.Ntk;

// The largest eigenvalues of a symmetric positive semi-definite matrix from products with it: Rayleigh-Ritz approximations from a block
// Krylov space with full orthogonalisation. Blocks are a little wider than the number of eigenvalues, since a kernel has multiple
// eigenvalues (K-fold for a linear layer), of which a space grown from b vectors finds at most b.
internal sealed class NtkKrylov : IDisposable
{
    private const int Oversampling = 2;

    // A vector lies inside the space if its projection onto the complement is at most this fraction of its length.
    private const double Negligible = 1e-10;

    private readonly Func<Tensor, Tensor> apply;
    private readonly long size;
    private Tensor basis, image;

    private NtkKrylov(Func<Tensor, Tensor> apply, long size)
    {
        (this.apply, this.size) = (apply, size);
        basis = zeros([size, 0], float64).DetachFromDisposeScope();
        image = zeros([size, 0], float64).DetachFromDisposeScope();
    }

    internal static long Width(long size, NtkEigenvalueOptions options) => Math.Min(size, (long)options.Count + Oversampling);

    // Eigenvalues, descending, with their residuals. apply multiplies the matrix by [size, columns].
    internal static NtkRitz Find(Func<Tensor, Tensor> apply, long size, NtkEigenvalueOptions options)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var generator = new Generator((ulong)options.Kernel.Seed);
        using var space = new NtkKrylov(apply, size);
        long count = Math.Min(options.Count, size);
        var next = randn([size, Width(size, options)], float64, generator: generator);
        var ritz = NtkRitz.None;
        for (int step = 0; step < options.MaxSteps && !ritz.Converged; step++)
        {
            next = space.Grow(next);
            if (next.size(1) == 0) return ritz with { Converged = true }; // the space is invariant
            ritz = space.Approximate((int)count, options.Tolerance);
        }

        return ritz;
    }

    public void Dispose()
    {
        basis.Dispose();
        image.Dispose();
    }

    // Adds vectors to the space and returns the matrix's product with the new basis vectors.
    private Tensor Grow(Tensor vectors)
    {
        using var scope = NewDisposeScope();
        long before = basis.size(1);
        foreach (var vector in vectors.unbind(1)) Add(vector);
        if (basis.size(1) == before) return zeros([size, 0], float64).MoveToOuterDisposeScope();
        var product = apply(basis.narrow(1, before, basis.size(1) - before));
        NtkAnalysis.Finite(product.abs().sum().ToDouble());
        Replace(ref image, cat([image, product], 1));
        return product.MoveToOuterDisposeScope();
    }

    private void Add(Tensor vector)
    {
        using var scope = NewDisposeScope();
        double length = vector.norm().ToDouble();
        // Twice, since one projection leaves rounding errors of the size of what it removes.
        var rest = Outside(Outside(vector));
        double left = rest.norm().ToDouble();
        if (left <= Negligible * length || basis.size(1) == size) return;
        Replace(ref basis, cat([basis, (rest / left).unsqueeze(1)], 1));
    }

    private Tensor Outside(Tensor vector) => vector - basis.mv(basis.t().mv(vector));

    private NtkRitz Approximate(int count, double tolerance)
    {
        using var scope = NewDisposeScope();
        var projected = basis.t().mm(image);
        var (values, vectors) = linalg.eigh((projected + projected.t()) / 2);
        long first = values.numel() - count;
        var (top, y) = (values.narrow(0, first, count).flip(0), vectors.narrow(1, first, count).flip(1));
        var residuals = (image.mm(y) - basis.mm(y) * top).square().sum([0]).sqrt();
        double[] eigenvalues = [.. top.data<double>().Select(value => Math.Max(value, 0))], errors = [.. residuals.data<double>()];
        return new(eigenvalues, errors, errors.All(error => error <= tolerance * eigenvalues[0]), (int)basis.size(1));
    }

    private static void Replace(ref Tensor kept, Tensor by)
    {
        kept.Dispose();
        kept = by.DetachFromDisposeScope();
    }
}

// Approximate eigenvalues, the largest first, with the lengths of their residuals.
internal sealed record NtkRitz(IReadOnlyList<double> Eigenvalues, IReadOnlyList<double> Residuals, bool Converged, int Products)
{
    internal static NtkRitz None { get; } = new([], [], false, 0);
}

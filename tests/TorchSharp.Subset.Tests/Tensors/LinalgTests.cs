using static TorchSharp.torch;

namespace TorchSharp.Subset.Tests.Tensors;

public sealed class LinalgTests : IDisposable
{
    private readonly DisposeScope temporaries = NewDisposeScope();

    public void Dispose() => temporaries.Dispose();

    [Fact]
    public void Eigvalsh_OfASymmetricMatrix_AreItsEigenvalues()
    {
        var a = tensor(new double[,] { { 2, 1 }, { 1, 2 } }); // 1 and 3
        linalg.eigvalsh(a).allclose(tensor(new[] { 1.0, 3.0 })).Should().BeTrue();
        var (values, vectors) = linalg.eigh(a);
        (vectors.matmul(diag(values)).matmul(vectors.t())).allclose(a).Should().BeTrue();
    }

    [Fact]
    public void Svdvals_OfADiagonalMatrix_AreItsSizes() =>
        linalg.svdvals(diag(tensor(new[] { 3.0, -4.0 }))).allclose(tensor(new[] { 4.0, 3.0 })).Should().BeTrue();

    [Fact]
    public void Products_OfMatrices_Agree()
    {
        var a = arange(6.0).reshape(2, 3);
        var b = a.t();
        var expected = tensor(new float[,] { { 5, 14 }, { 14, 50 } });
        foreach (var product in new[] { a.matmul(b), mm(a, b), a.unsqueeze(0).bmm(b.unsqueeze(0)).squeeze(0), einsum("ij,jk->ik", a, b), zeros(2, 2).addmm(a, b) })
            product.Equals(expected).Should().BeTrue();
        a.mv(ones(3)).data<float>().ToArray().Should().Equal(3, 12);
        dot(arange(3.0), arange(3.0)).ToDouble().Should().Be(5);
        outer(ones(2), ones(3)).shape.Should().Equal(2, 3);
    }
}

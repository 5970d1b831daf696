using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Networks;

/// <summary>
/// Convolution, ReLU, convolution, ReLU, mean, classifier on [B, 2, 5, 5], float64, with code of a test's own between them, which reads
/// parameters and buffers by name.
/// </summary>
public sealed class RawNet : Module<Tensor, Tensor>
{
    private readonly Conv2d first = Conv2d(2, 4, 3, padding: 1), second = Conv2d(4, 4, 3, padding: 1);
    private readonly ReLU relu = ReLU();
    private readonly Linear fc = Linear(4, 3);

    public RawNet() : base(nameof(RawNet))
    {
        RegisterComponents();
        this.to(float64);
    }

    public Func<RawNet, Tensor, Tensor> AtBegin { get; init; } = (_, x) => x;

    public Func<RawNet, Tensor, Tensor> AfterFirst { get; init; } = (_, x) => x;

    public Func<RawNet, Tensor, Tensor> AfterSecond { get; init; } = (_, x) => x;

    public Func<RawNet, Tensor, Tensor> BeforeEnd { get; init; } = (_, x) => x;

    public Func<RawNet, Tensor, Tensor> AtEnd { get; init; } = (_, x) => x;

    /// <summary>Calls the second convolution by forward.</summary>
    public bool Silent { get; init; }

    public RawNet With(string name, Tensor value, bool isBuffer = false)
    {
        if (isBuffer) register_buffer(name, value.DetachFromDisposeScope());
        else register_parameter(name, (Parameter)new Parameter(value.clone()).DetachFromDisposeScope());
        return this;
    }

    public Tensor this[string name] => (Tensor?)get_parameter(name) ?? get_buffer(name)!;

    public override Tensor forward(Tensor input)
    {
        var x = relu.call(AfterFirst(this, first.call(AtBegin(this, input))));
        x = relu.call(AfterSecond(this, Silent ? second.forward(x) : second.call(x)));
        return AtEnd(this, fc.call(BeforeEnd(this, x.mean([2, 3]))));
    }
}

/// <summary>Stem, one ConvNeXt block with or without a layer scale, classifier on [B, 2, 5, 5], float64.</summary>
internal sealed class LayerScaleNet : Module<Tensor, Tensor>
{
    private readonly Conv2d stem = Conv2d(2, 6, 3, padding: 1), depthwise = Conv2d(6, 6, 3, padding: 1, groups: 6);
    private readonly LayerNorm norm = LayerNorm(6);
    private readonly Linear expand = Linear(6, 12), project = Linear(12, 6), head = Linear(6, 3);
    private readonly GELU gelu = GELU();
    private readonly Parameter? gamma;

    internal LayerScaleNet(Tensor? gamma) : base(nameof(LayerScaleNet))
    {
        if (gamma is not null) this.gamma = new Parameter(gamma);
        RegisterComponents();
        this.to(float64);
    }

    public override Tensor forward(Tensor input)
    {
        var x = stem.call(input);
        var y = project.call(gelu.call(expand.call(norm.call(depthwise.call(x).permute(0, 2, 3, 1)))));
        if (gamma is not null) y = gamma * y;
        return head.call((x + y.permute(0, 3, 1, 2)).mean([2, 3]));
    }
}

/// <summary>A linear layer and, behind it, matrices and biases in functions: [B, 3] to 2 outputs, float64.</summary>
internal sealed class FunctionalMlp : Module<Tensor, Tensor>
{
    private readonly Linear first = Linear(3, 4);
    private readonly ReLU relu = ReLU(), relu2 = ReLU();
    private readonly Parameter a = new(randn(4, 4)), b = new(randn(4)), c = new(randn(2, 4)), d = new(randn(2));

    internal FunctionalMlp() : base(nameof(FunctionalMlp))
    {
        RegisterComponents();
        this.to(float64);
    }

    public override Tensor forward(Tensor input)
    {
        var x = relu2.call(functional.linear(relu.call(first.call(input)), a, b));
        return functional.linear(x, c, d);
    }

    /// <summary>Eq. 9 for the first layer's weights, and the joint objective, over all paths input i, hidden j, hidden l, output k.</summary>
    internal (double[] Decoupled, double[] Joint) SumOverPaths(Tensor input)
    {
        double[,] W = Matrix(first.weight), A = Matrix(a), C = Matrix(c), X = Matrix(input);
        double[] bias = first.bias!.data<double>().ToArray(), B = b.data<double>().ToArray();
        double[] G = [0, 0], decoupled = new double[12], joint = new double[12];
        for (int n = 0; n < X.GetLength(0); n++)
        {
            var z = new double[4];
            for (int j = 0; j < 4; j++) z[j] = Enumerable.Range(0, 3).Sum(i => W[j, i] * X[n, i]) + bias[j];
            var u = new double[4];
            for (int l = 0; l < 4; l++) u[l] = Enumerable.Range(0, 4).Sum(j => A[l, j] * Math.Max(0, z[j])) + B[l];
            foreach (var (i, j, l, k) in Paths())
            {
                if (z[j] <= 0 || u[l] <= 0) continue;
                G[k] += X[n, i] * X[n, i];
                joint[j * 3 + i] += Math.Pow(X[n, i] * W[j, i] * A[l, j] * C[k, l], 2);
            }
        }

        foreach (var (i, j, l, k) in Paths()) decoupled[j * 3 + i] += G[k] * Math.Pow(W[j, i] * A[l, j] * C[k, l], 2);
        return (decoupled, joint);
    }

    private static IEnumerable<(int I, int J, int L, int K)> Paths() =>
        from i in Enumerable.Range(0, 3) from j in Enumerable.Range(0, 4) from l in Enumerable.Range(0, 4) from k in Enumerable.Range(0, 2)
        select (i, j, l, k);

    private static double[,] Matrix(Tensor tensor)
    {
        var matrix = new double[tensor.size(0), tensor.size(1)];
        double[] values = tensor.detach().data<double>().ToArray();
        for (int i = 0; i < values.Length; i++) matrix[i / tensor.size(1), i % tensor.size(1)] = values[i];
        return matrix;
    }
}

/// <summary>Patches, a class token, positions, a layer for each token, their mean, a classifier: [B, 2, 5, 5] to 3 outputs, float64.</summary>
internal sealed class TokenNet : Module<Tensor, Tensor>
{
    private readonly Conv2d patches = Conv2d(2, 4, 3, stride: 2);
    private readonly Linear mlp = Linear(4, 6), head = Linear(6, 3);
    private readonly ReLU relu = ReLU();
    private readonly Parameter token = new(randn(1, 1, 4)), positions = new(randn(1, 5, 4));

    internal TokenNet() : base(nameof(TokenNet))
    {
        RegisterComponents();
        this.to(float64);
    }

    public override Tensor forward(Tensor input)
    {
        var x = patches.call(input).flatten(2).transpose(1, 2);
        x = cat([token.expand(x.size(0), -1, -1), x], 1) + positions;
        return head.call(relu.call(mlp.call(x)).mean([1]));
    }

    /// <summary>|θ|ᵖ ∂R/∂|θ|ᵖ for the input's path activations, or with all of them 1, by hand.</summary>
    internal Dictionary<string, Tensor> Scores(Tensor input, double power, bool active)
    {
        using var grad = enable_grad();
        Tensor Leaf(Parameter p) => p.detach().abs().pow(power).requires_grad_();
        Tensor w = Leaf(patches.weight), m = Leaf(mlp.weight), h = Leaf(head.weight);
        Tensor Sums(Tensor x, Tensor w, Tensor m, Tensor h, Tensor? gates)
        {
            var tokens = functional.conv2d(x, w, strides: [2]).flatten(2).transpose(1, 2);
            var y = functional.linear(cat([zeros_like(token).expand(x.size(0), -1, -1), tokens], 1), m);
            return functional.linear((gates is null ? y : y * gates).mean([1]), h);
        }

        var G = ones(1, 3, float64);
        if (active)
        {
            var found = cat([token.expand(input.size(0), -1, -1), patches.call(input).flatten(2).transpose(1, 2)], 1) + positions;
            G = Sums(input.square(), ones_like(w), ones_like(m), ones_like(h), mlp.call(found).gt(0).to(float64)).sum([0], keepdim: true).detach();
        }

        (G * Sums(ones(1, 2, 5, 5, float64), w, m, h, null)).sum().backward();
        return new() { ["patches.weight"] = w.detach() * w.grad!, ["mlp.weight"] = m.detach() * m.grad!, ["head.weight"] = h.detach() * h.grad! };
    }
}

using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Methods.PathExclusion;

/// <summary>PX as first released, on a residual block whose last ReLU is a function.</summary>
public class ReleasedPathExclusionTests
{
    [Fact]
    public void Score_FunctionalActivationsKept_IsTheSlopeOfAnHInWhichTheyAreOn()
    {
        using var scope = NewDisposeScope();
        using var model = Net();
        var input = Input();
        using var scores = new ReleasedPathExclusionPruner { KeepsFunctionalActivations = true }.Score(model, [(input, zeros(6, int64))]);

        using var squared = Net();
        squared.HasModules = false;
        Tensor f;
        using (no_grad())
        {
            f = model.call(input);
            foreach (var parameter in squared.parameters()) parameter.mul_(parameter);
        }

        var h = squared.call(input);
        (f * h).sum().backward();

        h.allclose(squared.WithoutActivations(input)).Should().BeFalse("the function is on in h");
        foreach (var (name, theta2) in squared.named_parameters().Where(p => p.name.EndsWith("weight", StringComparison.Ordinal)))
        {
            var expected = theta2.grad!.abs() * theta2.detach().pow(2.5);
            scores[name].allclose(expected, 1e-10, 1e-14).Should().BeTrue(name);
        }
    }

    [Fact]
    public void Prune_FunctionalActivationsKept_SaysSoInTheMetadata()
    {
        using var scope = NewDisposeScope();
        using var model = Net();

        using var result = new ReleasedPathExclusionPruner { KeepsFunctionalActivations = true }
            .Prune(model, [(Input(), zeros(6, int64))], 0.5, new PruningOptions { Rounds = 2 });

        result.Mask.Metadata["functional_activations"].Should().Be("kept");
    }

    private static Tensor Input()
    {
        using var generator = new Generator(4);
        return randn([6, 5], float64, generator: generator);
    }

    private static Block Net()
    {
        manual_seed(2);
        return (Block)new Block().to(float64);
    }

    /// <summary>linear-ReLU module-linear beside a shortcut, a ReLU as a function, a linear layer: inputs [B, 5], 3 outputs.</summary>
    private sealed class Block : Module<Tensor, Tensor>
    {
        private readonly Linear first, second, last;
        private readonly ReLU relu;

        internal Block() : base(nameof(Block))
        {
            first = nn.Linear(5, 7);
            relu = ReLU();
            second = nn.Linear(7, 5);
            last = nn.Linear(5, 3);
            RegisterComponents();
        }

        /// <summary>Whether the activation that is a module is there.</summary>
        internal bool HasModules { get; set; } = true;

        public override Tensor forward(Tensor input) => last.call(functional.relu(Branch(input)));

        /// <summary>The output without the function.</summary>
        internal Tensor WithoutActivations(Tensor input) => last.call(Branch(input));

        private Tensor Branch(Tensor input)
        {
            var x = first.call(input);
            return second.call(HasModules ? relu.call(x) : x) + input;
        }
    }
}

using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Masking;

/// <summary>Models of other shapes than a plain tree of layers.</summary>
public sealed class MaskBindingShapesTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose() => scope.Dispose();

    [Fact]
    public void Bind_ModelThatIsOneLayer_Holds() => Holds(Linear(4, 3), "weight", m => ((Linear)m).call(ones(2, 4)));

    [Fact]
    public void Bind_LayersInASequential_Holds() =>
        Holds(Sequential(Linear(4, 3), ReLU(), Linear(3, 2)), "2.weight", m => ((Sequential)m).forward(ones(2, 4)));

    [Fact]
    public void Bind_LayersInAModuleList_Holds() => Holds(new Listed(), "layers.1.weight", m => ((Listed)m).forward(ones(2, 4)));

    [Fact]
    public void Bind_ParameterOfTheModelItself_Holds() => Holds(new OwnWeight(), "weight", m => ((OwnWeight)m).call(ones(2, 4)));

    [Fact]
    public void Bind_ModelWithTwoInputs_IsHeldByItsLayers() => Holds(new TwoInputs(), "fc.weight", m => ((TwoInputs)m).call(ones(2, 4), ones(2, 4)));

    [Fact]
    public void Bind_SharedLayer_IsHeldUnderEitherName()
    {
        Holds(new Shared(), "first.weight", m => ((Shared)m).call(ones(2, 4)));
        Holds(new Shared(), "second.weight", m => ((Shared)m).call(ones(2, 4)));
    }

    [Fact]
    public void Bind_SharedLayerWithTwoMasks_KeepsWhatBothKeep()
    {
        using var model = new Shared();
        using var mask = new PruningMask(new Dictionary<string, Tensor>
        {
            ["first.weight"] = Pattern(model.get_parameter("first.weight")!, i => i % 2 == 0),
            ["second.weight"] = Pattern(model.get_parameter("first.weight")!, i => i % 3 == 0),
        });
        using var binding = mask.Bind(model);
        using (no_grad())
            model.get_parameter("first.weight")!.fill_(1);

        model.call(ones(2, 4));

        model.get_parameter("first.weight")!.detach().data<float>().ToArray()
            .Should().Equal(Enumerable.Range(0, 16).Select(i => i % 6 == 0 ? 1f : 0f));
    }

    private static void Holds(Module model, string name, Action<Module> use)
    {
        using (model)
        using (var mask = new PruningMask(new Dictionary<string, Tensor> { [name] = Pattern(model.get_parameter(name)!, i => i % 2 == 0) }))
        using (var binding = mask.Bind(model))
        {
            using (no_grad())
                model.get_parameter(name)!.fill_(2);
            binding.IsHeld.Should().BeFalse();
            use(model);
            binding.AssertHeld();
            model.get_parameter(name)!.sum().ToSingle().Should().Be(2 * mask.Kept);
        }
    }

    private static Tensor Pattern(Tensor like, Func<int, bool> keep) =>
        tensor(Enumerable.Range(0, (int)like.numel()).Select(keep).ToArray()).reshape(like.shape);

    private sealed class Listed : Module<Tensor, Tensor>
    {
        private readonly ModuleList<Module<Tensor, Tensor>> layers = new(Linear(4, 4), Linear(4, 2));

        public Listed() : base(nameof(Listed)) => RegisterComponents();

        public override Tensor forward(Tensor input) => layers.Aggregate(input, (x, layer) => layer.call(x));
    }

    private sealed class OwnWeight : Module<Tensor, Tensor>
    {
        private readonly Parameter weight = new(ones(3, 4));

        public OwnWeight() : base(nameof(OwnWeight)) => RegisterComponents();

        public override Tensor forward(Tensor input) => functional.linear(input, weight);
    }

    private sealed class TwoInputs : Module<Tensor, Tensor, Tensor>
    {
        private readonly Linear fc = Linear(4, 3);

        public TwoInputs() : base(nameof(TwoInputs)) => RegisterComponents();

        public override Tensor forward(Tensor a, Tensor b) => fc.call(a + b);
    }

    private sealed class Shared : Module<Tensor, Tensor>
    {
        private readonly Linear first = Linear(4, 4);
        private readonly Linear second;

        public Shared() : base(nameof(Shared))
        {
            second = first;
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => second.call(first.call(input));
    }
}

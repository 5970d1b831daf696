using Px.Pruning.Engine;
using Px.Pruning.Engine.Norms;
using Px.Pruning.Engine.Paths;
using Px.Pruning.Engine.Speed;
using Px.Pruning.Engine.Weights;
using Px.Pruning.Tests.Networks;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Engine;

/// <summary>
/// Evaluations stay on the model's device. The meta device stands for a GPU: its tensors have shapes and no numbers, and libtorch refuses to mix them with others.
/// </summary>
public class OtherDeviceTests
{
    public static TheoryData<string> Networks => ["convnet", "residual", "norms without parameters"];

    [Theory, MemberData(nameof(Networks))]
    public void PathEvaluation_ModelOnAnotherDevice_StaysThere(string name)
    {
        using var scope = NewDisposeScope();
        using var model = Create(name);
        using var network = new Network(model, ParameterSelection.Default);
        using var weights = MaskedOnTheCpu(network);
        var leaves = weights.SquaredLeaves(float64);
        var evaluation = new PathEvaluation { Weight = (slot, _) => leaves[slot], Scale = (norm, dimensions) => norm.SquaredScale(null, dimensions), RawPower = 2 };

        var output = network.Run(evaluation, zeros([1, 3, 8, 8], float64, META));
        autograd.backward([output.sum()], inputs: [.. leaves.Values]);

        leaves.Values.Should().HaveCountGreaterThan(1).And.OnlyContain(leaf => leaf.grad!.device_type == DeviceType.META);
    }

    [Theory, MemberData(nameof(Networks))]
    public void GradientEvaluation_NormsOfEveryKind_StayOnTheModelsDevice(string name)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var model = Create(name);
        using var network = new Network(model, ParameterSelection.Default);
        using var weights = MaskedOnTheCpu(network);
        var theta = weights.Thetas();
        using var pooled = new NormPolicy(NormStatistics.PruningBatch);
        using var watched = new WatchedNorms(null);
        using var plain = new DataNorms(NormStatistics.Running, leavesOutConstants: false);

        foreach (IGradientNorms norms in new IGradientNorms[] { pooled, watched, plain })
        {
            Tensor Run() => network.Run(new GradientEvaluation(slot => theta[slot], norms), zeros([4, 3, 8, 8], float32, META));
            norms.Watch(() => Run());
            Run().device_type.Should().Be(DeviceType.META, norms.GetType().Name);
        }

        foreach (var norm in network.Modules.Select(hooked => hooked.Norm).OfType<NormLayer>())
            (zeros([4, 8, 4, 4], float64, META) * pooled.SquaredScale(norm, 4)).device_type.Should().Be(DeviceType.META, norm.Name);
    }

    [Fact]
    public void Parts_BatchOnAnotherDevice_IsTheWholeBatch()
    {
        using var scope = NewDisposeScope();
        var speed = new SpeedPolicy();

        speed.Parts(zeros(100, 3)).Should().HaveCount(4);
        speed.Parts(zeros([100, 3], float32, META)).Should().ContainSingle().Which.Samples.Should().Be(100);
    }

    // As in a round: masks are on the CPU.
    private static MaskedWeights MaskedOnTheCpu(Network network) =>
        new(network, new SlotTensors(network.Prunable, slot => ones(slot.Weight.shape, ScalarType.Bool)));

    private static Module<Tensor, Tensor> Create(string name)
    {
        Module<Tensor, Tensor> model = name switch
        {
            "convnet" => new ConvNet(),
            "residual" => new ResidualNet(functionalTail: false),
            _ => Sequential(
                Conv2d(3, 8, 3, padding: 1), InstanceNorm2d(8), ReLU(), Conv2d(8, 8, 3, padding: 1), GroupNorm(2, 8, affine: false), ReLU(),
                LayerNorm([8, 8, 8], elementwise_affine: false), AdaptiveAvgPool2d(1), Flatten(), Linear(8, 4)),
        };
        return model.to(META);
    }
}

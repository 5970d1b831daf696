using Px.Pruning.Tests.Networks;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Methods;

/// <summary>Every method prunes the networks of TorchVision's package, whose code knows nothing of this library.</summary>
public class TorchVisionTests(TorchVisionModels models) : IClassFixture<TorchVisionModels>
{
    // As cheap as a method allows: the networks are large, and what is asked here does not depend on settings.
    private static readonly Dictionary<string, IPruner> methods = new()
    {
        ["PX"] = new PathExclusionPruner(),
        ["PX joint"] = new PathExclusionPruner { Objective = PxObjective.Joint },
        ["PX released"] = new ReleasedPathExclusionPruner(),
        ["SNIP"] = new SnipPruner(),
        ["IterSNIP"] = new IterSnipPruner(),
        ["FORCE"] = new ForcePruner(),
        ["GraSP"] = new GraspPruner(),
        ["ProsPR"] = new ProsPrPruner { Steps = 1 },
        ["SynFlow"] = new SynFlowPruner(),
        ["SynFlow-L2"] = new SynFlowL2Pruner(),
        ["LogSynFlow"] = new LogSynFlowPruner(),
        ["NTK-SAP"] = new NtkSapPruner { Samples = 3, Repeats = 1 },
        ["Magnitude"] = new MagnitudePruner(),
        ["Random"] = new RandomPruner(),
        ["PHEW"] = new PhewPruner(),
        ["IMP"] = new IterativeMagnitudePruner((model, _) => Train(model)),
    };

    /// <summary>Networks whose residual blocks end in <c>x.add_(identity).relu_()</c>.</summary>
    private static readonly string[] residual = ["resnet18", "resnet50"];

    public static TheoryData<string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (string network in TorchVisionModels.Names)
            foreach (string method in methods.Keys)
            {
                if (method != "PX released" || !residual.Contains(network)) cases.Add(network, method);
            }

            return cases;
        }
    }

    public static TheoryData<string> Networks => [.. TorchVisionModels.Names];

    public static TheoryData<string> ResidualNetworks => [.. residual];

    [Theory, MemberData(nameof(Cases))]
    public void Prune_NetworkOfTorchVision_KeepsTheExactCountAndEveryOtherBit(string network, string method)
    {
        var found = models.Get(network);
        using var scope = NewDisposeScope();
        var pruner = methods[method];

        using (var result = pruner.Prune(found.Model, [Images(6)], 0.98, Options(pruner)))
        {
            result.Binding.AssertHeld();
            var used = found.Weights.Where(weight => !IsAuxiliary(weight.Name)).ToList();
            result.Mask.Names.Should().BeEquivalentTo(used.Select(weight => weight.Name));
            result.Mask.Total.Should().Be(used.Sum(weight => weight.Count));
            result.Report.UnusedLayers.Should().HaveCount(found.Weights.Count() - used.Count);
            result.Mask.Kept.Should().Be((long)Math.Round(0.02 * result.Mask.Total, MidpointRounding.AwayFromZero));
            result.Report.Method.Should().Be(pruner.Name);
            result.Report.Layers.Select(layer => layer.Name).Should().Equal(result.Mask.Names);
            result.Report.Kept.Should().Be(result.Mask.Kept);
            result.Report.DenseFlops.Should().NotBeNull("hooks saw every layer");
            if (method != "IMP") result.Report.Outputs.Should().Be(10, "these networks add paths and nothing else");
            found.ShouldBeAsMade(result.Mask);
        }

        found.PutBack();
    }

    [Theory, MemberData(nameof(Networks))]
    public void Call_AfterATrainingStep_HoldsTheMask(string network)
    {
        var found = models.Get(network);
        using var scope = NewDisposeScope();
        var (input, target) = Images(3);
        using (var result = new RandomPruner().Prune(found.Model, sparsity: 0.9, new PruningOptions { Seed = 1 }))
        using (var optimizer = optim.SGD(found.Model.parameters(), 0.01, momentum: 0.9, weight_decay: 0.1))
        {
            for (int step = 0; step < 2; step++)
            {
                optimizer.zero_grad();
                functional.cross_entropy(found.Model.call(input), target).backward();
                optimizer.step();
            }

            result.Binding.IsHeld.Should().BeFalse("a step has moved pruned weights, and nothing has used them since");
            found.Model.call(input);
            result.Binding.AssertHeld();
        }

        found.PutBack();
    }

    /// <summary>
    /// Rightly: this variant sends data of both signs through a network without activations, and a function is out of a hook's reach.
    /// The path sums of other methods are never negative, where a ReLU changes nothing.
    /// </summary>
    [Theory, MemberData(nameof(ResidualNetworks))]
    public void Prune_ReleasedPxWhereBlocksEndInAReluFunction_IsRefusedByTheBlocksName(string network)
    {
        var found = models.Get(network);
        using var scope = NewDisposeScope();
        var pruner = methods["PX released"];

        var act = () => pruner.Prune(found.Model, [Images(6)], 0.98, Options(pruner));

        act.Should().Throw<UnsupportedModelException>().WithMessage("*activation*function*").Which.Module.Should().Be("layer1.0");
        found.ShouldBeAsMade();
    }

    /// <summary>The heads of GoogLeNet that only run in training.</summary>
    private static bool IsAuxiliary(string name) => name.StartsWith("aux", StringComparison.Ordinal);

    private static PruningOptions Options(IPruner pruner) =>
        new() { Rounds = Math.Min(2, pruner.DefaultRounds), Data = DataBudget.All, BatchSize = 3, Seed = 1 };

    /// <summary>The least that five halvings leave a pixel of.</summary>
    private static (Tensor Input, Tensor Target) Images(int count) => Samples.Normal(count, [3, 32, 32], 10);

    private static void Train(Module<Tensor, Tensor> model)
    {
        using var scope = NewDisposeScope();
        using var optimizer = optim.SGD(model.parameters(), 0.01);
        var (input, target) = Images(3);
        functional.cross_entropy(model.call(input), target).backward();
        optimizer.step();
    }
}

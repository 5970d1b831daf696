using Px.Pruning.Engine;
using Px.Pruning.Tests.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Engine;

/// <summary>Forward passes without gradients have channels innermost, but only where the network's code computes the same that way.</summary>
public class ChannelsLastTests
{
    [Fact]
    public void ForForwardPass_OrdinaryNetwork_MovesChannelsInnermostAndChangesNoNumber()
    {
        using var scope = NewDisposeScope();
        using var network = Probed(new ConvNet(), out var batch);

        var arranged = network.ForForwardPass(batch).Tensors[0];

        arranged.shape.Should().Equal(batch.shape);
        arranged.stride(1).Should().Be(1);
        arranged.eq(batch).all().ToBoolean().Should().BeTrue();
    }

    [Theory]
    [MemberData(nameof(LayoutReaders))]
    public void ForForwardPass_CodeThatDependsOnTheLayout_LeavesTheBatchAlone(string name)
    {
        using var scope = NewDisposeScope();
        using var network = Probed(new ReadsMaps(readers[name]), out var batch);

        network.ForForwardPass(batch).Tensors[0].stride().Should().Equal(batch.stride());
    }

    [Fact]
    public void ForForwardPass_InputsThatAreNoImages_LeavesThemAlone()
    {
        using var scope = NewDisposeScope();
        using var model = nn.Sequential(nn.Linear(5, 3));
        using var network = new Network(model, ParameterSelection.Default);
        var batch = ones(4, 5);
        network.Probe(batch.narrow(0, 0, 1));

        network.ForForwardPass(batch).Tensors[0].stride().Should().Equal(batch.stride());
    }

    [Theory]
    [MemberData(nameof(Pruners))]
    public void Score_CodeThatViewsAFeatureMap_IsThatOfTheSameNetworkWithoutViews(string name)
    {
        using var scope = NewDisposeScope();
        using var viewing = new ReadsMaps(readers["view"]).to(float64);
        using var flattening = new ReadsMaps(x => x.flatten(1)).to(float64);
        flattening.load_state_dict(viewing.state_dict());
        var data = PruningData.From([Samples.Normal(8, [3, 6, 6], dtype: ScalarType.Float64)]);
        var options = new PruningOptions { Data = DataBudget.All, Seed = 1 };

        using var found = pruners[name].Score(viewing, data, options: options);
        using var expected = pruners[name].Score(flattening, data, options: options);

        foreach (string parameter in expected.Names)
            found[parameter].allclose(expected[parameter], rtol: 1e-9, atol: 1e-12).Should().BeTrue(parameter);
    }

    private static readonly Dictionary<string, IPruner> pruners = new()
    {
        ["PX"] = new PathExclusionPruner(),
        ["SNIP"] = new SnipPruner(),
        ["GraSP"] = new GraspPruner(),
        ["ProsPR"] = new ProsPrPruner(),
        ["NTK-SAP"] = new NtkSapPruner(),
    };

    private static readonly Dictionary<string, Func<Tensor, Tensor>> readers = new()
    {
        ["view"] = x => x.view(x.size(0), -1),
        ["as_strided"] = x => x.as_strided([x.size(0), 144], [144, 1]),
    };

    public static TheoryData<string> LayoutReaders => [.. readers.Keys];

    public static TheoryData<string> Pruners => [.. pruners.Keys];

    private static Network Probed(nn.Module<Tensor, Tensor> model, out Tensor batch)
    {
        batch = Samples.Normal(4, model is ConvNet ? [3, 8, 8] : [3, 6, 6]).Input;
        model.eval();
        var network = new Network(model, ParameterSelection.Default);
        network.Probe(batch.narrow(0, 0, 1));
        return network;
    }
}

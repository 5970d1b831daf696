using Px.Pruning.Tests.Networks;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Methods;

/// <summary>NaN and infinity stop a pruner with a typed exception; they are never ranked.</summary>
public class NonFiniteTests
{
    [Theory]
    [MemberData(nameof(AllPruners.DataDriven), MemberType = typeof(AllPruners))]
    public void Prune_NaNInTheData_Throws(string name)
    {
        using var scope = NewDisposeScope();
        using var model = new ConvNet();
        var (input, target) = Samples.Normal(8, [3, 8, 8]);
        input[2, 1, 3, 3] = tensor(float.NaN);
        var before = ModelState.Of(model);

        var act = () => AllPruners.Get(name).Prune(model, [(input, target)], 0.5, new PruningOptions { Rounds = 2 });

        act.Should().Throw<NonFiniteScoreException>();
        ModelState.Of(model).ShouldEqual(before);
    }

    [Theory]
    [InlineData("PX", float.NaN)]
    [InlineData("PX joint", float.PositiveInfinity)]
    [InlineData("SNIP", float.NaN)]
    [InlineData("Magnitude", float.NaN)]
    [InlineData("Magnitude", float.NegativeInfinity)]
    [InlineData("PHEW", float.NaN)]
    [InlineData("PHEW", float.PositiveInfinity)]
    public void Prune_NonFiniteWeight_Throws(string name, float value)
    {
        using var scope = NewDisposeScope();
        using var model = new ConvNet();
        using (no_grad()) model.state_dict()["conv2.weight"][1, 1, 1, 1] = tensor(value);
        var before = ModelState.Of(model);

        var act = () => AllPruners.Get(name).Prune(model, [Samples.Normal(8, [3, 8, 8])], 0.5, new PruningOptions { Rounds = 2 });

        act.Should().Throw<NonFiniteScoreException>();
        ModelState.Of(model).ShouldEqual(before);
    }

    [Fact]
    public void Prune_MagnitudeWithANaN_NamesTheLayer()
    {
        using var scope = NewDisposeScope();
        using var model = new ConvNet();
        using (no_grad()) model.state_dict()["conv2.weight"][0, 0, 0, 0] = tensor(float.NaN);

        var act = () => new MagnitudePruner().Prune(model, sparsity: 0.5);

        act.Should().Throw<NonFiniteScoreException>().WithMessage("*'conv2.weight'*").Which.Parameter.Should().Be("conv2.weight");
    }
}

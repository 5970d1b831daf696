using Px.Pruning.Tests.Engine;
using Px.Pruning.Tests.Networks;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Methods;

/// <summary>Segmentation targets with pixels that belong to no class.</summary>
public class VoidPixelTests
{
    private static readonly PruningOptions all = new() { Data = DataBudget.All, Seed = 1 };

    private static readonly PruningOptions without255 =
        all with { Loss = (output, target) => functional.cross_entropy(output, target, ignore_index: 255) };

    [Theory]
    [InlineData("SNIP")]
    [InlineData("IterSNIP")]
    [InlineData("FORCE")]
    public void Score_VoidPixels_AreTheSlopesOfTheMeanOverTheOthers(string method)
    {
        using var scope = NewDisposeScope();
        using var model = Net();
        var (input, target) = Data(255);

        using var scores = AllPruners.Get(method).Score(model, [(input, target)], options: without255);

        double Loss()
        {
            var wanted = target.ne(255);
            var losses = functional.cross_entropy(model.call(input), target.masked_fill(wanted.logical_not(), 0), reduction: Reduction.None);
            return (losses * wanted).sum().ToDouble() / wanted.sum().ToInt64();
        }

        WeightUseTests.ShouldBeSlopes(scores, model, Loss, method);
    }

    [Theory]
    [MemberData(nameof(AllPruners.Names), MemberType = typeof(AllPruners))]
    public void Score_DefaultLoss_LeavesMinus100OutAsThatLossDoes255(string method)
    {
        using var scope = NewDisposeScope();
        using var model = Net();

        using var expected = AllPruners.Get(method).Score(model, [Data(255)], options: without255);
        using var scores = AllPruners.Get(method).Score(model, [Data(-100)], options: all);

        foreach (string name in expected.Names) scores[name].eq(expected[name]).all().ToBoolean().Should().BeTrue(name);
    }

    [Fact]
    public void Score_DefaultLossOn255_IsRefusedWithTheLossThatHelps()
    {
        using var scope = NewDisposeScope();
        using var model = Net();
        var before = ModelState.Of(model);

        var act = () => new SnipPruner().Prune(model, [Data(255)], 0.5, all);

        act.Should().Throw<ArgumentException>()
            .WithMessage("*class 255*PruningOptions.Loss = (output, target) => functional.cross_entropy(output, target, ignore_index: 255)*");
        ModelState.Of(model).ShouldEqual(before);
    }

    [Fact]
    public void Score_OneHotMapsWithRowsOfZeros_AreRefusedWithTheRemedyThatIsRight()
    {
        using var scope = NewDisposeScope();
        using var model = Net();
        var (input, target) = Data(-100);
        var hot = functional.one_hot(target.clamp_min(0), 3).permute(0, 3, 1, 2).to(float64) * target.ne(-100).unsqueeze(1);

        model.Invoking(net => new SnipPruner().Score(net, [(input, hot)], options: all)).Should().Throw<ArgumentException>()
            .WithMessage("*sum to 0*target.argmax(1).masked_fill(target.sum(1).eq(0), -100)*");

        hot.argmax(1).masked_fill(hot.sum(1).eq(0), -100).eq(target).all().ToBoolean().Should().BeTrue("that remedy gives the indices");
    }

    private static Module<Tensor, Tensor> Net()
    {
        manual_seed(4);
        return Sequential(
            ("first", Conv2d(2, 4, 3, padding: 1, dtype: float64)), ("relu", ReLU()), ("last", Conv2d(4, 3, 1, dtype: float64)));
    }

    private static (Tensor Input, Tensor Target) Data(long label)
    {
        using var generator = new Generator(2);
        var input = randn([4, 2, 5, 5], float64, generator: generator);
        var target = randint(0, 4, [4, 5, 5], int64, generator: generator);
        return (input, target.masked_fill(target.eq(3), label));
    }
}

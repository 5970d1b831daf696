using Px.Pruning.Shrinking;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Shrinking;

/// <summary>A dead network is small and fast, and worth nothing: that is what is said first.</summary>
public sealed class ConstantNetworkTests : IDisposable
{
    private const string Constant = "THE NETWORK IS CONSTANT";
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose() => scope.Dispose();

    [Fact]
    public void Shrink_LayerWithoutWeights_SaysFirstThatTheNetworkIsConstant()
    {
        using var net = Chain();
        using (no_grad()) net.get_parameter("b.weight")!.fill_(0);

        using var small = Shrinker.Shrink(net, [3, 8, 8], new ShrinkOptions { LatencyRuns = 1 });

        small.IsConstant.Should().BeTrue();
        small.ToString().Should().StartWith(Constant);
    }

    [Fact]
    public void Shrink_LayersThatDoNotMeet_SaysFirstThatTheNetworkIsConstant()
    {
        using var net = Chain();
        using (no_grad())
        {
            // The first hands on channels 0 to 2, the second reads 3 to 5.
            net.get_parameter("a.weight")!.narrow(0, 3, 3).fill_(0);
            net.get_parameter("b.weight")!.narrow(1, 0, 3).fill_(0);
        }

        using var small = Shrinker.Shrink(net, [3, 8, 8], new ShrinkOptions { LatencyRuns = 0 });

        small.IsConstant.Should().BeTrue();
        small.ToString().Should().StartWith(Constant);
    }

    [Fact]
    public void Shrink_DeadNetworkWithoutPathsToFollow_IsFoundByItsAnswers()
    {
        using var net = Sequential(("a", Linear(3, 4)), ("gate", Sigmoid()), ("b", Linear(4, 2)));
        using (no_grad()) net.get_parameter("a.weight")!.fill_(0);

        using var small = Shrinker.Shrink(net, [3], new ShrinkOptions { LatencyRuns = 0 });

        small.IsConstant.Should().BeTrue();
        small.ToString().Should().StartWith(Constant);
    }

    [Fact]
    public void Shrink_NetworkThatLives_SaysNothingOfTheKind()
    {
        using var net = Chain();
        using (no_grad()) net.get_parameter("a.weight")!.narrow(0, 3, 3).fill_(0);

        using var small = Shrinker.Shrink(net, [3, 8, 8], new ShrinkOptions { LatencyRuns = 0 });

        small.IsConstant.Should().BeFalse();
        small.ToString().Should().StartWith("Parameters ");
    }

    private static TorchSharp.Modules.Sequential Chain()
    {
        manual_seed(1);
        return Sequential(("a", Conv2d(3, 6, 3, padding: 1)), ("relu", ReLU()), ("b", Conv2d(6, 4, 3)), ("flat", Flatten()), ("c", Linear(4 * 36, 2)));
    }
}

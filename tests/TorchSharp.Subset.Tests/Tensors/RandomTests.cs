using System.Runtime.InteropServices;

using static TorchSharp.torch;

namespace TorchSharp.Subset.Tests.Tensors;

public sealed class RandomTests : IDisposable
{
    private readonly DisposeScope temporaries = NewDisposeScope();

    public void Dispose() => temporaries.Dispose();

    [Fact]
    public void ManualSeed_Twice_RepeatsTheNumbers()
    {
        manual_seed(7);
        var first = randn(10);
        manual_seed(7);
        randn(10).Equals(first).Should().BeTrue();
        randn(10).Equals(first).Should().BeFalse();
        initial_seed().Should().Be(7);
    }

    [Fact]
    public void Generator_WithTheSeedOfTheProcess_GivesItsNumbers()
    {
        using var generator = new Generator(5);
        manual_seed(5);
        rand(4, generator: generator).Equals(rand(4)).Should().BeTrue();
        generator.initial_seed().Should().Be(5);
        generator.device.type.Should().Be(DeviceType.CPU);
    }

    [Fact]
    public void Generator_OfItsOwn_LeavesTheProcessAlone()
    {
        manual_seed(3);
        var expected = rand(4);
        manual_seed(3);
        using var generator = new Generator(11);
        empty(100).normal_(0, 1, generator);
        randperm(5, generator: generator);
        empty(100).bernoulli_(0.5, generator);
        rand(4).Equals(expected).Should().BeTrue();
    }

    [Fact]
    public void Generator_StateSetBack_RepeatsTheNumbers()
    {
        using var generator = new Generator(1);
        var state = generator.get_state();
        var first = rand(4, generator: generator);
        generator.set_state(state);
        rand(4, generator: generator).Equals(first).Should().BeTrue();
        generator.manual_seed(1);
        rand(4, generator: generator).Equals(first).Should().BeTrue();
    }

    [Fact]
    public void RngState_SetBack_RepeatsTheNumbers()
    {
        var state = torch.random.get_rng_state();
        var first = rand(4);
        torch.random.set_rng_state(state);
        rand(4).Equals(first).Should().BeTrue();
        state.dtype.Should().Be(ScalarType.Byte);
        state.shape.Should().Equal(5056);
    }

    [SubsetFact]
    public void Generator_StateOfAnotherSize_ThrowsWhereTheRealOneAborts()
    {
        using var generator = new Generator(1);
        ((Action)(() => generator.set_state(zeros(3, dtype: uint8)))).Should().Throw<ExternalException>();
    }

    [Fact]
    public void Randperm_OfN_HoldsEveryNumberOnce() =>
        randperm(50).data<long>().ToArray().Should().BeEquivalentTo(Enumerable.Range(0, 50).Select(i => (long)i));

    [Fact]
    public void Randint_BetweenTwoNumbers_ExcludesTheUpper()
    {
        var made = randint(-2, 3, new long[] { 1000 });
        made.min().item<long>().Should().Be(-2);
        made.max().item<long>().Should().Be(2);
    }

    [Fact]
    public void Distributions_OfManyNumbers_HaveTheirMoments()
    {
        manual_seed(0);
        const int n = 20000; // standard errors below 0.01
        var normal = empty(n).normal_(2, 0.5);
        normal.mean().ToDouble().Should().BeApproximately(2, 0.05);
        normal.std().ToDouble().Should().BeApproximately(0.5, 0.05);
        empty(n).uniform_(-1, 3).mean().ToDouble().Should().BeApproximately(1, 0.05);
        empty(n).bernoulli_(0.25).mean().ToDouble().Should().BeApproximately(0.25, 0.05);
        bernoulli(full(n, 0.75)).mean().ToDouble().Should().BeApproximately(0.75, 0.05);
        torch.normal(1, 2, new long[] { n }).std().ToDouble().Should().BeApproximately(2, 0.1);
        empty(n).random_(0, 4).max().ToDouble().Should().Be(3);
    }
}

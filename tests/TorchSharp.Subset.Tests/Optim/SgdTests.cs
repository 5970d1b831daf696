using TorchSharp.Modules;
using TorchSharp.Subset.Tests.Modules;

using static TorchSharp.torch;

namespace TorchSharp.Subset.Tests.Optim;

public class SgdTests
{
    [Theory]
    [InlineData(0, 0, 0, false, false)]
    [InlineData(0.9, 0, 0, false, false)]
    [InlineData(0.9, 0.3, 0.1, false, false)]
    [InlineData(0.9, 0, 0.1, true, false)]
    [InlineData(0.5, 0, 0.1, false, true)]
    public void Step_FiveTimesOnASquare_FollowsTheRecurrence(double momentum, double dampening, double decay, bool nesterov, bool maximize)
    {
        using var theta = tensor(2.0).AsParameter();
        using var optimizer = optim.SGD([theta], 0.1, momentum, dampening, decay, nesterov, maximize);
        var (t, buffer) = (2.0, 0.0);
        for (var i = 0; i < 5; i++)
        {
            optimizer.zero_grad();
            (theta * theta).backward();
            optimizer.step();

            var g = (2 * t) + (decay * t);
            buffer = i == 0 ? g : (momentum * buffer) + ((1 - dampening) * g);
            var direction = momentum == 0 ? g : nesterov ? g + (momentum * buffer) : buffer;
            t += (maximize ? 0.1 : -0.1) * direction;
        }

        theta.ToDouble().Should().BeApproximately(t, 1e-12);
    }

    [Fact]
    public void Step_PrunedWeightWithZeroGradient_IsMovedByMomentum()
    {
        using var theta = ones(1).AsParameter();
        using var optimizer = optim.SGD([theta], 0.1, momentum: 0.9);
        theta.sum().backward();
        optimizer.step();
        using (no_grad()) theta.zero_();
        optimizer.zero_grad();

        optimizer.step();

        theta.ShouldBeClose(1e-6f, -0.09f);
    }

    [Fact]
    public void Step_NoGradient_SkipsTheParameter()
    {
        using var theta = ones(1).AsParameter();
        using var optimizer = optim.SGD([theta], 1, 0.9, weight_decay: 0.5);

        optimizer.step().Should().BeNull();

        theta.Floats().Should().Equal(1);
    }

    [Fact]
    public void ZeroGrad_Gradients_AreZeroedInPlace()
    {
        using var theta = ones(1).AsParameter();
        using var optimizer = optim.SGD([theta], 1);
        (theta * 3).sum().backward();
        var gradient = theta.grad!;

        optimizer.zero_grad();

        gradient.Floats().Should().Equal(0);
        theta.grad.Should().NotBeNull();
    }

    [Fact]
    public void State_MomentumBuffer_IsSeenAndKeptThroughScopes()
    {
        using var theta = ones(1).AsParameter();
        using var optimizer = optim.SGD([theta], 1, momentum: 0.9);
        var state = (SGD.State)optimizer.state_dict().State[0];
        state.momentum_buffer.Should().BeNull();

        using (NewDisposeScope())
        {
            (theta * 3).sum().backward();
            optimizer.step();
        }

        state.momentum_buffer!.Floats().Should().Equal(3);
        optimizer.state_dict().State[0].Should().BeSameAs(state);
        optimizer.state_dict().StateIndexRef.Should().ContainSingle().Which.Should().Equal(0);
        optimizer.state_dict().Options.Should().ContainSingle().Which.LearningRate.Should().Be(1);
    }

    [Fact]
    public void Step_ParameterReplaced_Throws()
    {
        using var list = nn.Linear(1, 1);
        using var lazy = nn.Linear(1, 1);
        using var ofList = optim.SGD(list.parameters().ToList(), 1);
        using var ofLazy = optim.SGD(lazy.parameters(), 1);
        list.@double();
        lazy.@double();
        foreach (var parameter in lazy.parameters()) parameter.grad = ones_like(parameter);

        ofLazy.Invoking(o => o.step()).Should().Throw<KeyNotFoundException>();
        ofList.Invoking(o => o.step()).Should().Throw<KeyNotFoundException>();
    }

    [Fact]
    public void Step_Closure_ReturnsItsLoss()
    {
        using var theta = ones(1).AsParameter();
        using var optimizer = optim.SGD([theta], 1);

        var loss = optimizer.step(() =>
        {
            var value = (theta * 2).sum();
            value.backward();
            return value;
        });

        loss!.item<float>().Should().Be(2);
        theta.Floats().Should().Equal(-1);
    }

    [Fact]
    public void ParamGroups_OwnOptions_OverrideTheDefaults()
    {
        using var a = ones(1).AsParameter();
        using var b = ones(1).AsParameter();
        using var optimizer = optim.SGD([new SGD.ParamGroup([a], lr: 0.5), new SGD.ParamGroup([b], new SGD.Options { momentum = 0.3 })], 2, 0.9, weight_decay: 0.1);
        var groups = optimizer.ParamGroups.Cast<SGD.ParamGroup>().ToList();

        groups.Select(group => (group.LearningRate, group.InitialLearningRate, group.Options.momentum, group.Options.weight_decay)).Should().Equal((0.5, 0.5, 0, 0), (2, 2, 0.3, 0.1));
        groups[0].LearningRate = 7;
        groups[0].Options.LearningRate.Should().Be(7);
        optimizer.parameters().Should().Equal(a, b);
    }

    [Fact]
    public void SGD_BadArguments_Throw()
    {
        using var theta = ones(1).AsParameter();

        theta.Invoking(p => optim.SGD([p], -1)).Should().Throw<ArgumentException>().WithMessage("Invalid learning rate: -1");
        theta.Invoking(p => optim.SGD([p], 1, -1)).Should().Throw<ArgumentException>();
        theta.Invoking(p => optim.SGD([p], 1, weight_decay: -1)).Should().Throw<ArgumentException>();
        theta.Invoking(p => optim.SGD([p], 1, nesterov: true)).Should().Throw<ArgumentException>();
    }

    [Fact]
    public void Dispose_Optimizer_FreesItsStateAndNotTheParameters()
    {
        using var theta = ones(1).AsParameter();
        var optimizer = optim.SGD(nn.Linear(1, 1).named_parameters().Select(named => (named.name, named.parameter)).Append(("theta", theta)), 1, 0.9);
        theta.sum().backward();
        optimizer.step();
        var buffer = ((SGD.State)optimizer.state_dict().State[2]).momentum_buffer!;

        optimizer.Dispose();

        buffer.IsInvalid.Should().BeTrue();
        theta.IsInvalid.Should().BeFalse();
    }
}

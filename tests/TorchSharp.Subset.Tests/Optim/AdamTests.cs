using TorchSharp.Modules;
using TorchSharp.Subset.Tests.Modules;

using static TorchSharp.torch;

namespace TorchSharp.Subset.Tests.Optim;

public class AdamTests
{
    [Theory]
    [InlineData(false, 0, false)]
    [InlineData(false, 0.1, true)]
    [InlineData(true, 0, true)]
    [InlineData(true, 0.1, false)]
    public void Step_FiveTimesOnASquare_FollowsTheRecurrence(bool decoupled, double decay, bool amsgrad)
    {
        using var theta = tensor(2.0).AsParameter();
        using OptimizerHelper optimizer = decoupled
            ? optim.AdamW([theta], 0.1, 0.8, 0.9, 1e-6, decay, amsgrad)
            : optim.Adam([theta], 0.1, 0.8, 0.9, 1e-6, decay, amsgrad);
        var (t, m, v, largest) = (2.0, 0.0, 0.0, 0.0);
        for (var i = 1; i <= 5; i++)
        {
            optimizer.zero_grad();
            (theta * theta).backward();
            optimizer.step();

            var g = 2 * t;
            if (decoupled) t *= 1 - (0.1 * decay);
            else g += decay * t;
            m = (0.8 * m) + (0.2 * g);
            v = (0.9 * v) + (0.1 * g * g);
            largest = Math.Max(largest, v);
            var second = (amsgrad ? largest : v) / (1 - Math.Pow(0.9, i));
            t -= 0.1 * (m / (1 - Math.Pow(0.8, i))) / (Math.Sqrt(second) + 1e-6);
        }

        theta.ToDouble().Should().BeApproximately(t, 1e-12);
    }

    [Fact]
    public void State_Moments_AreThereFromTheStart()
    {
        using var theta = ones(1).AsParameter();
        using var optimizer = optim.Adam([theta], 0.1, amsgrad: true);
        var state = (Adam.State)optimizer.state_dict().State[0];
        (state.step, state.exp_avg.item<float>(), state.max_exp_avg_sq.item<float>()).Should().Be((0, 0, 0));

        (theta * 3).sum().backward();
        optimizer.step();

        state.step.Should().Be(1);
        state.exp_avg.ShouldBeClose(1e-6f, 0.3f);
        state.exp_avg_sq.ShouldBeClose(1e-6f, 0.009f);
        state.max_exp_avg_sq.ShouldBeClose(1e-6f, 0.009f);
    }

    [Fact]
    public void LoadStateDict_OfAnotherAdam_CopiesStateAndOptions()
    {
        using var theta = ones(1).AsParameter();
        using var source = optim.Adam([theta], 1);
        (theta * 3).sum().backward();
        source.step();
        using var other = ones(1).AsParameter();
        using var target = optim.Adam([other], 0.5);

        target.load_state_dict(source.state_dict());

        var (copied, original) = ((Adam.State)target.state_dict().State[0], (Adam.State)source.state_dict().State[0]);
        copied.step.Should().Be(1);
        copied.exp_avg.Should().NotBeSameAs(original.exp_avg);
        copied.exp_avg.ShouldBeClose(1e-6f, 0.3f);
        target.ParamGroups.Single().LearningRate.Should().Be(1);
        using var two = optim.Adam([ones(1).AsParameter(), ones(1).AsParameter()]);
        two.Invoking(o => o.load_state_dict(source.state_dict())).Should().Throw<ArgumentException>();
    }

    [Fact]
    public void AdamW_WeightDecay_IsOffByDefault()
    {
        using var optimizer = optim.AdamW([ones(1).AsParameter()]);

        ((AdamW.Options)optimizer.state_dict().Options[0]).weight_decay.Should().Be(0);
        optimizer.Betas.Should().Be((0.9, 0.999));
    }

    [Fact]
    public void Adam_BadArguments_Throw()
    {
        using var theta = ones(1).AsParameter();

        theta.Invoking(p => optim.Adam([p], -1)).Should().Throw<ArgumentException>();
        theta.Invoking(p => optim.Adam([p], 1, 1.5)).Should().Throw<ArgumentException>().WithMessage("Invalid beta1: 1.5");
        theta.Invoking(p => optim.Adam([p], 1, 0.5, -1)).Should().Throw<ArgumentException>();
        theta.Invoking(p => optim.Adam([p], 1, eps: -1)).Should().Throw<ArgumentException>();
    }

    [Fact]
    public void Steps_Many_LeaveNoTensor()
    {
        using var linear = nn.Linear(3, 2);
        using var optimizer = optim.Adam(linear.parameters().ToList(), amsgrad: true);
        Step();
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

        for (var i = 0; i < 10; i++) Step();

        DisposeScopeManager.Statistics.ThreadTotalLiveCount.Should().Be(before);

        void Step()
        {
            using var temporaries = NewDisposeScope();
            optimizer.zero_grad();
            linear.call(ones(1, 3)).sum().backward();
            optimizer.step();
        }
    }
}

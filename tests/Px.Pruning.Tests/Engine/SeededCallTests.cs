using Px.Pruning.Tests.Methods;
using Px.Pruning.Tests.Networks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Engine;

/// <summary>Who notices a seeded call: nobody who draws from the global generator, unless the caller's own code does so in the call.</summary>
public class SeededCallTests
{
    [Theory, MemberData(nameof(AllPruners.Names), MemberType = typeof(AllPruners))]
    public void Score_WithASeed_DoesNotTouchTheGlobalGenerator(string method)
    {
        using var scope = NewDisposeScope();
        using var model = new NoisyNet { Noise = 0 };
        var data = PruningData.From([Samples.Normal(8, [3])]);
        bool isOver = false;
        var seen = new List<(long, long)>();
        var draws = new Thread(() =>
        {
            while (!Volatile.Read(ref isOver))
            {
                using var drawn = randint(0, long.MaxValue, [2], int64);
                seen.Add((drawn[0].ToInt64(), drawn[1].ToInt64()));
            }
        });
        draws.Start();
        for (int call = 0; call < 12; call++) AllPruners.Get(method).Score(model, data, options: new() { Seed = 3 }).Dispose();
        Volatile.Write(ref isOver, true);
        draws.Join();

        seen.Should().HaveCountGreaterThan(50);
        seen.Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public void Score_ModelThatDraws_RepeatsWithItsSeedAndPutsTheStateBack()
    {
        using var scope = NewDisposeScope();
        using var model = new NoisyNet { Noise = 1 };
        var data = PruningData.From([Samples.Normal(8, [3])]);
        var before = random.get_rng_state();

        using var once = new SnipPruner().Score(model, data, options: new() { Seed = 3 });
        using var other = new SnipPruner().Score(model, data, options: new() { Seed = 4 });
        using var again = new SnipPruner().Score(model, data, options: new() { Seed = 3 });

        again["first.weight"].eq(once["first.weight"]).all().ToBoolean().Should().BeTrue();
        other["first.weight"].eq(once["first.weight"]).all().ToBoolean().Should().BeFalse("another seed draws other noise");
        random.get_rng_state().eq(before).all().ToBoolean().Should().BeTrue();
    }

    [Fact]
    public void Score_ModelThatDrawsAndThrows_PutsTheStateBack()
    {
        using var scope = NewDisposeScope();
        using var model = new NoisyNet { Noise = 1 };
        var data = PruningData.From([Samples.Normal(8, [5])]); // five features where the noise meets three
        model.Fails = true;
        var before = random.get_rng_state();

        var act = () => new SnipPruner().Score(model, data, options: new() { Seed = 3 });

        act.Should().Throw<ArgumentException>();
        random.get_rng_state().eq(before).all().ToBoolean().Should().BeTrue();
    }

    [Fact]
    public void Score_LossThatDraws_RepeatsWithItsSeedAndPutsTheStateBack()
    {
        using var scope = NewDisposeScope();
        using var model = new NoisyNet { Noise = 0 };
        var data = PruningData.From([Samples.Normal(8, [3])]);
        var before = random.get_rng_state();
        var options = new PruningOptions { Seed = 3, Loss = (output, target) => (output * rand_like(output)).square().sum() };

        using var once = new SnipPruner().Score(model, data, options: options);
        using var again = new SnipPruner().Score(model, data, options: options);

        again["first.weight"].eq(once["first.weight"]).all().ToBoolean().Should().BeTrue();
        random.get_rng_state().eq(before).all().ToBoolean().Should().BeTrue();
    }

    private sealed class NoisyNet : Module<Tensor, Tensor>
    {
        private readonly Linear first = Linear(3, 8), last = Linear(8, 4);
        private readonly ReLU relu = ReLU();

        internal NoisyNet() : base(nameof(NoisyNet)) => RegisterComponents();

        public double Noise { get; init; }

        public bool Fails { get; set; }

        public override Tensor forward(Tensor input)
        {
            if (Fails) input = input + randn(input.size(0), 3);
            var hidden = first.call(input);
            if (Noise != 0) hidden = hidden + randn_like(hidden) * Noise;
            return last.call(relu.call(hidden));
        }
    }
}

using Px.Pruning.Engine;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Engine;

/// <summary>What the caller's forward throws says something about the model; what this library throws in between is a mistake of its own.</summary>
public class ForwardFaultTests
{
    [Fact]
    public void IsAboutTheModel_WhatTheForwardThrows_True()
    {
        using var model = new Failing(new IOException("of the forward"));
        using var network = new Network(model, ParameterSelection.Default);

        var thrown = Thrown(() => network.Run(new ShapeEvaluation(), ones(1, 2)));

        thrown.Should().BeOfType<IOException>();
        network.IsAboutTheModel(thrown).Should().BeTrue();
    }

    [Fact]
    public void IsAboutTheModel_WhatAnEvaluationThrows_False()
    {
        using var model = new Failing(null);
        using var network = new Network(model, ParameterSelection.Default);

        var thrown = Thrown(() => network.Run(new Mistaken(), ones(1, 2)));

        thrown.Should().BeOfType<KeyNotFoundException>();
        network.IsAboutTheModel(thrown).Should().BeFalse();
    }

    [Fact]
    public void IsAboutTheModel_WhatLibtorchThrows_True()
    {
        using var model = new Failing(null);
        using var network = new Network(model, ParameterSelection.Default);

        network.IsAboutTheModel(Thrown(() => network.Run(new ShapeEvaluation(), ones(1, 3)))).Should().BeTrue();
    }

    [Fact]
    public void IsAboutTheModel_WhatNoPassThrew_False()
    {
        using var model = new Failing(null);
        using var network = new Network(model, ParameterSelection.Default);

        network.IsAboutTheModel(new ArgumentOutOfRangeException("index")).Should().BeFalse();
    }

    private static Exception Thrown(Action act)
    {
        using var scope = NewDisposeScope();
        return act.Should().Throw<Exception>().Which;
    }

    private sealed class Mistaken : Evaluation
    {
        internal override bool Replaces(HookedModule hooked) => hooked.Weighted is not null;

        internal override Tensor Compute(HookedModule hooked, Tensor input) => throw new KeyNotFoundException("a mistake");
    }

    private sealed class Failing : Module<Tensor, Tensor>
    {
        private readonly Module<Tensor, Tensor> layer = Linear(2, 2);
        private readonly Exception? exception;

        internal Failing(Exception? exception) : base(nameof(Failing))
        {
            this.exception = exception;
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => exception is null ? layer.call(input) : throw exception;
    }
}

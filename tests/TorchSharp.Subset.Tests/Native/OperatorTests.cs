using System.Runtime.InteropServices;

using TorchSharp.Native;

using static TorchSharp.torch;

namespace TorchSharp.Subset.Tests.Native;

public sealed class OperatorTests : IDisposable
{
    private readonly DisposeScope temporaries = NewDisposeScope();

    public void Dispose() => temporaries.Dispose();

    [Fact]
    public void Call_OfAnOperatorThatIsNotThere_NamesItAndTheVersion() =>
        ((Action)(() => new Op("aten::no_such_operator", "Tensor").Call())).Should().Throw<NotSupportedException>().WithMessage($"*{__version__}*aten::no_such_operator.Tensor*");

    [Fact]
    public void Call_WithAnIntegerForANumber_Converts()
    {
        new Op("aten::dropout").Call(ones(2), 0, false).data<float>().ToArray().Should().Equal(1, 1); // p is a float
        new Op("aten::sum", "dim_IntList").Call(ones(2, 3), 1).shape.Should().Equal(2); // dim is int[]
        new Op("aten::mul", "Scalar").Call(ones(1), 3L).item<float>().Should().Be(3); // other is a Scalar
        new Op("aten::narrow").Call(ones(4), 0, 1.0, 2).shape.Should().Equal(2); // an integer written as a floating-point number
        ((Action)(() => new Op("aten::narrow").Call(ones(4), 0, 1.5, 2))).Should().Throw<ExternalException>().WithMessage("*1.5*");
    }

    [Fact]
    public void Call_WithFewerArguments_TakesTheSchemasDefaults()
    {
        new Op("aten::conv2d").Call(ones(1, 1, 3, 3), ones(1, 1, 2, 2)).shape.Should().Equal(1, 1, 2, 2);
        ((Action)(() => new Op("aten::add", "Tensor").Call(ones(1)))).Should().Throw<ExternalException>().WithMessage("*aten::add*argument 1*");
        ((Action)(() => new Op("aten::relu").Call(ones(1), 1))).Should().Throw<ExternalException>().WithMessage("*takes 1 arguments, not 2*");
    }

    [Fact]
    public void Call_OfEveryKindOfResult_HandsItOver()
    {
        new Op("aten::sort").Call2(ones(3)).Item2.dtype.Should().Be(ScalarType.Int64);
        new Op("aten::native_batch_norm").Call3(ones(2, 3), Arg.None, Arg.None, Arg.None, Arg.None, true, 0.1, 1e-5).Item2.shape.Should().Equal(3);
        new Op("aten::unbind", "int").CallList(ones(3)).Should().HaveCount(3);
        new Op("aten::size", "int").CallLong(ones(3), 0).Should().Be(3);
        new Op("aten::q_scale").Invoking(op => op.CallDouble(ones(3))).Should().Throw<ExternalException>();
        new Op("aten::allclose").CallBool(ones(3), ones(3)).Should().BeTrue();
        new Op("aten::item").CallScalar(tensor(2.5)).ToDouble().Should().Be(2.5);
        new Op("aten::size", "int").Invoking(op => op.Call(ones(3), 0)).Should().Throw<InvalidOperationException>();
        new Op("aten::relu").Invoking(op => op.Call2(ones(3))).Should().Throw<InvalidOperationException>();
    }

    [Fact]
    public void Call_WithAListTooLongForTheStack_StillWorks()
    {
        var many = Enumerable.Range(0, 200).Select(_ => ones(1)).ToList();
        new Op("aten::cat").Call(Arg.List(many)).shape.Should().Equal(200);
    }

    [Fact]
    public void Call_ThatFailsWithAnyException_LeavesTheProcessAlive()
    {
        // An index error, a std::out_of_range behind aten::upsample, a type error of the dispatcher.
        ((Action)(() => new Op("aten::select", "int").Call(ones(1), 0, 5))).Should().Throw<ExternalException>();
        ((Action)(() => new Op("aten::upsample_nearest2d", "vec").Call(ones(1, 1, 2, 2), Arg.None, new[] { 2.0 }))).Should().Throw<ExternalException>();
        ((Action)(() => new Op("aten::relu").Call("text"))).Should().Throw<ExternalException>();
        ((Action)(() => set_num_threads(0))).Should().Throw<ExternalException>();
        ((Action)(() => set_num_interop_threads(-1))).Should().Throw<ExternalException>();
    }

    [Fact]
    public void Error_OfLibtorch_ComesWithoutItsBacktrace() =>
        ((Action)(() => ones(2).view(3))).Should().Throw<ExternalException>().Which.Message.Should().Be("shape '[3]' is invalid for input of size 2");
}

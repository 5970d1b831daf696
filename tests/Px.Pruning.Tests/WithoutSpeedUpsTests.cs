using Px.Pruning.Engine;
using Px.Pruning.Engine.Speed;
using Px.Pruning.Tests.Methods;
using Px.Pruning.Tests.Networks;
using Px.Pruning.Tests.Reference.Parity;
using Xunit.Abstractions;

// Every golden value, every path enumeration and every law again, with all speed-ups off.
namespace Px.Pruning.Tests.WithoutSpeedUps;

public sealed class GoldenParity : GoldenParityTests, IDisposable
{
    private readonly IDisposable off = SpeedPolicy.TurnOff();

    public void Dispose() => off.Dispose();

    [Fact]
    public void ANetworkMadeInATest_HasNoSpeedUps()
    {
        using var model = new ConvNet();
        using var network = new Network(model, ParameterSelection.Default);

        network.Speed.IsOn.Should().BeFalse();
    }
}

public sealed class SinglePrecision(ITestOutputHelper log) : SinglePrecisionTests(log), IDisposable
{
    private readonly IDisposable off = SpeedPolicy.TurnOff();

    public void Dispose() => off.Dispose();
}

public sealed class EnumerationParity : EnumerationParityTests, IDisposable
{
    private readonly IDisposable off = SpeedPolicy.TurnOff();

    public void Dispose() => off.Dispose();
}

public sealed class ImpParity : ImpParityTests, IDisposable
{
    private readonly IDisposable off = SpeedPolicy.TurnOff();

    public void Dispose() => off.Dispose();
}

public sealed class PhewParity : PhewParityTests, IDisposable
{
    private readonly IDisposable off = SpeedPolicy.TurnOff();

    public void Dispose() => off.Dispose();
}

public sealed class SynFlowProportionality : SynFlowProportionalityTests, IDisposable
{
    private readonly IDisposable off = SpeedPolicy.TurnOff();

    public void Dispose() => off.Dispose();
}

public sealed class SecondRoute : SecondRouteTests, IDisposable
{
    private readonly IDisposable off = SpeedPolicy.TurnOff();

    public void Dispose() => off.Dispose();
}

public sealed class Invariant : InvariantTests, IDisposable
{
    private readonly IDisposable off = SpeedPolicy.TurnOff();

    public void Dispose() => off.Dispose();
}

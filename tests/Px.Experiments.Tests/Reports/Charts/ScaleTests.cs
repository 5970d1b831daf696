using Px.Experiments.Reports.Charts;

namespace Px.Experiments.Tests.Reports.Charts;

public sealed class ScaleTests
{
    [Fact]
    public void Linear_EndsAtRoundTicks()
    {
        var scale = Scale.Linear(0.13, 0.87, value => value.ToString("0.0", System.Globalization.CultureInfo.InvariantCulture));

        scale.Ticks.Select(tick => tick.Text).Should().Equal("0.0", "0.2", "0.4", "0.6", "0.8", "1.0");
        scale.At(0).Should().BeApproximately(0, 1e-12);
        scale.At(0.5).Should().BeApproximately(0.5, 1e-12);
    }

    [Fact]
    public void Linear_OneValue_HasRoomAroundIt() => Scale.Linear(0.8, 0.8, value => "").At(0.8).Should().BeInRange(0.2, 0.8);

    [Fact]
    public void Log_StepsAreFactorsOfTen()
    {
        var scale = Scale.Log(0.02, 3000);

        scale.Ticks.Select(tick => tick.Text).Should().Equal("0.01", "1", "100", "10⁴");
        scale.At(10).Should().BeApproximately(0.5, 1e-12);
    }

    [Fact]
    public void At_Sparsities_AreAsFarApartAsTheLogarithmsOfDensities()
    {
        // Densities 0.64, 0.64², 0.64³: equal steps.
        var scale = Scale.At([0.36, 0.5904, 0.737856], sparsity => -Math.Log(1 - sparsity), sparsity => "");

        (scale.At(0.5904) - scale.At(0.36)).Should().BeApproximately(scale.At(0.737856) - scale.At(0.5904), 1e-12);
    }

    [Fact]
    public void Bent_BelowTheBend_IsPressedAndTicksAreRoundAbove()
    {
        var scale = Scale.Bent(0.53, 0.79, value => value.ToString("0.00", System.Globalization.CultureInfo.InvariantCulture));

        scale.Ticks.Select(tick => tick.Text).Should().Equal("0.00", "0.50", "0.60", "0.70", "0.80");
        scale.Pressed.Should().BeApproximately(scale.At(0.5), 1e-12);
        scale.At(0.25).Should().BeApproximately(scale.Pressed / 2, 1e-12);
        scale.At(0.65).Should().BeApproximately((1 + scale.Pressed) / 2, 1e-12);
        (scale.At(0), scale.At(0.8)).Should().Be((0, 1));
    }

    [Fact]
    public void Bent_NearZero_IsLinear()
    {
        var scale = Scale.Bent(0.02, 0.5, value => "");

        scale.Pressed.Should().Be(0);
        scale.At(0.25).Should().BeApproximately(0.5, 1e-12);
    }

    [Fact]
    public void Floor_IsThreeTimesAsFarBelowTheBestAsTheMiddle() => Scale.Floor([0.1, 0.9, 0.8]).Should().BeApproximately(0.6, 1e-12);
}

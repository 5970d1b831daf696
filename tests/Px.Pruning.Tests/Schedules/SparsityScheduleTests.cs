namespace Px.Pruning.Tests.Schedules;

public sealed class SparsityScheduleTests
{
    public static TheoryData<SparsitySchedule, int, double> Grid()
    {
        var grid = new TheoryData<SparsitySchedule, int, double>();
        foreach (var schedule in new[] { SparsitySchedule.OneShot, SparsitySchedule.Linear, SparsitySchedule.Exponential, SparsitySchedule.Cubic })
        {
            foreach (var rounds in new[] { 1, 2, 3, 7, 100, 1000 })
            {
                foreach (var density in new[] { 1, 0.9, 0.5, 0.1, 1.0 / 3, 0.02, 1e-6, 1 - 0.98, Math.BitDecrement(1), double.Epsilon })
                    grid.Add(schedule, rounds, density);
            }
        }

        return grid;
    }

    [Theory]
    [MemberData(nameof(Grid))]
    public void Plan_BuiltInSchedule_NeverRisesAndEndsExactly(SparsitySchedule schedule, int rounds, double density)
    {
        var plan = schedule.Plan(rounds, density);

        plan.Should().HaveCount(rounds).And.BeInDescendingOrder().And.OnlyContain(d => d > 0 && d <= 1);
        plan[^1].Should().Be(density);
    }

    [Fact]
    public void Density_Formulas_AreThoseOfTheDocumentation()
    {
        SparsitySchedule.OneShot.Plan(3, 0.1).Should().Equal(0.1, 0.1, 0.1);
        SparsitySchedule.Linear.Plan(4, 0.2).Should().BeEquivalentTo([0.8, 0.6, 0.4, 0.2], o => o.Using<double>(c => c.Subject.Should().BeApproximately(c.Expectation, 1e-15)).WhenTypeIs<double>());
        SparsitySchedule.Exponential.Plan(2, 0.25).Should().Equal(0.5, 0.25);
        SparsitySchedule.Exponential.Density(50, 100, 0.02).Should().BeApproximately(Math.Sqrt(0.02), 1e-15);
    }

    [Fact]
    public void Cubic_Sparsities_AreThoseOfZhuAndGupta()
    {
        // s·(1 − (1 − t/T)³) with s = 0.8, T = 4: 1 − 27/64, 1 − 8/64, 1 − 1/64, 1
        var sparsities = SparsitySchedule.Cubic.Plan(4, 0.2).Select(density => 1 - density).ToArray();

        foreach (var (sparsity, expected) in sparsities.Zip([0.8 * 37 / 64, 0.8 * 56 / 64, 0.8 * 63 / 64, 0.8]))
            sparsity.Should().BeApproximately(expected, 1e-15);
        SparsitySchedule.Cubic.Plan(1_000_000, 1e-12).Should().BeInDescendingOrder().And.OnlyContain(density => density >= 1e-12);
    }

    [Fact]
    public void Custom_Function_IsAskedForEveryRoundButTheLast()
    {
        var asked = new List<int>();
        var schedule = SparsitySchedule.Custom(
            (round, rounds, final) =>
            {
                asked.Add(round);
                return 1 - (1 - final) * round / rounds / 2;
            },
            "half-linear");

        schedule.Plan(3, 0.4)[^1].Should().Be(0.4);
        asked.Should().Equal(1, 2);
        schedule.ToString().Should().Be("half-linear");
    }

    [Theory]
    [InlineData(double.NaN, "a density must be in (0, 1]")]
    [InlineData(0.0, "a density must be in (0, 1]")]
    [InlineData(-0.5, "a density must be in (0, 1]")]
    [InlineData(1.5, "a density must be in (0, 1]")]
    [InlineData(double.PositiveInfinity, "a density must be in (0, 1]")]
    [InlineData(0.05, "0.1 shall remain in the end, and pruned weights never return")]
    public void Plan_DensityThatCannotBe_NamesRoundAndValue(double density, string message) =>
        SparsitySchedule.Custom((_, _, _) => density, "mine").Invoking(s => s.Plan(5, 0.1))
            .Should().Throw<ArgumentException>().WithMessage($"*'mine'*round 1 of 5*{message}*");

    [Fact]
    public void Plan_RisingDensity_IsRefused() =>
        SparsitySchedule.Custom((round, _, _) => round == 2 ? 0.9 : 0.5).Invoking(s => s.Plan(5, 0.1))
            .Should().Throw<ArgumentException>().WithMessage("*'custom' gives density 0.9 for round 2 of 5*left 0.5, and pruned weights never return*");

    [Fact]
    public void Plan_OwnScheduleThatEndsElsewhere_IsRefused()
    {
        new Endless().Invoking(s => s.Plan(3, 0.1)).Should().Throw<ArgumentException>().WithMessage("*'Endless'*round 3 of 3*0.1 exactly*");
        new Endless().Plan(3, 0.5).Should().Equal(0.5, 0.5, 0.5);
    }

    [Theory]
    [InlineData(0, 5, 0.5, "round", "from 1 to 5")]
    [InlineData(6, 5, 0.5, "round", "from 1 to 5")]
    [InlineData(1, 0, 0.5, "rounds", "")]
    [InlineData(1, 5, 0.0, "finalDensity", "in (0, 1]")]
    [InlineData(1, 5, 1.1, "finalDensity", "in (0, 1]")]
    [InlineData(1, 5, double.NaN, "finalDensity", "in (0, 1]")]
    public void Density_ArgumentsOutOfRange_AreNamed(int round, int rounds, double density, string name, string range) =>
        SparsitySchedule.Linear.Invoking(s => s.Density(round, rounds, density))
            .Should().Throw<ArgumentOutOfRangeException>().WithParameterName(name).WithMessage($"*{range}*");

    [Fact]
    public void Custom_MissingArguments_Throw()
    {
        ((Action)(() => SparsitySchedule.Custom(null!))).Should().Throw<ArgumentNullException>().WithParameterName("density");
        ((Action)(() => SparsitySchedule.Custom((_, _, d) => d, ""))).Should().Throw<ArgumentException>().WithParameterName("name");
        SparsitySchedule.Custom((_, _, d) => d).ToString().Should().Be("custom");
    }

    [Fact]
    public void ToString_BuiltIn_IsTheNameForTheMetadata() =>
        new[] { SparsitySchedule.OneShot, SparsitySchedule.Linear, SparsitySchedule.Exponential, SparsitySchedule.Cubic }
            .Select(s => s.ToString()).Should().Equal("one-shot", "linear", "exponential", "cubic");

    private sealed class Endless : SparsitySchedule
    {
        public override double Density(int round, int rounds, double finalDensity) => 0.5;

        public override string ToString() => nameof(Endless);
    }
}

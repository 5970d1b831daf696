using System.Globalization;

namespace Px.Pruning;

/// <summary>The density after each round: how pruning is spread over the rounds.</summary>
/// <remarks>To write one of your own, derive and override <see cref="Density"/>, or pass a function to <see cref="Custom"/>.</remarks>
/// <example><code>var options = new PruningOptions { Rounds = 100, Schedule = SparsitySchedule.Exponential };</code></example>
public abstract class SparsitySchedule
{
    /// <summary>The final density from the first round on: <c>dₜ = d</c>.</summary>
    /// <remarks>More rounds than one only matter for methods whose pruned weights may return (FORCE).</remarks>
    public static SparsitySchedule OneShot { get; } = new FormulaSchedule("one-shot", static (_, _, final) => final);

    /// <summary>Removes the same number of weights in every round: <c>dₜ = 1 − (1 − d)·t/T</c>.</summary>
    public static SparsitySchedule Linear { get; } =
        new FormulaSchedule("linear", static (round, rounds, final) => 1 - (1 - final) * round / rounds);

    /// <summary>Removes the same fraction of the remaining weights in every round: <c>dₜ = d^(t/T)</c>.</summary>
    /// <remarks><b>Source:</b> Tanaka et al., NeurIPS 2020, Algorithm 1, <see href="https://arxiv.org/abs/2006.05467"/>.</remarks>
    public static SparsitySchedule Exponential { get; } =
        new FormulaSchedule("exponential", static (round, rounds, final) => Math.Pow(final, (double)round / rounds));

    /// <summary>Removes many weights at first and fewer towards the end: <c>dₜ = d + (1 − d)·(1 − t/T)³</c>.</summary>
    /// <remarks>
    /// In terms of sparsity <c>sₜ = s·(1 − (1 − t/T)³)</c>.
    /// <para><b>Source:</b> Zhu and Gupta, ICLR workshop 2018, <see href="https://arxiv.org/abs/1710.01878"/>, from sparsity 0 on.</para>
    /// </remarks>
    public static SparsitySchedule Cubic { get; } =
        new FormulaSchedule("cubic", static (round, rounds, final) => final + (1 - final) * Math.Pow(1 - (double)round / rounds, 3));

    /// <summary>Creates a schedule from a function of your own.</summary>
    /// <param name="density">Has the arguments and the result of <see cref="Density"/>; not called for the last round.</param>
    /// <param name="name">The schedule's name in the mask's metadata.</param>
    /// <exception cref="ArgumentNullException"><paramref name="density"/> is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="name"/> is null or empty.</exception>
    public static SparsitySchedule Custom(Func<int, int, double, double> density, string name = "custom")
    {
        ArgumentNullException.ThrowIfNull(density);
        ArgumentException.ThrowIfNullOrEmpty(name);
        return new FormulaSchedule(name, density);
    }

    /// <summary>The fraction of prunable weights that remain after a round.</summary>
    /// <param name="round">The round, from 1 to <paramref name="rounds"/>.</param>
    /// <param name="rounds">The number of rounds, at least 1.</param>
    /// <param name="finalDensity">The fraction to keep after the last round, in (0, 1].</param>
    /// <returns>A density in (0, 1], at most that of the round before; in the last round <paramref name="finalDensity"/> exactly.</returns>
    public abstract double Density(int round, int rounds, double finalDensity);

    // The densities of all rounds. Throws ArgumentException where the schedule is not what Density documents.
    internal double[] Plan(int rounds, double finalDensity)
    {
        var plan = new double[rounds];
        var before = 1.0;
        for (var round = 1; round <= rounds; round++)
        {
            var density = Density(round, rounds, finalDensity);
            if (!(density > 0 && density <= 1)) throw Broken(round, rounds, density, "a density must be in (0, 1]");
            if (density > before)
                throw Broken(round, rounds, density, $"the round before left {Text(before)}, and pruned weights never return");
            if (density < finalDensity)
                throw Broken(round, rounds, density, $"{Text(finalDensity)} shall remain in the end, and pruned weights never return");
            plan[round - 1] = before = density;
        }

        return before == finalDensity ? plan
            : throw Broken(rounds, rounds, before, $"the last round must end at {Text(finalDensity)} exactly");
    }

    private ArgumentException Broken(int round, int rounds, double density, string rule) =>
        new($"The schedule '{this}' gives density {Text(density)} for round {round} of {rounds}, but {rule}.");

    private static string Text(double density) => density.ToString(CultureInfo.InvariantCulture);

    // A formula for every round except the last, which ends at the final density without a rounding error.
    private sealed class FormulaSchedule(string name, Func<int, int, double, double> density) : SparsitySchedule
    {
        public override double Density(int round, int rounds, double finalDensity)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(rounds, 1);
            if (!(round >= 1 && round <= rounds))
                throw new ArgumentOutOfRangeException(nameof(round), round, $"A round is from 1 to {rounds}.");
            if (!(finalDensity > 0 && finalDensity <= 1))
                throw new ArgumentOutOfRangeException(nameof(finalDensity), finalDensity, "A density is in (0, 1].");
            return round == rounds ? finalDensity : density(round, rounds, finalDensity);
        }

        public override string ToString() => name;
    }
}

using System.Globalization;

namespace Px.Pruning;

/// <summary>How much of the network is still there after each round. Knows numbers only: no tensor, no model.</summary>
/// <remarks>To write one of your own, derive and override <see cref="Density"/>, or pass a function to <see cref="Custom"/>.</remarks>
public abstract class SparsitySchedule
{
    /// <summary>The final density in every round: <c>dₜ = d</c>. One round is enough, except for methods whose pruned weights may return
    /// (FORCE).</summary>
    public static SparsitySchedule OneShot { get; } = new FormulaSchedule("one-shot", static (_, _, final) => final);

    /// <summary>The same number of weights in every round: <c>dₜ = 1 − (1 − d)·t/T</c>.</summary>
    public static SparsitySchedule Linear { get; } =
        new FormulaSchedule("linear", static (round, rounds, final) => 1 - (1 - final) * round / rounds);

    /// <summary>The same fraction of what is left in every round: <c>dₜ = d^(t/T)</c>.</summary>
    /// <remarks><para><b>Source:</b> Tanaka et al., NeurIPS 2020, Algorithm 1,
    /// <see href="https://arxiv.org/abs/2006.05467"/>.</para></remarks>
    public static SparsitySchedule Exponential { get; } =
        new FormulaSchedule("exponential", static (round, rounds, final) => Math.Pow(final, (double)round / rounds));

    /// <summary>Fast at first and slower towards the end: <c>dₜ = d + (1 − d)·(1 − t/T)³</c>, that is sparsity
    /// <c>sₜ = s·(1 − (1 − t/T)³)</c>.</summary>
    /// <remarks><para><b>Source:</b> Zhu and Gupta, ICLR workshop 2018, <see href="https://arxiv.org/abs/1710.01878"/>, from sparsity 0
    /// on.</para></remarks>
    public static SparsitySchedule Cubic { get; } =
        new FormulaSchedule("cubic", static (round, rounds, final) => final + (1 - final) * Math.Pow(1 - (double)round / rounds, 3));

    /// <summary>A schedule of your own.</summary>
    /// <param name="density">Receives what <see cref="Density"/> receives and returns what it returns. Not asked about the last
    /// round.</param>
    /// <param name="name">What the mask's metadata calls it.</param>
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
    /// <param name="finalDensity">The fraction that shall remain in the end, in (0, 1].</param>
    /// <returns>
    /// A density in (0, 1], never larger than the round before's; in the last round exactly <paramref name="finalDensity"/>.
    /// </returns>
    public abstract double Density(int round, int rounds, double finalDensity);

    // The densities of all rounds, checked before anything is scored. rounds: The number of rounds, at least 1.
    // ArgumentException: The schedule breaks the promise of Density; the message names round and value.
    internal double[] Plan(int rounds, double finalDensity)
    {
        var plan = new double[rounds];
        var before = 1.0;
        for (var round = 1; round <= rounds; round++)
        {
            var density = Density(round, rounds, finalDensity);
            if (!(density > 0 && density <= 1))
                throw Broken(round, rounds, density, "a density must be in (0, 1]");
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

    // A schedule given by a formula for every round but the last, which ends at the final density without any rounding error.
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

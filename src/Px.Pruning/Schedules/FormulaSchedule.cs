namespace Px.Pruning.Schedules;

/// <summary>A schedule given by a formula for every round but the last, which ends at the final density without any rounding error.</summary>
internal sealed class FormulaSchedule(string name, Func<int, int, double, double> density) : SparsitySchedule
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

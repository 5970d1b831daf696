using System.Globalization;
using Px.Bytes;
using static TorchSharp.torch;

namespace Px.Pruning.Ranking;

// Keeps the best of each group of m inputs: n of them in the end, round(density · m) in the rounds before.
internal sealed class NOfMScope(int n, int m, bool excludesUneven) : PruningScope
{
    // Three decimals of a sparsity are enough: the next pattern is further away.
    private const double Tolerance = 0.001;

    internal override string NoMinimum =>
        $"every whole group of {m} weights keeps {n} of them in any layer, and a minimum has nothing to add";

    internal override void CheckPrune(double density, IEnumerable<(string Name, InputAxis? Inputs)> parameters)
    {
        var layers = parameters.ToList();
        foreach (var (name, inputs) in layers) Require(name, inputs);
        if (!(Math.Abs(density - Density) < Tolerance))
        {
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture,
                $"The scope '{this}' keeps {n} of every {m} weights: prune to sparsity {1 - Density:0.####}, not {1 - density:0.####}. "
                + $"(Layers and remainders without a whole group stay dense, and the report counts them.)"));
        }

        if (layers.Exists(layer => IsRanked(layer.Inputs!.Value))) return;
        throw new ArgumentException(
            $"The scope '{this}' removes nothing: no selected layer has {(excludesUneven ? "a multiple of " : "")}{m} inputs for each of "
            + $"its output units. The most are {layers.Max(layer => layer.Inputs!.Value.PerUnit)}.");
    }

    internal override IReadOnlyList<Tensor> Select(IReadOnlyList<ScoredParameter> parameters, KeepCount keep, IReadOnlyList<long> floors)
    {
        if (!(keep.Density > Density - Tolerance))
        {
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture,
                $"The scope '{this}' keeps {n} of every {m} weights: a density of {keep.Density:0.####} is too low, {Density:0.####} "
                + $"is the least."));
        }

        TopK.ThrowIfNonFinite(parameters);
        // Always rounded: with another way of counting the last round would not be exact.
        int kept = (int)new KeepCount(keep.Density).Of(m);
        using var scope = NewDisposeScope();
        var masks = parameters.Select(parameter => Select(parameter, Require(parameter.Name, parameter.Inputs), kept)).ToList();
        return masks.ConvertAll(mask => mask.MoveToOuterDisposeScope());
    }

    public override string ToString() => $"{n}:{m}{(excludesUneven ? ", uneven layers excluded" : "")}";

    private double Density => (double)n / m;

    private bool IsRanked(InputAxis inputs) => inputs.PerUnit >= m && (!excludesUneven || inputs.PerUnit % m == 0);

    private InputAxis Require(string name, InputAxis? inputs) => inputs ?? throw new ArgumentException(
        $"The scope '{this}' ranks the inputs of each output unit, and '{name}' is not the weight of a convolution or linear layer, so "
        + "that its inputs are not known. Leave it out of ParameterSelection.Including, or prune it in a call of its own.");

    private Tensor Select(ScoredParameter parameter, InputAxis inputs, int count)
    {
        if (parameter.Alive.numel() == 0 || !IsRanked(inputs) || count == m) return parameter.Alive.clone();
        using var scope = NewDisposeScope();
        Tensor scores = inputs.ToRows(parameter.Scores).to(float64), alive = inputs.ToRows(parameter.Alive).clone();
        var groups = new Groups(new(scores), new(alive), parameter.Magnitude is { } make ? () => inputs.ToRows(make()) : null);
        for (long row = 0; row < groups.Weights; row += inputs.PerUnit)
        {
            for (long first = row; first <= row + inputs.PerUnit - m; first += m) groups.KeepBest(first, m, count);
        }

        return inputs.FromRows(alive, parameter.Alive.shape).MoveToOuterDisposeScope();
    }

    // Scores, and marks of the weights that are alive, of which those that are not among the best of their group are taken away.
    private ref struct Groups(TensorMemory<double> scores, TensorMemory<byte> alive, Func<Tensor>? makeMagnitudes)
    {
        private readonly TensorMemory<double> scores = scores;
        private readonly TensorMemory<byte> alive = alive;
        private TensorMemory<double> magnitudes; // made once a group is cut among scores of zero

        internal readonly long Weights => alive.Length;

        internal void KeepBest(long first, int size, int count)
        {
            var marks = alive.Slice(first, size);
            if (marks.Count((byte)1) <= count) return;
            var values = scores.Slice(first, size);
            Span<int> order = stackalloc int[size];
            int left = Sort(order, marks, values, []);
            if (makeMagnitudes is not null && values[order[count - 1]] == 0 && values[order[count]] == 0)
            {
                if (magnitudes.IsEmpty) magnitudes = new(makeMagnitudes());
                Sort(order, marks, values, magnitudes.Slice(first, size));
            }

            foreach (int removed in order[count..left]) marks[removed] = 0;
        }

        // The weights that are alive, the best first, of equal ones the earlier, or of those that score zero the larger. Returns how many.
        private static int Sort(Span<int> order, Span<byte> marks, Span<double> scores, Span<double> magnitudes)
        {
            int count = 0;
            for (int i = 0; i < marks.Length; i++)
            {
                if (marks[i] == 0) continue;
                int place = count++;
                for (; place > 0 && IsBetter(i, order[place - 1], scores, magnitudes); place--) order[place] = order[place - 1];
                order[place] = i;
            }

            return count;
        }

        private static bool IsBetter(int a, int b, Span<double> scores, Span<double> magnitudes) => scores[a] != scores[b]
            ? scores[a] > scores[b]
            : scores[a] == 0 && magnitudes.Length > 0 && magnitudes[a] > magnitudes[b];
    }
}

// The pattern that a layer's mask has, whoever made it.
internal static class InputPattern
{
    internal const int LargestGroup = 32;

    // With fewer groups masks have patterns by chance.
    private const int LeastGroups = 16;

    // "2:4" where 2 of every 4 consecutive inputs of each output unit and kernel tap are kept and so is what is left of them; the pattern
    // of the smallest groups. Null for none.
    internal static string? Find(Tensor mask, InputAxis inputs)
    {
        if (mask.numel() == 0) return null;
        using var temporaries = NewDisposeScope();
        var rows = new TensorMemory<byte>(inputs.ToRows(mask));
        for (int m = 2; m <= LargestGroup && rows.Length / inputs.PerUnit * (inputs.PerUnit / m) >= LeastGroups; m++)
        {
            if (KeptOf(m, rows, inputs.PerUnit) is { } n) return $"{n}:{m}";
        }

        return null;
    }

    // How many of m inputs each group keeps; null where that differs, or is none or all of them.
    private static int? KeptOf(int m, TensorMemory<byte> rows, long perUnit)
    {
        int n = rows.Slice(0, m).Count((byte)1);
        if (n == 0 || n == m) return null;
        for (long row = 0; row < rows.Length; row += perUnit)
        {
            long first = row;
            for (; first <= row + perUnit - m; first += m)
                if (rows.Slice(first, m).Count((byte)1) != n) return null;
            if (rows.Slice(first, (int)(row + perUnit - first)).Contains((byte)0)) return null;
        }

        return n;
    }
}

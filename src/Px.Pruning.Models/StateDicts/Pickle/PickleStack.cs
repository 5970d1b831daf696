using Px.Bytes;

namespace Px.Pruning.Models.StateDicts.Pickle;

// The stack of a pickle's machine, with its marks and its memo. Growing is paid for.
internal sealed class PickleStack(MemoryBudget budget)
{
    // What a slot of a growing list takes at most, with the shorter arrays that it outgrew.
    internal const int SlotCost = 32;

    private readonly List<object?> values = [], memo = [];
    private readonly List<int> marks = [];
    private int highestValue, highestMark;

    // How much the memo holds: where the next value goes that comes without a number.
    internal int Remembered => memo.Count;

    internal object? Top => values.Count > Floor ? values[^1] : throw TooLittle();

    internal void Push(object? value)
    {
        PayForGrowth(values.Count, ref highestValue);
        values.Add(value);
    }

    internal object? Pop()
    {
        var value = Top;
        values.RemoveAt(values.Count - 1);
        return value;
    }

    // Takes off the last values: the first of the result is the deepest of them.
    internal object?[] Pop(int count)
    {
        if (this.values.Count - count < Floor)
            throw TooLittle();
        if (count == 0)
            return [];
        budget.Spend(MemoryBudget.ArrayCost + sizeof(long) * (long)count);
        var values = new object?[count];
        this.values.CopyTo(this.values.Count - count, values, 0, count);
        this.values.RemoveRange(this.values.Count - count, count);
        return values;
    }

    internal void Mark()
    {
        PayForGrowth(marks.Count, ref highestMark);
        marks.Add(values.Count);
    }

    // Takes off everything above the last mark, and the mark.
    internal object?[] PopToMark()
    {
        if (marks.Count == 0)
            throw new InvalidDataException("its pickle goes back to a mark that it has not set.");
        var values = Pop(this.values.Count - Floor);
        marks.RemoveAt(marks.Count - 1);
        return values;
    }

    // Takes off the last value, or the last mark where nothing is above it.
    internal void PopOrUnmark()
    {
        if (marks.Count > 0 && values.Count == Floor)
            marks.RemoveAt(marks.Count - 1);
        else
            Pop();
    }

    // Remembers the last value.
    internal void Remember(long index, long maximum)
    {
        if (!(index >= 0 && index <= maximum))
            throw new InvalidDataException($"its pickle remembers something as number {index}, and it has come to byte {maximum} only.");
        if (index >= memo.Count)
            budget.Spend(SlotCost * (index + 1 - memo.Count));
        while (index >= memo.Count)
            memo.Add(null);
        memo[(int)index] = Top;
    }

    internal object? Recall(long index) =>
        index >= 0 && index < memo.Count && memo[(int)index] is { } value ? value
            : throw new InvalidDataException($"its pickle recalls number {index}, under which there is nothing.");

    // Values below the last mark are not to be touched.
    private int Floor => marks.Count > 0 ? marks[^1] : 0;

    private void PayForGrowth(int count, ref int highest)
    {
        if (count < highest)
            return;
        highest = count + 1;
        budget.Spend(SlotCost);
    }

    private static InvalidDataException TooLittle() => new("its pickle takes more from its stack than is there.");
}

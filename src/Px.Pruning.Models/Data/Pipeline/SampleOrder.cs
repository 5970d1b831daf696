namespace Px.Pruning.Models.Data.Pipeline;

// The order of the pictures in an epoch.
internal static class SampleOrder
{
    internal static int[] Of(int[] indices, int[]? labels, ImageBatchOptions options)
    {
        if (options.Balanced)
            return Balanced(indices, labels!, options);
        if (options.ShuffleSeed is null)
            return indices;
        var order = indices.ToArray();
        Sequence(options).Shuffle(order);
        return order;
    }

    // In turns: every class that has pictures once a turn, its own pictures one after the other, over and over.
    private static int[] Balanced(int[] indices, int[] labels, ImageBatchOptions options)
    {
        var classes = indices.GroupBy(index => labels[index]).OrderBy(group => group.Key).Select(group => group.ToArray()).ToArray();
        if (classes.Length == 0)
            return [];
        var random = Sequence(options);
        var turns = (indices.Length + classes.Length - 1) / classes.Length;
        var order = new int[checked(turns * classes.Length)];
        var seats = Enumerable.Range(0, classes.Length).ToArray();
        for (var turn = 0; turn < turns; turn++)
        {
            if (options.ShuffleSeed is not null)
                random.Shuffle(seats);
            for (var seat = 0; seat < seats.Length; seat++)
            {
                var pictures = classes[seats[seat]];
                if (turn % pictures.Length == 0 && options.ShuffleSeed is not null)
                    random.Shuffle(pictures);
                order[(turn * seats.Length) + seat] = pictures[turn % pictures.Length];
            }
        }

        return order;
    }

    private static RandomSequence Sequence(ImageBatchOptions options) => new(options.ShuffleSeed ?? 0, (ulong)(uint)options.Epoch << 1);
}

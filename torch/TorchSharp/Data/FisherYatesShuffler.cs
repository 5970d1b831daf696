using System.Collections;

namespace TorchSharp.Utils;

/// <summary>The numbers from 0 in random order: with a seed, the same order at each enumeration.</summary>
public class FisherYatesShuffler(long size, int? seed = null) : IEnumerable<long>
{
    public IEnumerator<long> GetEnumerator()
    {
        var random = seed is { } given ? new Random(given) : new Random();
        var order = new long[size];
        for (var i = 0L; i < size; i++)
        {
            var draw = unchecked(((long)random.Next() << 32) + random.Next());
            var j = draw % (i + 1);
            order[i] = order[j];
            order[j] = i;
        }
        return order.AsEnumerable().GetEnumerator();
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

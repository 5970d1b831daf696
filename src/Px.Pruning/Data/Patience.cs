using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Px.Pruning.Data;

// Watches a search through data: warns while nothing is found that is still wanted and, where the data may never end, gives up after so
// many samples.
internal sealed class Patience(long limit, bool hasEnd, ILogger? logger)
{
    private const int FirstWarning = 10; // at that part of the limit, and at each doubling

    private long idle, next = Math.Max(1, limit / FirstWarning);

    // Notes a batch. shortage: what is still wanted, in words.
    // ArgumentException: so many samples had nothing of it.
    internal void Note(long samples, bool found, Func<string?> shortage)
    {
        idle = found ? 0 : idle + samples;
        if (found) next = Math.Max(1, limit / FirstWarning);
        if (idle >= limit && !hasEnd)
        {
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture,
                $"The last {idle:N0} samples of the data had none of a class that is still wanted. {shortage()} Shuffle the data, ask for "
                + $"fewer samples a class, give the network no more outputs than there are classes, pass a DataLoader or a list, which "
                + $"are read to their end, or read on for longer: DataBudget.PerClass(samples, patience), whose patience is {limit:N0} "
                + $"samples here."));
        }

        if (idle < next) return;
        next *= 2;
        logger?.LogWarning(
            Warnings.LongSearch,
            "The last {Samples} samples of the data had none of a class that is still wanted; reading goes on up to {Limit}. {Shortage}",
            idle, hasEnd ? "the end" : limit, shortage());
    }
}

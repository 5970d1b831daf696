namespace Px.Bytes;

/// <summary>What reading a file may allocate in all: a multiple of the file's length, and <see cref="Allowance"/> for what every file needs.</summary>
/// <remarks>
/// Whoever allocates on a file's word spends first, tensors and .NET objects alike, and nothing is ever given back. Costs of objects are
/// what a 64-bit runtime takes for them, growing arrays included.
/// </remarks>
internal sealed class MemoryBudget
{
    /// <summary>1 MiB: the objects of a few hundred tensors.</summary>
    public const long Allowance = 1 << 20;

    /// <summary>An array without its elements, or a text without its characters.</summary>
    public const int ArrayCost = 32;

    private readonly double _expansion;
    private readonly long _fileLength, _limit;
    private readonly string _remedy;

    /// <param name="fileLength">The file's length in bytes.</param>
    /// <param name="expansion">How many times that may be allocated, 1 or more.</param>
    /// <param name="remedy">What a user can do who trusts a file that takes more: a sentence, for the message.</param>
    public MemoryBudget(long fileLength, double expansion, string remedy)
    {
        (_fileLength, _expansion, _remedy) = (fileLength, expansion, remedy);
        _limit = (long)Math.Min(expansion * fileLength, long.MaxValue / 2) + Allowance;
    }

    /// <summary>The bytes that were spent.</summary>
    public long Spent { get; private set; }

    /// <param name="bytes">A number of bytes; one too large for 63 bits may be given as the largest that is not.</param>
    /// <exception cref="InvalidDataException">It is more than is left.</exception>
    public void Spend(long bytes)
    {
        if (bytes > _limit - Spent)
            throw new InvalidDataException($"reading it would take more than {_expansion} times its {_fileLength} bytes of memory. {_remedy}");
        Spent += bytes;
    }

    /// <summary>A new array that is paid for.</summary>
    /// <exception cref="InvalidDataException">It is more than is left, or than an array can have.</exception>
    public byte[] Allocate(long length)
    {
        Spend(ArrayCost);
        Spend(length);
        return length <= Array.MaxLength ? new byte[length] : throw new InvalidDataException($"it holds one piece of {length} bytes that is no tensor: such files are not read.");
    }
}

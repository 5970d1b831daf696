namespace Px.Bytes;

// What reading a file may allocate in all: a multiple of the file's length, and Allowance for what every file needs. Whoever allocates on a
// file's word spends first, tensors and .NET objects alike, and nothing is ever given back. Costs of objects are what a 64-bit runtime
// takes for them, growing arrays included.
internal sealed class MemoryBudget
{
    // 1 MiB: the objects of a few hundred tensors.
    public const long Allowance = 1 << 20;

    // An array without its elements, or a text without its characters.
    public const int ArrayCost = 32;

    private readonly double _expansion;
    private readonly long _fileLength, _limit;
    private readonly string _remedy;

    public MemoryBudget(long fileLength, double expansion, string remedy)
    {
        (_fileLength, _expansion, _remedy) = (fileLength, expansion, remedy);
        _limit = (long)Math.Min(expansion * fileLength, long.MaxValue / 2) + Allowance;
    }

    // The bytes that were spent.
    public long Spent { get; private set; }

    // InvalidDataException: It is more than is left.
    public void Spend(long bytes)
    {
        if (bytes > _limit - Spent)
            throw new InvalidDataException($"reading it would take more than {_expansion} times its {_fileLength} bytes of memory. "
                + $"{_remedy}");
        Spent += bytes;
    }

    // A new array that is paid for. InvalidDataException: It is more than is left, or than an array can have.
    public byte[] Allocate(long length)
    {
        Spend(ArrayCost);
        Spend(length);
        return length <= Array.MaxLength ? new byte[length]
            : throw new InvalidDataException($"it holds one piece of {length} bytes that is no tensor: such files are not read.");
    }
}

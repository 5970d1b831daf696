namespace Px.Bytes;

// The memory that reading a file may allocate in total: a multiple of the file's length, and Allowance for what every file needs. Every
// allocation whose size comes from the file is spent first, for tensors and .NET objects alike, and nothing is given back. Costs of objects
// are those of a 64-bit runtime, growing arrays included.
internal sealed class MemoryBudget
{
    // 1 MiB: the objects of a few hundred tensors.
    internal const long Allowance = 1 << 20;

    // An array without its elements, or a text without its characters.
    internal const int ArrayCost = 32;

    private readonly double expansion;
    private readonly long fileLength, limit;
    private readonly string remedy;

    internal MemoryBudget(long fileLength, double expansion, string remedy)
    {
        (this.fileLength, this.expansion, this.remedy) = (fileLength, expansion, remedy);
        limit = (long)Math.Min(expansion * fileLength, long.MaxValue / 2) + Allowance;
    }

    internal long Spent { get; private set; }

    internal void Spend(long bytes)
    {
        Spent += bytes <= limit - Spent ? bytes : throw new InvalidDataException(
            $"reading it would take more than {expansion} times its {fileLength} bytes of memory. {remedy}");
    }

    // Spends an array's bytes and creates it.
    internal byte[] Allocate(long length)
    {
        Spend(ArrayCost);
        Spend(length);
        return length <= Array.MaxLength ? new byte[length]
            : throw new InvalidDataException($"it holds one piece of {length} bytes that is no tensor: such files are not read.");
    }
}

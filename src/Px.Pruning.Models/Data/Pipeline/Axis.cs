namespace Px.Pruning.Models.Data.Pipeline;

// What one side of the output shows: pixels Start to Start + Length of the picture, resized to Scaled; output pixel i is number Offset + i
// of those, and padding where there is none of that number.
internal readonly record struct Axis(int Start, int Length, int Scaled, int Offset)
{
    // Whether nothing is resized.
    public bool IsCopy => Length == Scaled;

    // The first output pixel that is not padding, of output.
    public int First(int output) => Math.Clamp(-Offset, 0, output);

    // One past the last output pixel that is not padding, of output.
    public int End(int output) => Math.Clamp(Scaled - Offset, First(output), output);

    // The picture's pixel whose middle is nearest to the middle of an output pixel that is not padding.
    public int Nearest(int i) => Start + (int)(((2L * (Offset + i)) + 1) * Length / (2L * Scaled));
}

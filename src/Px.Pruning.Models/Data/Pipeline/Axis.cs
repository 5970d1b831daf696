namespace Px.Pruning.Models.Data.Pipeline;

// How one side of the output is cut from a picture: pixels Start to Start + Length are resized to Scaled pixels, and output pixel i is
// number Offset + i of those, or padding where there is no such pixel.
internal readonly record struct Axis(int Start, int Length, int Scaled, int Offset)
{
    // Whether nothing is resized.
    internal bool IsCopy => Length == Scaled;

    // The first output pixel that is not padding, of output.
    internal int First(int output) => Math.Clamp(-Offset, 0, output);

    // One past the last output pixel that is not padding, of output.
    internal int End(int output) => Math.Clamp(Scaled - Offset, First(output), output);

    // The picture's pixel whose middle is nearest to the middle of an output pixel that is not padding.
    internal int Nearest(int i) => Start + (int)(((2L * (Offset + i)) + 1) * Length / (2L * Scaled));
}

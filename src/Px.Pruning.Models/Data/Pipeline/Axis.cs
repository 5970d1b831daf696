namespace Px.Pruning.Models.Data.Pipeline;

/// <summary>What one side of the output shows: pixels <paramref name="Start"/> to <paramref name="Start"/> + <paramref name="Length"/> of the picture, resized
/// to <paramref name="Scaled"/>; output pixel i is number <paramref name="Offset"/> + i of those, and padding where there is none of that number.</summary>
internal readonly record struct Axis(int Start, int Length, int Scaled, int Offset)
{
    /// <summary>Whether nothing is resized.</summary>
    public bool IsCopy => Length == Scaled;

    /// <summary>The first output pixel that is not padding, of <paramref name="output"/>.</summary>
    public int First(int output) => Math.Clamp(-Offset, 0, output);

    /// <summary>One past the last output pixel that is not padding, of <paramref name="output"/>.</summary>
    public int End(int output) => Math.Clamp(Scaled - Offset, First(output), output);

    /// <summary>The picture's pixel whose middle is nearest to the middle of an output pixel that is not padding.</summary>
    public int Nearest(int i) => Start + (int)(((2L * (Offset + i)) + 1) * Length / (2L * Scaled));
}

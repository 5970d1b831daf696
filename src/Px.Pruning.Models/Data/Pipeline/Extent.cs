namespace Px.Pruning.Models.Data.Pipeline;

/// <summary>One side of a picture, in pixels, on its way into a batch.</summary>
/// <param name="Source">As read.</param>
/// <param name="Scaled">Resized as the data set asks; <paramref name="Source"/> where it does not.</param>
/// <param name="Output">In the batch.</param>
internal readonly record struct Extent(int Source, int Scaled, int Output)
{
    /// <summary>The middle of the resized picture; torchvision's <c>CenterCrop</c>, which rounds halves to even and pads what is smaller.</summary>
    public Axis Middle => new(0, Source, Scaled, Scaled >= Output ? (int)Math.Round((Scaled - Output) / 2.0) : -((Output - Scaled) / 2));
}

namespace Px.Pruning.Models.Data.Pipeline;

// One side of a picture, in pixels, on its way into a batch.
internal readonly record struct Extent(int Source, int Scaled, int Output)
{
    // The middle of the resized picture; torchvision's CenterCrop, which rounds halves to even and pads what is smaller.
    internal Axis Middle => new(0, Source, Scaled, Scaled >= Output ? (int)Math.Round((Scaled - Output) / 2.0) : -((Output - Scaled) / 2));
}

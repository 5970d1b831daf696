namespace Px.Pruning.Models.Data.Pipeline;

// What lies beside a picture.
internal enum Padding
{
    // A pixel of 0.
    Black,

    // The normalisation's mean, which becomes 0.
    Mean,
}

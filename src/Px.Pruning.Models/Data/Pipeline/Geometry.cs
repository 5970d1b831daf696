namespace Px.Pruning.Models.Data.Pipeline;

// Which piece of a picture goes into a batch, and how.
// Flip: whether the piece is mirrored left to right.
internal readonly record struct Geometry(Axis Rows, Axis Columns, bool Flip, Padding Padding)
{
    // Whether pixels keep their size.
    internal bool IsCopy => Rows.IsCopy && Columns.IsCopy;
}

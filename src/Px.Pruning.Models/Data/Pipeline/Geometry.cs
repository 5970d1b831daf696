namespace Px.Pruning.Models.Data.Pipeline;

/// <summary>Which piece of a picture goes into a batch, and how.</summary>
/// <param name="Rows">Which rows.</param>
/// <param name="Columns">Which columns.</param>
/// <param name="Flip">Whether the piece is mirrored left to right.</param>
/// <param name="Padding">What lies beside the picture.</param>
internal readonly record struct Geometry(Axis Rows, Axis Columns, bool Flip, Padding Padding)
{
    /// <summary>Whether pixels keep their size.</summary>
    public bool IsCopy => Rows.IsCopy && Columns.IsCopy;
}

namespace Px.Pruning.Models.Data;

/// <summary>Which part of a published data set to read.</summary>
public enum DatasetSplit
{
    /// <summary>The images to train on.</summary>
    Train,

    /// <summary>The images to report accuracy on.</summary>
    Test,
}

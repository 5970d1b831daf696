namespace Px.Pruning.Models.Data;

/// <summary>Which of the published lists of Pascal VOC's segmentation images to read.</summary>
public enum PascalVocSplit
{
    /// <summary><c>train.txt</c>, 1,464 images.</summary>
    Train,

    /// <summary><c>val.txt</c>, 1,449 images.</summary>
    Validation,

    /// <summary><c>trainval.txt</c>, both.</summary>
    TrainValidation,
}

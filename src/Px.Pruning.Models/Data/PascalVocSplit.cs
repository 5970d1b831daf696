namespace Px.Pruning.Models.Data;

/// <summary>Which list of Pascal VOC's segmentation images to read.</summary>
public enum PascalVocSplit
{
    /// <summary><c>train.txt</c>: 1,464 images.</summary>
    Train,

    /// <summary><c>val.txt</c>: 1,449 images.</summary>
    Validation,

    /// <summary><c>trainval.txt</c>: the images of both.</summary>
    TrainValidation,

    /// <summary><c>trainaug.txt</c>: the 10,582 training images of the augmented set, with masks in <c>SegmentationClassAug</c>.</summary>
    AugmentedTrain,
}

namespace Px.Runner.Training;

/// <summary>The recipes of the PX paper, a data set each: SGD with momentum 0.9 and a rate that falls to a tenth at milestones.</summary>
/// <remarks>
/// Source: Iurada, Ciccone, Tommasi, CVPR 2024, <see href="https://arxiv.org/abs/2406.01820"/>, and its authors' code. The paper trains
/// nothing by Adam; <see cref="WithAdam"/> is ours.
/// </remarks>
public static class PaperRecipes
{
    /// <summary>ResNet-20 on CIFAR-10, from scratch.</summary>
    public static Recipe Cifar10 { get; } = new() { LearningRate = 0.1, Schedule = MultiStepSchedule.AtEpochs(160, 80, 120), Epochs = 160, BatchSize = 128 };

    /// <summary>VGG-16 with batch norm on CIFAR-100, from scratch.</summary>
    public static Recipe Cifar100 { get; } = new()
    {
        LearningRate = 0.1, Schedule = MultiStepSchedule.AtEpochs(160, 60, 120), Epochs = 160, BatchSize = 128, WeightDecay = 5e-4, Nesterov = true,
    };

    /// <summary>ResNet-18 with a 3×3 stem on Tiny-ImageNet, from scratch.</summary>
    public static Recipe TinyImageNet { get; } = new() { LearningRate = 0.2, Schedule = MultiStepSchedule.AtEpochs(200, 100, 150), Epochs = 200, BatchSize = 256 };

    /// <summary>ResNet-50 on ImageNet, from scratch.</summary>
    public static Recipe ImageNet { get; } = new() { LearningRate = 0.1, Schedule = MultiStepSchedule.AtEpochs(90, 30, 60, 80), Epochs = 90, BatchSize = 448 };

    /// <summary>A pretrained ResNet-50 on CIFAR-10, CIFAR-100 or Tiny-ImageNet.</summary>
    public static Recipe Transfer { get; } = new() { LearningRate = 0.1, Schedule = MultiStepSchedule.AtEpochs(182, 91, 136), Epochs = 182, BatchSize = 256 };

    /// <summary>DeepLabV3+ with a pretrained backbone on Pascal VOC 2012: the backbone at a tenth of the head's rate.</summary>
    public static Recipe Voc2012 { get; } = new()
    {
        LearningRate = 1e-2, Prefix = "backbone.", Schedule = MultiStepSchedule.AtEpochs(80, 50, 60), Epochs = 80, BatchSize = 4,
    };

    /// <summary>
    /// The poly schedule that segmentation is otherwise trained with; the rest stays. Source: the protocol of Chen et al., CVPR 2021 ("The lottery tickets hypothesis for
    /// supervised and self-supervised pre-training"), which the paper's pretrained runs follow.
    /// </summary>
    public static Recipe WithPoly(this Recipe recipe) => recipe with { Schedule = new PolynomialSchedule() };

    /// <summary>Adam at 1e-3 without weight decay; epochs, batches and schedule stay.</summary>
    public static Recipe WithAdam(this Recipe recipe) => recipe with { Optimizer = OptimizerKind.Adam, LearningRate = 1e-3, WeightDecay = 0 };
}

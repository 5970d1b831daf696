using Px.Pruning.Models;
using Px.Pruning.Models.Data;
using Px.Pruning.Models.StateDicts;
using Px.Pruning.Models.Tests.Support;
using Px.Pruning.Tests.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Methods;

/// <summary>The pretrained ResNet-20 of the shared folder: published accuracy 91.64 % on its 1,017 test images, which is 932 of them.</summary>
public class PretrainedModelTests
{
    [SharedDataFact]
    public void Prune_PxAtSparsityZeroThenRemoved_KeepsThePublishedAccuracyAndEveryBit()
    {
        using var model = Pretrained();
        using var train = Cifar10.Load(SharedData.Path("cifar10-subset"), DatasetSplit.Train, ImageNormalization.ImageNet);
        var before = ModelState.Of(model);

        using (var result = new PathExclusionPruner().Prune(model, train.Batches(new ImageBatchOptions()), 0, new PruningOptions { Rounds = 1 }))
        {
            result.Mask.Density.Should().Be(1);
            result.Binding.Dispose();
        }

        ModelState.Of(model).ShouldEqual(before);
        // PretrainedResNet20Tests shows that no image is so near to two classes that rounding decides.
        RightImages(model).Should().Be(932);
    }

    [SharedDataFact]
    public void Score_PxAutoOnPretrainedWeights_TakesTheRunningStatistics()
    {
        using var model = Pretrained();
        using var train = Cifar10.Load(SharedData.Path("cifar10-subset"), DatasetSplit.Train, ImageNormalization.ImageNet);
        var data = PruningData.From(train.Batches(new ImageBatchOptions()));
        var options = new PruningOptions { Data = DataBudget.PerClass(1) };

        using var auto = new PathExclusionPruner().Score(model, data, options: options);
        using var running = new PathExclusionPruner { NormStatistics = NormStatistics.Running }.Score(model, data, options: options);
        using var batch = new PathExclusionPruner { NormStatistics = NormStatistics.PruningBatch }.Score(model, data, options: options);

        auto["conv1.weight"].allclose(running["conv1.weight"], 1e-12, 0).Should().BeTrue();
        auto["conv1.weight"].allclose(batch["conv1.weight"], 1e-2, 0).Should().BeFalse();
    }

    private static CifarResNet Pretrained()
    {
        var model = CifarResNet.Create(new CifarResNetOptions { Shortcut = CifarShortcut.ZeroPadding });
        model.LoadSafetensors(SharedData.Path("resnet20-cifar10/resnet20.safetensors"));
        return model;
    }

    private static long RightImages(CifarResNet model)
    {
        using var test = Cifar10.Load(SharedData.Path("cifar10-subset"), DatasetSplit.Test, ImageNormalization.ImageNet);
        using var noGrad = no_grad();
        model.eval();
        long right = 0;
        foreach (var (images, labels) in test.Batches(new ImageBatchOptions { BatchSize = 256 }))
        {
            using var temporaries = NewDisposeScope();
            right += model.call(images).argmax(1).eq(labels).sum().ToInt64();
        }

        return right;
    }
}

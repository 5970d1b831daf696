using System.Text.Json;
using Px.Pruning.Models.Data;
using Px.Pruning.Models.StateDicts;
using Px.Pruning.Models.Tests.Support;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Models.Tests;

/// <summary>The published ResNet-20 through our loaders and network, against <c>Reference/resnet20_cifar10.py</c>.</summary>
public sealed class PretrainedResNet20Tests
{
    private static readonly JsonElement Reference = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Reference", "resnet20_cifar10.json"))).RootElement;

    [SharedDataFact]
    public void Call_OnTestImages_GivesTheReferenceLogits()
    {
        using var model = Load().to(ScalarType.Float64);
        var images = TestImages();
        using var untracked = no_grad();
        foreach (var (data, label) in images.Batches(new ImageBatchOptions { BatchSize = 8 }))
        {
            label.Longs().Should().Equal(Reference.GetProperty("labels").EnumerateArray().Select(value => value.GetInt64()));
            using var corner = data.narrow(0, 0, 1).narrow(2, 0, 1).narrow(3, 0, 4);
            corner.Floats().Should().Equal(Reference.GetProperty("input").EnumerateArray().Select(value => (float)value.GetDouble()), "inputs are exact");

            using var exact = data.to(ScalarType.Float64);
            using var logits = model.call(exact);
            using var rounded = model.to(ScalarType.Float32).call(data);
            var expected = Reference.GetProperty("logits").EnumerateArray().SelectMany(row => row.EnumerateArray()).Select(value => value.GetDouble()).ToArray();
            logits.data<double>().ToArray().Zip(expected, (a, b) => Math.Abs(a - b)).Should().HaveCount(expected.Length).And.OnlyContain(error => error < 1e-9);
            rounded.Floats().Zip(expected, (a, b) => Math.Abs(a - b)).Max().Should().BeLessThan(1e-3, "logits of up to 40 after 20 layers");
            break;
        }
    }

    [SharedDataFact]
    public void Call_OnAllTestImages_ReachesThePublishedAccuracy()
    {
        using var model = Load();
        var images = TestImages();
        images.Count.Should().Be(1017);
        long right = 0;
        var nearest = double.PositiveInfinity;
        using (no_grad())
        {
            foreach (var (data, label) in images.Batches())
            {
                using var batch = NewDisposeScope();
                var (logits, classes) = model.call(data).topk(2, 1);
                right += classes.select(1, 0).eq(label).sum().ToInt64();
                nearest = Math.Min(nearest, (logits.select(1, 0) - logits.select(1, 1)).min().ToDouble());
            }
        }

        // 91.64 % of 1,017, told by float64. No image has two classes so near to each other that float32, which errs by some 1e-5, decides.
        nearest.Should().BeGreaterThan(1e-3);
        right.Should().Be(Reference.GetProperty("right").GetInt64());
    }

    private static CifarResNet Load()
    {
        var model = CifarResNet.Create(new CifarResNetOptions { Shortcut = CifarShortcut.ZeroPadding });
        model.LoadSafetensors(SharedData.Path("resnet20-cifar10/resnet20.safetensors")).IsEmpty.Should().BeTrue();
        model.eval();
        return model;
    }

    private static ImageDataset TestImages() => Cifar10.Load(SharedData.Path("cifar10-subset"), DatasetSplit.Test, ImageNormalization.ImageNet);
}

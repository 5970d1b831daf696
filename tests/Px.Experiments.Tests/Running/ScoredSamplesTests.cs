using System.Security.Cryptography;
using Px.Experiments.Running;
using Px.Experiments.Tests.Support;
using Px.Pruning;
using Px.Pruning.Models.Data;
using Px.Runner.Images;
using Px.Runner.Tests.Support;

namespace Px.Experiments.Tests.Running;

public sealed class ScoredSamplesTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly ImageTask task;

    public ScoredSamplesTests()
    {
        TinyImages.Write(folder.Path, train: 160, test: 40);
        var images = KnownImages.Load(KnownImages.FashionMnist, folder.Path, imageNet: false, null, null, Terminals.Silent, CancellationToken.None);
        task = new ImageTask(images, _ => throw new InvalidOperationException("no network is needed"), new PaddedCrop());
    }

    [Fact]
    public void Of_Noise_KeepsShapesAndLabelsAndIsStandardNormal()
    {
        var (own, noise) = (Read(ScoredSamples.Own), Read(ScoredSamples.Noise));

        noise.Labels.Should().Equal(own.Labels);
        noise.Pixels.Should().HaveCount(own.Pixels.Length).And.NotEqual(own.Pixels);
        // 10,240 numbers: standard errors of 0.01 and 0.007.
        ((double)noise.Pixels.Average()).Should().BeApproximately(0, 0.05);
        Math.Sqrt(noise.Pixels.Average(value => value * value)).Should().BeApproximately(1, 0.05);
        Read(ScoredSamples.Noise).Pixels.Should().Equal(noise.Pixels, "a seed has one noise");
    }

    [Fact]
    public void Of_Others_AreTheSameSamplesInAnotherOrder()
    {
        var (own, others) = (Read(ScoredSamples.Own), Read(ScoredSamples.Others));

        others.Pixels.Should().NotEqual(own.Pixels);
        others.Pixels.Order().Should().Equal(own.Pixels.Order());
    }

    [Fact]
    public void Run_ScoredOn_ChangesTheMaskOfPxButNotThatOfMagnitude()
    {
        using var tiny = new TinySweep();
        foreach (var name in ScoredSamples.Names)
            tiny.Run("sweep", "--methods", "px,magnitude", "--sparsity", "0.8", "--rounds", "2", "--epochs", "0", "--scored-on", name).ExitCode.Should().Be(0, name);

        var masks = tiny.Results().Values.ToLookup(result => result.Cell.Method, result => Kept(tiny, result.Pruning!.MaskFile));
        masks["px"].Should().HaveCount(3).And.OnlyHaveUniqueItems();
        masks["magnitude"].Should().HaveCount(3);
        masks["magnitude"].Distinct().Should().ContainSingle();
    }

    public void Dispose() => folder.Dispose();

    private static string Kept(TinySweep tiny, string file)
    {
        using var mask = PruningMask.Load(tiny.Output.In(file));
        return Convert.ToHexStringLower(SHA256.HashData([.. mask.Names.SelectMany(name => mask[name].bytes.ToArray())]));
    }

    private (float[] Pixels, long[] Labels) Read(string name)
    {
        var (pixels, labels) = (new List<float>(), new List<long>());
        foreach (var (input, target) in ScoredSamples.Of(name, task, seed: 5))
        {
            pixels.AddRange(input.data<float>().ToArray());
            labels.AddRange(target.data<long>().ToArray());
        }

        return ([.. pixels], [.. labels]);
    }
}
